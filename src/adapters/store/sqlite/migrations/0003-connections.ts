/** What `sallyport connect` found of each connection. */
export const connections = `
create table connections (
  name text primary key,
  portal_id integer not null,
  account_type text,
  time_zone text,
  checked_at integer not null,
  unique_properties blob not null
) strict, without rowid;
`;
