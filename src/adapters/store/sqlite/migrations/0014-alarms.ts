/** People are told of alerts and incidents too: a notice has a subject, which is not always a request. */
export const alarms = `
create table notices_of_any (
  seq integer primary key autoincrement,
  id text not null unique,
  subject text not null,
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
  unique (subject, channel, recipient, kind, occasion)
) strict;
insert into notices_of_any
  select seq, id, request_id, channel, recipient, kind, occasion,
    created_at, since_at, due_at, attempts, state, outcome
  from notices;
drop table notices;
alter table notices_of_any rename to notices;
create index notices_due on notices (due_at, seq) where state = 'due';
create index notices_dead on notices (seq) where state = 'dead';
create index notices_by_place on notices (channel, recipient, due_at) where kind in ('asked', 'reminded');
create index log_entries_alarms_sent on log_entries (idx)
  where event = 'notice.sent' and request_id is null;
create index log_entries_alarms_dead on log_entries (idx)
  where event = 'notice.dead' and request_id is null;
create index log_entries_alarms_resent on log_entries (idx)
  where event = 'notice.resent' and request_id is null;
`;
