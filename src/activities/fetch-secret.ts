import { GatewayError } from '../core/gateway-error.ts';
import { assertChecked } from '../gate/callable.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** Which credential a request executes on: never the value, which stays in the process that calls. */
export interface CredentialLease {
  readonly connection: string;
  readonly version: number;
  /** First 12 hex digits of SHA-256 of the token. */
  readonly fingerprint: string;
}

/**
 * Step 2: the active credential of a connection, and proof that the secret store can hand it out now.
 * What this returns enters the workflow's history, so it holds a reference, not the secret.
 * Errors: `credential.missing`, `credential.unchecked`, `secret.unavailable`, `store.unavailable`.
 */
export function createFetchSecret(deps: ActivityDependencies) {
  return async function fetchSecret(connection: string): Promise<CredentialLease> {
    const active = await deps.store.credentials.active(connection);
    if (active === undefined) throw new GatewayError('credential.missing');
    await assertChecked(deps.store, { connection, version: active.version });
    const secret = await deps.secrets.get(`hubspot/${connection}`, active.version);
    if (secret === undefined) throw new GatewayError('credential.missing');
    return { connection, version: active.version, fingerprint: active.fingerprint };
  };
}
