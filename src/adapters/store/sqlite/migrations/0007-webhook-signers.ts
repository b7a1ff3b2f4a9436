/** Whose decisions another system sends: its secrets lie in the secret store. */
export const webhookSigners = `
create table webhook_signers (
  id text primary key,
  person_id text not null,
  created_at integer not null,
  revoked_at integer,
  voucher blob not null
) strict;
`;
