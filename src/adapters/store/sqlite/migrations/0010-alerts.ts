/** Few among very many: found without reading the rest. An entry of any other kind costs nothing more. */
export const alerts = `
create index log_entries_alerts on log_entries (idx) where event = 'alert.raised';
create index log_entries_marks on log_entries (idx) where event = 'detection.marked';
`;
