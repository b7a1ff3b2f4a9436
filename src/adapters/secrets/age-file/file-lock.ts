import { open } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, unavailable } from '../private-file.ts';

const LOCK_LIMITS = { waitMs: 15_000, pollMinMs: 2, pollMaxMs: 25 } as const;
const SQLITE_BUSY = 5;

/**
 * Runs `task` while no other process and no other store in this process runs one on the same lock file.
 *
 * The lock is SQLite's exclusive lock on an empty database file: the kernel drops it when its process
 * dies, so there is no stale lock to detect and no way to take one from a process that is only slow.
 * (A lock file with a process id in it has both problems: ids are reused, and in a container the
 * gateway is process 1 before and after a crash.)
 *
 * Throws `secret.unavailable` when the lock cannot be had within the wait limit.
 */
export async function withFileLock<T>(lockFile: string, task: () => Promise<T>): Promise<T> {
  const database = await openLockFile(lockFile);
  try {
    await acquire(database, lockFile);
    return await task();
  } finally {
    database.close();
  }
}

async function openLockFile(lockFile: string): Promise<DatabaseSync> {
  try {
    // Made here first, so that it has our mode and not SQLite's.
    await (await open(lockFile, 'a', 0o600)).close();
    return new DatabaseSync(lockFile, { timeout: 0 });
  } catch (error) {
    throw unavailable(`cannot open the lock file ${lockFile}: ${errnoOf(error)}`);
  }
}

async function acquire(database: DatabaseSync, lockFile: string): Promise<void> {
  const deadline = performance.now() + LOCK_LIMITS.waitMs;
  while (!tryAcquire(database, lockFile)) {
    if (performance.now() > deadline) {
      throw unavailable(
        `another process has held ${lockFile} for ${LOCK_LIMITS.waitMs / 1000} s; find and stop it`,
      );
    }
    const { pollMinMs, pollMaxMs } = LOCK_LIMITS;
    await sleep(pollMinMs + Math.random() * (pollMaxMs - pollMinMs));
  }
}

function tryAcquire(database: DatabaseSync, lockFile: string): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (isBusy(error)) return false;
    throw unavailable(`cannot lock ${lockFile}; if it is not empty, delete it`);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
