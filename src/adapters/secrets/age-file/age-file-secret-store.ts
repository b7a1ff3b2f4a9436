import type { Secret, SecretStore } from '../../../ports/secret-store.ts';
import { decryptSecretFile, encryptSecretFile } from './age-content.ts';
import type { AgeIdentity } from './age-identity.ts';
import { withFileLock } from './file-lock.ts';
import { type AgeFilePaths, makeFolders, openAgeFiles } from './open-files.ts';
import { readPrivateFile, unavailable, writePrivateFile } from '../private-file.ts';
import {
  type SecretFile,
  SECRET_LIMITS,
  type SecretVersion,
  versionsOf,
  withNewVersion,
  withoutValue,
} from './secret-file.ts';

/** How long decrypted content stays in memory without being asked for. */
const CACHE_MS = 10_000;

export interface AgeFileSecretStoreDeps extends AgeFilePaths {
  readonly now?: () => Date;
}

interface Cached {
  readonly ciphertext: Uint8Array;
  readonly content: Promise<SecretFile>;
}

/**
 * A secret store in one age file (age-encryption.org/v1, X25519) that the stock tool opens:
 * `age -d -i IDENTITY FILE` prints `{version, secrets: {name: [{version, value, createdAt}]}}`.
 *
 * Any number of processes may read and write it: writers take turns under `FILE.lock` and read the
 * file again first; readers read it on every call and decrypt only when its bytes have changed, so
 * another process's write is seen at once.
 *
 * `get` without a version is `undefined` when the newest version was destroyed: falling back to an
 * older one would bring a retired credential back. A `secret.conflict` names the present version.
 *
 * Throws `secret.unavailable` when a file is missing, damaged, too large or readable by others.
 */
export async function createAgeFileSecretStore(deps: AgeFileSecretStoreDeps): Promise<SecretStore> {
  const { file, now = () => new Date() } = deps;
  const lockFile = `${file}.lock`;
  await makeFolders(deps);
  const identity = await withFileLock(lockFile, () => openAgeFiles(deps));
  const read = createReader(file, identity);
  await read();

  const change = (edit: (content: SecretFile) => SecretFile): Promise<SecretFile> =>
    withFileLock(lockFile, async () => {
      const before = await read();
      const after = edit(before);
      if (after !== before) await writePrivateFile(file, await encryptSecretFile(after, identity));
      return after;
    });

  return {
    async get(name, version) {
      const history = versionsOf(await read(), name);
      return toSecret(name, version === undefined ? history.at(-1) : history[version - 1]);
    },
    async put(name, value, expectedVersion) {
      await change((content) => withNewVersion(content, name, value, expectedVersion, now()));
      return expectedVersion + 1;
    },
    // One file has no labels: the version in use stands in the gateway's own records alone.
    async promote() {
      await read();
    },
    async destroy(name, version) {
      await change((content) => withoutValue(content, name, version));
    },
    async names() {
      return [...(await read()).keys()].sort();
    },
    async probe() {
      await read();
    },
  };
}

function toSecret(name: string, entry: SecretVersion | undefined): Secret | undefined {
  if (entry === undefined || entry.value === null) return undefined;
  const { version, value, createdAt } = entry;
  return { name, version, value, createdAt: new Date(createdAt) };
}

/**
 * Reads the file on every call, a few KB from the page cache, and compares all of it with what was
 * decrypted last. Times, sizes and inode numbers can repeat between two writes; the bytes cannot, since
 * age makes a fresh file key each time.
 */
function createReader(file: string, identity: AgeIdentity): () => Promise<SecretFile> {
  let cached: Cached | undefined;
  let expiry: NodeJS.Timeout | undefined;

  const keep = (next: Cached): void => {
    cached = next;
    clearTimeout(expiry);
    expiry = setTimeout(() => (cached = undefined), CACHE_MS).unref();
  };

  return async () => {
    const ciphertext = await readPrivateFile(file, SECRET_LIMITS.fileBytesMax);
    if (ciphertext === undefined) throw unavailable(`${file} is missing; restore it from a backup`);
    const isSame = cached !== undefined && Buffer.compare(cached.ciphertext, ciphertext) === 0;
    const current =
      isSame && cached !== undefined
        ? cached
        : { ciphertext, content: decryptSecretFile(ciphertext, identity, file) };
    keep(current);
    return current.content;
  };
}
