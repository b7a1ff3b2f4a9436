import { z } from 'zod';
import { GatewayError } from '../../../core/gateway-error.ts';
import { isSecretName, requireStorable } from '../storable.ts';

export const SECRET_LIMITS = {
  versionsMax: 10_000,
  /** Of the encrypted file; every read decrypts it whole. */
  fileBytesMax: 16 * 1024 * 1024,
} as const;

const VersionSchema = z.strictObject({
  version: z.int().positive(),
  /** `null` once destroyed. */
  value: z.string().nullable(),
  createdAt: z.iso.datetime(),
});

const HistorySchema = z
  .array(VersionSchema)
  .min(1)
  .max(SECRET_LIMITS.versionsMax)
  .refine((history) => history.every(({ version }, index) => version === index + 1));

const SecretFileSchema = z.strictObject({
  version: z.literal(1),
  secrets: z.record(z.string().refine(isSecretName), HistorySchema),
});

export type SecretVersion = Readonly<z.infer<typeof VersionSchema>>;

/**
 * What the age file holds: for each name its versions, version n at index n - 1. A Map, so that a
 * secret named `constructor` is only a name. Never changed in place: readers share it.
 */
export type SecretFile = ReadonlyMap<string, readonly SecretVersion[]>;

export const EMPTY_SECRET_FILE: SecretFile = new Map();

/** The versions of `name`, oldest first; empty when there are none. */
export function versionsOf(file: SecretFile, name: string): readonly SecretVersion[] {
  return file.get(name) ?? [];
}

/**
 * The file with version `expectedVersion + 1` of `name` appended.
 * Throws `secret.conflict` when another version is the newest, `config.invalid` for a name or a value
 * the store does not take.
 */
export function withNewVersion(
  file: SecretFile,
  name: string,
  value: string,
  expectedVersion: number,
  createdAt: Date,
): SecretFile {
  requireStorable(name, value);
  const history = versionsOf(file, name);
  if (history.length !== expectedVersion) {
    const detail = `${name} is at version ${history.length}, not ${expectedVersion}`;
    throw new GatewayError('secret.conflict', { detail });
  }
  if (history.length >= SECRET_LIMITS.versionsMax) {
    throw new GatewayError('config.invalid', { detail: `${name} has too many versions` });
  }
  const added = { version: history.length + 1, value, createdAt: createdAt.toISOString() };
  return new Map(file).set(name, [...history, added]);
}

/** The file with one version's value removed; the same file when there is nothing to remove. */
export function withoutValue(file: SecretFile, name: string, version: number): SecretFile {
  const history = versionsOf(file, name);
  if ((history[version - 1]?.value ?? null) === null) return file;
  return new Map(file).set(
    name,
    history.map((entry) => (entry.version === version ? { ...entry, value: null } : entry)),
  );
}

export function serializeSecretFile(file: SecretFile): string {
  return JSON.stringify({ version: 1, secrets: Object.fromEntries(file) });
}

/**
 * Parses decrypted text; `undefined` when it is not a secret file. The reason is withheld on purpose:
 * messages of JSON.parse quote the text they stumble over, which here is a secret.
 */
export function parseSecretFile(text: string): SecretFile | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = SecretFileSchema.safeParse(json);
  return parsed.success ? new Map(Object.entries(parsed.data.secrets)) : undefined;
}
