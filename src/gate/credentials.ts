import { createHash } from 'node:crypto';
import type { StoreTransaction } from '../ports/store.ts';

/** First 12 hex digits of SHA-256: tells tokens apart, reveals nothing. */
export const fingerprintOf = (token: string): string =>
  createHash('sha256').update(token).digest('hex').slice(0, 12);

/**
 * Makes a credential version, whose value is in the secret store already, the one in use. What is in
 * flight on the version before is not begun any more; the next attempt takes this one.
 */
export async function activateCredential(
  tx: StoreTransaction,
  of: {
    readonly connection: string;
    readonly version: number;
    /** Of `fingerprintOf`. */
    readonly fingerprint: string;
    readonly by: string;
  },
): Promise<void> {
  const { connection, version, fingerprint, by } = of;
  await tx.credentials.activate({ connection, version, fingerprint });
  await tx.log.append({
    event: 'credential.activated',
    actor: by,
    facts: { connection, version, fingerprint },
  });
}
