/** When HubSpot may be asked again: what `Retry-After` is made from. Sealed. */
export const retryAt = `
alter table requests add column retry_at blob;
`;
