import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { GatewayError } from '../../core/gateway-error.ts';
import type { Secret, SecretStore } from '../../ports/secret-store.ts';

export const PAYLOAD_KEY_SECRET = 'temporal/payload-key';
export const PAYLOAD_KEY_BYTES = 32;

/** The AES-256 keys of what Temporal stores, by key id; `k3` is version 3 of the secret. */
export interface PayloadKeys {
  /** Encrypts; the others only decrypt what was encrypted before. */
  readonly currentKeyId: string;
  readonly keys: ReadonlyMap<string, KeyObject>;
}

/**
 * Reads every payload key that still has its value, and makes the first one when there is none.
 * Safe to run in several processes at once: of two first keys one wins and both use it.
 * To rotate, put a new version; to make old histories unreadable for good, destroy theirs.
 * Throws `secret.unavailable` when the newest key was destroyed or a key is damaged.
 */
export async function loadPayloadKeys(secretStore: SecretStore): Promise<PayloadKeys> {
  const newest = (await secretStore.get(PAYLOAD_KEY_SECRET)) ?? (await makeFirstKey(secretStore));
  const olderVersions = Array.from({ length: newest.version - 1 }, (_, index) => index + 1);
  const older = await Promise.all(
    olderVersions.map((version) => secretStore.get(PAYLOAD_KEY_SECRET, version)),
  );
  const present = [...older, newest].filter((secret) => secret !== undefined);
  return {
    currentKeyId: keyIdOf(newest),
    keys: new Map(present.map((secret) => [keyIdOf(secret), keyOf(secret)])),
  };
}

function keyIdOf({ version }: Secret): string {
  return `k${version}`;
}

function keyOf({ version, value }: Secret): KeyObject {
  const key = Buffer.from(value, 'base64url');
  if (key.byteLength === PAYLOAD_KEY_BYTES) return createSecretKey(key);
  throw new GatewayError('secret.unavailable', {
    detail: `version ${version} of ${PAYLOAD_KEY_SECRET} is not ${PAYLOAD_KEY_BYTES} bytes in base64url`,
  });
}

async function makeFirstKey(secretStore: SecretStore): Promise<Secret> {
  try {
    const value = randomBytes(PAYLOAD_KEY_BYTES).toString('base64url');
    await secretStore.put(PAYLOAD_KEY_SECRET, value, 0);
  } catch (error) {
    // Another process was first: its key is the key.
    if (!(error instanceof GatewayError && error.code === 'secret.conflict')) throw error;
  }
  const stored = await secretStore.get(PAYLOAD_KEY_SECRET);
  if (stored !== undefined) return stored;
  throw new GatewayError('secret.unavailable', {
    detail: `the newest version of ${PAYLOAD_KEY_SECRET} was destroyed; put a new one`,
  });
}
