/** What people were asked about, found behind however many reads came since. */
export const writesByTime = `
create index requests_of_writes on requests (created_at, id) where risk <> 'read';
`;
