import { constants } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GatewayError } from '../../core/gateway-error.ts';

const PRIVATE_MODE = 0o600;
const GROUP_AND_WORLD = 0o077;
/** A pipe in its place would keep whoever opens it for ever, and with it one of the process's few threads for files. */
const READ_AT_ONCE = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * Reads a file that only its owner may read; `undefined` when there is none.
 * Throws `secret.unavailable` when it is no file, group or world have any right on it, or it is too large. Rights and
 * content are taken from one open file, so it cannot be exchanged between the two.
 */
export async function readPrivateFile(
  path: string,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, READ_AT_ONCE);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw unavailable(`cannot open ${path}: ${errnoOf(error)}`);
  }
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw unavailable(`${path} is no file; restore it from a backup`);
    const { mode, size } = stats;
    if ((mode & GROUP_AND_WORLD) !== 0) {
      throw unavailable(
        `${path} may be read by others (mode ${(mode & 0o777).toString(8)}); run: chmod 600 '${path}'`,
      );
    }
    if (size > bytesMax) throw unavailable(`${path} is larger than ${bytesMax} bytes`);
    return await handle.readFile();
  } catch (error) {
    throw error instanceof GatewayError
      ? error
      : unavailable(`cannot read ${path}: ${errnoOf(error)}`);
  } finally {
    await handle.close();
  }
}

/**
 * Replaces `path` so that, whenever power or process dies, it holds the whole old or the whole new
 * content; on disk when this returns. Only one writer at a time: the caller holds the lock, which is
 * why the temporary name is fixed and a crash leaves at most one of them.
 */
export async function writePrivateFile(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    await rm(temporary, { force: true });
    await writeNewFile(temporary, content);
    await rename(temporary, path);
    await syncFolderOf(path);
  } catch (error) {
    throw unavailable(`cannot write ${path}: ${errnoOf(error)}`);
  }
}

/** Renames within one folder; on disk when this returns. */
export async function movePrivateFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
    await syncFolderOf(to);
  } catch (error) {
    throw unavailable(`cannot rename ${from} to ${to}: ${errnoOf(error)}`);
  }
}

export function unavailable(detail: string): GatewayError {
  return new GatewayError('secret.unavailable', { detail });
}

/** `ENOSPC` and the like; never the message of something unknown, which could quote what it handled. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : 'unexpected error';
}

async function writeNewFile(path: string, content: Uint8Array | string): Promise<void> {
  const handle = await open(path, 'wx', PRIVATE_MODE);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename is durable only once the folder that holds the names is. */
async function syncFolderOf(path: string): Promise<void> {
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isMissing(error: unknown): boolean {
  return errnoOf(error) === 'ENOENT';
}
