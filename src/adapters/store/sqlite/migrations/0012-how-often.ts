/** What people have allowed ahead, of one agent and one action, for a while; what a place was asked lately. */
export const howOften = `
create table grants (
  id text primary key,
  agent_id text not null,
  action text not null,
  person_id text not null,
  created_at integer not null,
  ends_at integer not null,
  max_uses integer not null,
  uses integer not null,
  ended_at integer,
  ended_by text,
  voucher blob not null
) strict;
create index grants_by_age on grants (created_at, id);

create index notices_by_place on notices (channel, recipient, due_at) where kind in ('asked', 'reminded');
`;
