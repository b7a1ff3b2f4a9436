import type { z } from 'zod';
import type { PersonViewSchema } from '../contracts/passkey.ts';
import type { PersonRecord } from '../core/records.ts';

/** What others may know of a person: no hash, no secret. */
export const personView = ({
  id,
  name,
  email,
  roles,
}: PersonRecord): z.infer<typeof PersonViewSchema> => ({ id, name, email, roles: [...roles] });
