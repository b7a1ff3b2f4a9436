/** One row an incident; at most one of them is open on a connection. */
export const incidents = `
create table incidents (
  id text primary key,
  connection text not null,
  stage text not null,
  opened_at integer not null,
  updated_at integer not null,
  body blob not null
) strict, without rowid;
create unique index incidents_open on incidents (connection) where stage <> 'closed';
`;
