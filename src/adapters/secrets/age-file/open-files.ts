import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { encryptSecretFile } from './age-content.ts';
import {
  type AgeIdentity,
  formatAgeIdentity,
  generateAgeIdentity,
  readAgeIdentity,
} from './age-identity.ts';
import {
  errnoOf,
  movePrivateFile,
  readPrivateFile,
  unavailable,
  writePrivateFile,
} from '../private-file.ts';
import { EMPTY_SECRET_FILE, SECRET_LIMITS } from './secret-file.ts';

export interface AgeFilePaths {
  /** The age-encrypted file. */
  readonly file: string;
  /** Where its `AGE-SECRET-KEY-1…` is; made at the first start when neither file exists. */
  readonly identityFile: string;
}

/**
 * Returns the identity, having made sure that the secrets file exists. The caller holds the lock.
 *
 * An empty store is made only when it is certain that there was none: neither file exists, or the
 * operator brought an identity of their own (a Docker or systemd secret) and this is its first use.
 * Starting empty after a loss would silently make a new log key and new payload keys.
 *
 * A crash at any point of the first start is survived: the identity waits under another name until
 * the secrets file is on disk.
 */
export async function openAgeFiles(paths: AgeFilePaths): Promise<AgeIdentity> {
  const { file, identityFile } = paths;
  const secretsExist = (await readPrivateFile(file, SECRET_LIMITS.fileBytesMax)) !== undefined;
  const identity =
    (await readAgeIdentity(identityFile)) ??
    (secretsExist ? await adoptPendingIdentity(paths) : undefined);
  if (identity === undefined) return makeBoth(paths);
  if (!secretsExist) await makeSecretsFile(file, identity);
  return identity;
}

/** One level each: Node's own `recursive` turns for ever in places like /proc. */
export async function makeFolders({ file, identityFile }: AgeFilePaths): Promise<void> {
  for (const folder of [dirname(file), dirname(identityFile)]) {
    try {
      await mkdir(folder, { mode: 0o700 });
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') continue;
      throw unavailable(
        `The folder ${folder} cannot be made (${errnoOf(error)}). Make it, for this user alone, or set SALLYPORT_IDENTITY_FILE to another place.`,
      );
    }
  }
}

const pendingName = (identityFile: string): string => `${identityFile}.pending`;

async function makeBoth({ file, identityFile }: AgeFilePaths): Promise<AgeIdentity> {
  const identity = await generateAgeIdentity();
  const pending = pendingName(identityFile);
  await writePrivateFile(pending, formatAgeIdentity(identity));
  await writePrivateFile(file, await encryptSecretFile(EMPTY_SECRET_FILE, identity));
  await movePrivateFile(pending, identityFile);
  return identity;
}

async function adoptPendingIdentity({ file, identityFile }: AgeFilePaths): Promise<AgeIdentity> {
  const pending = pendingName(identityFile);
  const identity = await readAgeIdentity(pending);
  if (identity === undefined) {
    throw unavailable(`${file} is there but its identity ${identityFile} is not; restore it`);
  }
  await movePrivateFile(pending, identityFile);
  return identity;
}

async function makeSecretsFile(file: string, identity: AgeIdentity): Promise<void> {
  if (identity.isOwn) {
    throw unavailable(
      `${file} is missing although its identity is there; restore it from a backup, ` +
        'or remove the identity too if you mean to start with no secrets at all',
    );
  }
  await writePrivateFile(file, await encryptSecretFile(EMPTY_SECRET_FILE, identity));
}
