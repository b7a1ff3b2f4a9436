/** Which credential version was seen to open the connection's account, and since when it is that account. */
export const checkedCredential = `
alter table connections add column credential_version integer;
alter table connections add column account_since integer;
`;
