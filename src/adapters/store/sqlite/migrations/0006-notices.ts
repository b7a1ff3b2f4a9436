/** What people are told and how far that got; who is who in Slack; what was heard once and counts no more. */
export const notices = `
create table notices (
  seq integer primary key autoincrement,
  id text not null unique,
  request_id text not null references requests (id),
  channel text not null,
  recipient text not null,
  kind text not null,
  occasion text not null,
  created_at integer not null,
  since_at integer not null,
  due_at integer not null,
  attempts integer not null,
  state text not null,
  outcome blob not null,
  unique (request_id, channel, recipient, kind, occasion)
) strict;
create index notices_due on notices (due_at, seq) where state = 'due';
create index notices_dead on notices (seq) where state = 'dead';

create table slack_users (
  slack_user text primary key,
  person_id text not null references people (id),
  linked_at integer not null,
  voucher blob not null
) strict, without rowid;

create table heard_once (
  door text not null,
  name text not null,
  until integer not null,
  primary key (door, name)
) strict, without rowid;
create index heard_once_until on heard_once (until);
`;
