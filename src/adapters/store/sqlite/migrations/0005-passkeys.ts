/** Passkeys, and what signing in and enrolling take; `../../sql/schema.ts` explains each column. */
export const passkeys = `
create table passkeys (
  id text primary key,
  credential_id text not null unique,
  person_id text not null,
  created_at integer not null,
  last_used_at integer,
  revoked_at integer,
  content blob not null
) strict;
create index passkeys_by_person on passkeys (person_id, created_at, id);

create table sessions (
  id text primary key,
  person_id text not null,
  token_hash text not null unique,
  proof text not null,
  passkey_id text not null,
  created_at integer not null,
  last_seen_at integer not null,
  expires_at integer not null,
  ended_at integer,
  voucher blob not null
) strict;

create table invitations (
  id text primary key,
  person_id text not null,
  token_hash text not null unique,
  created_at integer not null,
  expires_at integer not null,
  used_at integer,
  voucher blob not null
) strict;

create table challenges (
  value text primary key,
  purpose text not null,
  person_id text,
  expires_at integer not null,
  used_at integer,
  voucher blob not null
) strict;
create index challenges_by_expiry on challenges (expires_at);
`;
