import { fingerprintOf } from './credentials.ts';
import type { SecretStore } from '../ports/secret-store.ts';

/** Kept beside the token, so that it is known again whatever HubSpot the folder is used with later. */
export const DEMO_FINGERPRINT = 'demo/hubspot-fingerprint';

/** Whether this is the token of the demo: its simulator alone may be told it. */
export async function isDemoToken(secrets: SecretStore, token: string): Promise<boolean> {
  return (await secrets.get(DEMO_FINGERPRINT))?.value === fingerprintOf(token);
}
