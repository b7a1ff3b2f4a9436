import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';

export const LIMITS = {
  /** An entry bundle gives each entry a 16-bit length (C2SP tlog-tiles, "Log entries"). */
  leafMaxBytes: 65_535,
  /** Nesting beyond this is refused, so that no reader's stack depends on what was logged. */
  leafDepthMax: 64,
  /** Length of the salt of a commitment. */
  saltBytes: 32,
} as const;

/** Sets commitments apart from every other SHA-256 in the system, so that none can pass for another. */
const COMMITMENT_TAG = Buffer.from('sallyport/audit/commitment/v1\0', 'utf8');

/**
 * The one byte form of a JSON value: RFC 8785 (JCS) in UTF-8.
 *
 * Throws TypeError for what JSON cannot carry exactly: undefined, NaN, infinities, bigint, functions,
 * symbols, lone surrogates, cycles, and objects that are not plain (a Date or a Map would silently
 * become something else, and two values would share one digest). The message names the place.
 */
export function canonicalBytes(value: unknown): Uint8Array {
  assertJson(value, '$', 0);
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('not JSON at $');
  return Buffer.from(text, 'utf8');
}

/**
 * The leaf of a log entry: its canonical bytes. Throws RangeError above `LIMITS.leafMaxBytes`; this
 * has to be found before an entry is sequenced, since a leaf that no bundle can hold stops the log.
 */
export function leafBytes(entry: unknown): Uint8Array {
  const bytes = canonicalBytes(entry);
  if (bytes.length > LIMITS.leafMaxBytes) {
    throw new RangeError(`a log entry has ${bytes.length} bytes, ${LIMITS.leafMaxBytes} at most`);
  }
  return bytes;
}

/** Whether these bytes are JSON exactly as RFC 8785 writes it; anything else has a second reading. */
export function isCanonical(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return canonicalize(JSON.parse(text)) === text;
  } catch {
    return false;
  }
}

/**
 * Binds the log to a personal value without holding it: `sha256:` and the hex of
 * SHA-256(tag || salt || JCS(value)). Value and salt are kept outside the log; when both are erased,
 * the entry and every proof still verify and nobody can guess the value from them.
 *
 * `salt` is `LIMITS.saltBytes` random bytes, fresh for every commitment: a shared salt would show
 * which entries speak of the same value.
 */
export function commit(salt: Uint8Array, value: unknown): string {
  if (salt.length !== LIMITS.saltBytes) {
    throw new RangeError(`a commitment's salt has ${LIMITS.saltBytes} bytes, not ${salt.length}`);
  }
  const bytes = Buffer.concat([COMMITMENT_TAG, salt, canonicalBytes(value)]);
  return `sha256:${hash('sha256', bytes, 'hex')}`;
}

/** Whether `commitment` was made from this salt and value. False for anything malformed. */
export function opens(commitment: string, salt: Uint8Array, value: unknown): boolean {
  try {
    return commit(salt, value) === commitment;
  } catch {
    return false;
  }
}

function assertJson(value: unknown, place: string, depth: number): void {
  if (depth > LIMITS.leafDepthMax) throw new TypeError(`nested too deeply at ${place}`);
  if (isJsonScalar(value)) return;
  if (Array.isArray(value)) {
    // By index, so that a hole counts as the undefined it reads as.
    for (let i = 0; i < value.length; i++) assertJson(value[i], `${place}[${i}]`, depth + 1);
    return;
  }
  if (!isPlainObject(value)) throw new TypeError(`not JSON at ${place}`);
  for (const [key, member] of Object.entries(value)) {
    if (!key.isWellFormed()) throw new TypeError(`a key is not Unicode at ${place}`);
    assertJson(member, `${place}.${key}`, depth + 1);
  }
}

function isJsonScalar(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  return value === null || typeof value === 'boolean' || Number.isFinite(value);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === Object.prototype || prototype === null;
  return isPlain && Object.getOwnPropertySymbols(value).length === 0 && !('toJSON' in value);
}
