import { createHash } from 'node:crypto';
import { z } from 'zod';
import { GatewayError } from '../../../core/gateway-error.ts';

/** What AWS takes as one value, wrapping counted. https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html */
const STORED_BYTES_MAX = 65_536;

const at = { name: z.string(), version: z.int().positive() };

const StoredVersionSchema = z.union([
  z.strictObject({
    ...at,
    value: z.string(),
    /** Made anew for each put: two writers of one version never store the same text. */
    writer: z.uuid(),
  }),
  z.strictObject({ ...at, isDestroyed: z.literal(true) }),
]);

/** What one version in AWS holds: a value of ours, or the mark that a version is destroyed. */
export type StoredVersion = Readonly<z.infer<typeof StoredVersionSchema>>;

/**
 * The id that AWS knows version `version` of `name` by. It is derived and not drawn, so that of all who
 * write this version AWS lets one win, and whoever reads it needs no index.
 */
export const versionIdOf = (name: string, version: number): string =>
  uuidFrom(`sallyport secret\n${name}\n${version}`);

/** The id of the mark that says this version is destroyed. */
export const tombstoneIdOf = (name: string, version: number): string =>
  uuidFrom(`sallyport destroyed\n${name}\n${version}`);

/** The first 122 bits of SHA-256 that a UUID of version 8 has room for (RFC 9562, 5.8). */
function uuidFrom(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return `${parts.join('-')}-${hex.slice(20)}`;
}

/** Throws `config.invalid` where AWS would not take it. */
export function serializeVersion(stored: StoredVersion): string {
  const text = JSON.stringify(stored);
  if (Buffer.byteLength(text) <= STORED_BYTES_MAX) return text;
  const detail = `the value of ${stored.name} is too long for AWS, which takes ${STORED_BYTES_MAX} bytes of JSON`;
  throw new GatewayError('config.invalid', { detail });
}

/**
 * What stands under `versionId` of `name`; `undefined` when it is nothing of ours, or what belongs under
 * another id. The reason is withheld on purpose: messages of JSON.parse quote the text.
 */
export function parseVersion(
  text: string,
  name: string,
  versionId: string,
): StoredVersion | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { data } = StoredVersionSchema.safeParse(json);
  if (data?.name !== name) return undefined;
  const idOf = 'value' in data ? versionIdOf : tombstoneIdOf;
  return idOf(name, data.version) === versionId ? data : undefined;
}
