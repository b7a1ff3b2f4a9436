/** The tables of `../../sql/schema.ts`, where each column is explained. */
export const initial = `
create table meta (
  key text primary key,
  value blob not null
) strict, without rowid;

create table requests (
  id text primary key,
  agent_id text not null,
  connection text not null,
  body_hash text not null,
  action text not null,
  risk text not null,
  status text not null,
  digest text,
  credential_version integer,
  code text,
  created_at integer not null,
  updated_at integer not null,
  expires_at integer,
  wake_at integer,
  revision integer not null,
  voucher blob not null,
  submission blob not null,
  plan blob,
  card blob,
  requirement blob,
  seen blob,
  result blob,
  detail blob
) strict;
create index requests_by_time on requests (created_at, id);
create index requests_by_agent on requests (agent_id, created_at, id);
create index requests_by_status on requests (status, created_at, id);
create index requests_to_wake on requests (wake_at, id) where wake_at is not null;

create table approval_uses (
  request_id text primary key references requests (id),
  digest text not null,
  at integer not null
) strict, without rowid;

create table decisions (
  seq integer primary key autoincrement,
  request_id text not null references requests (id),
  person_id text not null,
  decision text not null,
  digest text not null,
  proof text not null,
  decided_at integer not null,
  valid_until integer not null,
  reason blob not null,
  unique (request_id, person_id)
) strict;

create table agents (
  id text primary key,
  name text not null,
  "groups" text not null,
  key_hash text not null unique,
  created_at integer not null,
  revoked_at integer,
  voucher blob not null
) strict;

create table people (
  id text primary key,
  name text not null,
  email text not null,
  roles text not null,
  key_hash text not null unique,
  totp_secret blob not null,
  totp_last_step integer not null,
  created_at integer not null,
  revoked_at integer
) strict;
-- Two standing people with one e-mail could approve each other's writes as one person.
create unique index people_by_email on people (email) where revoked_at is null;

create table freezes (
  id text primary key,
  target_kind text not null,
  target_id text not null,
  reason text not null,
  placed_by text not null,
  placed_at integer not null,
  lifted_at integer
) strict;
create index freezes_standing on freezes (target_kind, target_id) where lifted_at is null;

create table credentials (
  connection text not null,
  version integer not null,
  state text not null,
  fingerprint text not null,
  created_at integer not null,
  primary key (connection, version)
) strict, without rowid;
create unique index credentials_active on credentials (connection) where state = 'active';

create table ledger (
  request_id text not null references requests (id),
  position integer not null,
  object_type text not null,
  object_id text not null,
  executed_at integer not null,
  "before" blob not null,
  "after" blob not null,
  primary key (request_id, position)
) strict;

create table log_entries (
  idx integer primary key check (idx >= 0),
  event text not null,
  request_id text,
  at integer not null,
  leaf blob not null,
  voucher blob not null,
  personal blob
) strict;
-- Narrow: begin counts the entries since the request's first one, and the rows hold whole leaves.
create index log_entries_idx on log_entries (idx);
create index log_entries_by_request on log_entries (request_id, idx) where request_id is not null;
`;
