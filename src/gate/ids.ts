import { createHash, randomBytes } from 'node:crypto';

/** Crockford base 32: no i, l, o, u, so that ids survive being read aloud. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const REQUEST_ID_CHARS = 26;
const RANDOM_ID_CHARS = 16;

function base32(bytes: Uint8Array, chars: number): string {
  let bits = 0n;
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte);
  let text = '';
  for (let i = 0; i < chars; i += 1) {
    text = (ALPHABET[Number(bits & 31n)] ?? '0') + text;
    bits >>= 5n;
  }
  return text;
}

/**
 * The request's id from agent and Idempotency-Key, so that a retry finds its request and two
 * concurrent posts of one key start one workflow. `attempt` counts repeats of a read that failed for
 * a passing reason: the same key may then try again.
 */
export function requestIdFor(agentId: string, idempotencyKey: string, attempt = 0): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(['sallyport/request', agentId, idempotencyKey, attempt]))
    .digest();
  return `act_${base32(hash, REQUEST_ID_CHARS)}`;
}

/** The id of the request that takes the place of a changed one: no key that an agent can choose has the same. */
export function successorIdFor(originalId: string, change: string, attempt: number): string {
  const hash = createHash('sha256')
    .update(JSON.stringify(['sallyport/successor', originalId, change, attempt]))
    .digest();
  return `act_${base32(hash, REQUEST_ID_CHARS)}`;
}

export function newId(
  prefix:
    | 'agt'
    | 'per'
    | 'frz'
    | 'req'
    | 'psk'
    | 'ses'
    | 'inv'
    | 'ntc'
    | 'whk'
    | 'inc'
    | 'gra'
    | 'abs'
    | 'grp',
): string {
  return `${prefix}_${base32(randomBytes(10), RANDOM_ID_CHARS)}`;
}
