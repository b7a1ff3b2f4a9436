import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { GatewayError } from '../../../core/gateway-error.ts';
import type { Sealed } from './schema.ts';

/** AES-256-GCM with a 96-bit random nonce (NIST SP 800-38D): good for 2^32 values under one key. */
const FORMAT = {
  version: 1,
  versionBytes: 1,
  nonceBytes: 12,
  tagBytes: 16,
  keyBytes: 32,
} as const;
const HEADER_BYTES = FORMAT.versionBytes + FORMAT.nonceBytes;

/** Where a sealed value belongs. It opens nowhere else. */
export interface Place {
  readonly table: string;
  readonly column: string;
  readonly id: string;
  /** Clear columns of the same row that this value vouches for: changed by hand, it does not open. */
  readonly bound?: readonly (string | number | null)[];
}

/**
 * Keeps personal content unreadable in the database file and ties each value to its place: someone
 * who can write the file but has no key can neither read a prompt, nor change a plan, nor move the
 * plan of one request under another. What it cannot notice is an older value of the very same place
 * put back; for plans the digest in the log does.
 */
export interface Seal {
  /** `value` must be JSON. */
  seal(place: Place, value: unknown): Sealed;
  /** Throws `plan.tampered` when it does not open; `detail` names table and id. */
  open(place: Place, sealed: Sealed): unknown;
}

/** `key` has 32 bytes; throws RangeError otherwise. */
export function createSeal(key: Uint8Array): Seal {
  if (key.length !== FORMAT.keyBytes) {
    throw new RangeError(`the store's sealing key has ${FORMAT.keyBytes} bytes, not ${key.length}`);
  }
  // Made once: from raw bytes Node makes a key object at every call, for longer than the cipher takes.
  const ownKey = createSecretKey(key);
  return {
    seal(place, value) {
      const nonce = randomBytes(FORMAT.nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', ownKey, nonce);
      cipher.setAAD(boundTo(place));
      const body = [cipher.update(JSON.stringify(value), 'utf8'), cipher.final()];
      return Buffer.concat([Uint8Array.of(FORMAT.version), nonce, ...body, cipher.getAuthTag()]);
    },
    open(place, sealed) {
      try {
        return openSealed(ownKey, place, sealed);
      } catch (cause) {
        throw tampered(place.table, place.id, cause);
      }
    },
  };
}

/** The one error for a row that is not what this gateway wrote. */
export function tampered(table: string, id: string, cause?: unknown): GatewayError {
  return new GatewayError('plan.tampered', { detail: `${table} ${id}`, cause });
}

function openSealed(key: KeyObject, place: Place, sealed: Sealed): unknown {
  if (sealed[0] !== FORMAT.version || sealed.length < HEADER_BYTES + FORMAT.tagBytes) {
    throw new Error('not a sealed value');
  }
  const tagStart = sealed.length - FORMAT.tagBytes;
  const nonce = sealed.subarray(FORMAT.versionBytes, HEADER_BYTES);
  // The tag's length is fixed, or a forger could offer one of four bytes and guess it.
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: FORMAT.tagBytes });
  decipher.setAAD(boundTo(place));
  decipher.setAuthTag(sealed.subarray(tagStart));
  const head = decipher.update(sealed.subarray(HEADER_BYTES, tagStart));
  return JSON.parse(Buffer.concat([head, decipher.final()]).toString('utf8'));
}

/** JSON puts quotes around each part, so that no two places share one text. */
function boundTo(place: Place): Uint8Array {
  return Buffer.from(
    JSON.stringify([FORMAT.version, place.table, place.column, place.id, ...(place.bound ?? [])]),
    'utf8',
  );
}
