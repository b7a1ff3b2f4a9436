/** What people were asked about, found behind however many others came since. */
export const askedByTime = `
create index requests_asked on requests (created_at, id) where risk <> 'read' and card is not null;
`;
