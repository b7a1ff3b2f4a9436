/** Which app HubSpot takes a connection's token for; what the ledger has of a time; how far the radar has looked. */
export const radar = `
alter table connections add column app_id integer;

create index ledger_by_time on ledger (executed_at, request_id, position);

create table radar_sweeps (
  connection text primary key,
  swept_to integer not null,
  found blob not null
) strict, without rowid;
`;
