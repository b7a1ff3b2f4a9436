import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 200;

/** Held until `release` (which may be called twice) or the end of the process, however it ends. */
export interface FileLock {
  release(): void;
}

/**
 * Takes the lock at once or not at all. SQLite does the locking, because the operating system drops
 * its file locks with the process: a kill -9 leaves nothing behind that has to be guessed stale.
 */
export async function tryFileLock(path: string): Promise<FileLock | undefined> {
  await mkdir(dirname(path), { recursive: true });
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
  return {
    release: () => {
      if (db.isOpen) db.close();
    },
  };
}

/** Waits up to `timeoutMs` for the lock; undefined when it is still held then. Throws the signal's reason. */
export async function waitForFileLock(
  path: string,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<FileLock | undefined> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const lock = await tryFileLock(path);
    if (lock !== undefined || Date.now() >= deadline) return lock;
    await sleep(RETRY_MS, undefined, signal === undefined ? {} : { signal });
  }
}

function isBusy(error: unknown): boolean {
  const SQLITE_BUSY = 5;
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
