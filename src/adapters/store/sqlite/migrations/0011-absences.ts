/** Who is away, until when, and who decides in their place; and in whose place a decision was made. */
export const absences = `
create table absences (
  id text primary key,
  person_id text not null,
  delegate_id text,
  from_at integer not null,
  until_at integer not null,
  noted_at integer not null,
  ended_at integer,
  voucher blob not null
) strict;

alter table decisions add column in_place_of text;
`;
