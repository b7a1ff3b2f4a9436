import { createHash } from 'node:crypto';
import type { Policy } from './policy.ts';

/** What no text at all says: nothing is granted, and nobody spoke. It takes no Cedar to know. */
export const NO_POLICY: Policy = {
  digest: createHash('sha256').update('').digest('hex'),
  roles: [],
  mentionsPasskeys: false,
  amounts: [],
  injectionRisks: [],
  decide: () => ({ allowed: false, reasons: [] }),
};
