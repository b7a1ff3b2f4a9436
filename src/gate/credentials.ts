import { createHash } from 'node:crypto';
import { GatewayError } from '../core/gateway-error.ts';
import type { SecretStore } from '../ports/secret-store.ts';
import type { StoreReads, StoreTransaction } from '../ports/store.ts';
import { assertNotFrozen } from './callable.ts';

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

/** A key that is stored and not in use: it takes the other's place once it was seen to open the account. */
export interface Candidate {
  readonly version: number;
  /** Of `fingerprintOf`. */
  readonly fingerprint: string;
}

/** The newest key, where it came after the one in use. Errors: `secret.unavailable`, `store.unavailable`. */
export async function newestCandidate(
  deps: { readonly store: Pick<StoreReads, 'credentials'>; readonly secrets: SecretStore },
  connection: string,
): Promise<Candidate | undefined> {
  const newest = await deps.secrets.get(`hubspot/${connection}`);
  const active = await deps.store.credentials.active(connection);
  if (newest === undefined || newest.version <= (active?.version ?? 0)) return undefined;
  return { version: newest.version, fingerprint: fingerprintOf(newest.value) };
}

/**
 * Puts a key that was seen to open the account in the other's place. Throws `freeze.active`, since an incident
 * keeps the key of its beginning, and `secret.conflict` when a newer one came into use meanwhile: an older one
 * never comes back by it.
 */
export async function adoptCandidate(
  tx: StoreTransaction,
  of: Candidate & { readonly connection: string; readonly by: string },
): Promise<void> {
  await assertNotFrozen(tx, { connection: of.connection });
  const active = await tx.credentials.active(of.connection);
  if (active !== undefined && active.version > of.version)
    throw new GatewayError('secret.conflict', { detail: `version ${active.version} is in use` });
  await activateCredential(tx, of);
}
