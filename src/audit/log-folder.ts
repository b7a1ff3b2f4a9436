import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InconsistentLogError, LogFormatError } from './format-error.ts';

export const CHECKPOINT_PATH = 'checkpoint';

/** Where half-written files wait for their rename; the one folder of a log that proves nothing. */
export const TEMPORARY_PATH = '.tmp';

/** The files of a log, read. Paths are relative to its folder, with slashes. */
export interface LogFiles {
  /**
   * A file's bytes, or `undefined` when there is none. Throws LogFormatError when it is longer than
   * `maxBytes` or no regular file, so that nobody's folder can exhaust or hang a verifier.
   */
  read(path: string, maxBytes: number): Promise<Buffer | undefined>;
  /** Names in a folder, sorted; none when there is no such folder. */
  list(path: string): Promise<readonly { readonly name: string; readonly kind: EntryKind }[]>;
}

export type EntryKind = 'file' | 'folder' | 'other';

/** The files of a log, written. One writer at a time: its process has taken the data folder. */
export interface LogFolder extends LogFiles {
  /**
   * Writes an immutable file: all of it or nothing, also through a power cut. The same bytes again
   * change nothing; other bytes throw InconsistentLogError, since someone may have seen the first.
   */
  writeOnce(path: string, bytes: Uint8Array): Promise<void>;
  /** Writes a mutable file so that readers see the old bytes or the new ones, and durably. */
  replace(path: string, bytes: Uint8Array): Promise<void>;
  /** Makes the names of everything written so far durable. Before this, a power cut may take them. */
  sync(): Promise<void>;
  /** Removes a folder with all it holds, if it is there. */
  removeFolder(path: string): Promise<void>;
}

export function createLogFiles(root: string): LogFiles {
  return {
    read: (path, maxBytes) => readFile(join(root, path), maxBytes),
    list: (path) => listFolder(join(root, path)),
  };
}

export function createLogFolder(root: string): LogFolder {
  const files = createLogFiles(root);
  const unsynced = new Set<string>();

  /** Temporary file, fsync, rename: a reader or a crash never meets half a file under its name. */
  async function put(path: string, bytes: Uint8Array): Promise<void> {
    const target = join(root, path);
    const temporary = join(root, TEMPORARY_PATH, randomUUID());
    for (const folder of [dirname(target), dirname(temporary)]) await makeFolder(folder);
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
    unsynced.add(dirname(target));
  }

  async function makeFolder(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true });
    if (first === undefined) return;
    // A new folder is itself a name in its parent, up to the first that was already there.
    for (let made = folder; made !== dirname(first); made = dirname(made)) {
      unsynced.add(dirname(made));
    }
  }

  async function sync(): Promise<void> {
    for (const folder of unsynced) {
      const handle = await open(folder, 'r');
      await handle.sync().finally(() => handle.close());
    }
    unsynced.clear();
  }

  return {
    ...files,
    sync,
    async writeOnce(path, bytes) {
      const existing = await files.read(path, Infinity);
      if (existing === undefined) return put(path, bytes);
      if (!existing.equals(bytes)) {
        throw new InconsistentLogError(path, 'was published before with other bytes');
      }
      // It may be there from a run that was killed before its folder was synced.
      unsynced.add(dirname(join(root, path)));
    },
    async replace(path, bytes) {
      await put(path, bytes);
      await sync();
    },
    async removeFolder(path) {
      await rm(join(root, path), { recursive: true, force: true });
    },
  };
}

/** Every file below the folder, as paths relative to it, temporary ones left out. */
export async function* walk(
  files: LogFiles,
  folder = '',
): AsyncGenerator<{ readonly path: string; readonly kind: EntryKind }> {
  for (const { name, kind } of await files.list(folder)) {
    const path = folder === '' ? name : `${folder}/${name}`;
    if (path === TEMPORARY_PATH) continue;
    if (kind === 'folder') yield* walk(files, path);
    else yield { path, kind };
  }
}

async function readFile(path: string, maxBytes: number): Promise<Buffer | undefined> {
  // Without O_NONBLOCK, opening a named pipe would wait for ever.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(ifMissing);
  if (handle === undefined) return undefined;
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new LogFormatError('is not a file');
    if (stat.size > maxBytes) throw new LogFormatError(`is longer than ${maxBytes} bytes`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

async function listFolder(path: string): ReturnType<LogFiles['list']> {
  const entries = (await readdir(path, { withFileTypes: true }).catch(ifMissing)) ?? [];
  return entries
    .map((entry) => {
      const kind: EntryKind = entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other';
      return { name: entry.name, kind };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function ifMissing(error: unknown): undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
  return undefined;
}
