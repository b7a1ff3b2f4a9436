/** Alerts of rows that are of no single request: few, and looked through before there is one more. */
export const sharedDamage = `
create index log_entries_damage on log_entries (idx)
  where event = 'store.tampered' and request_id is null;
`;
