import { existsSync, statSync } from 'node:fs';
import { chmod, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { storeDisplaced } from './sqlite-errors.ts';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

const TIMEOUTS = {
  /** SQLite waits by blocking the whole process, so at run time only as long as a rare WAL recovery takes. */
  readBusyMs: 100,
} as const;

/**
 * WAL with `synchronous=FULL`: a commit returns after its fsync. NORMAL would acknowledge what a power
 * cut then takes back. `fullfsync` is what macOS calls a real one. `secure_delete` because an erased
 * value must not stay in a free page; `trusted_schema` because the file is not trusted.
 */
const PRAGMAS = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA checkpoint_fullfsync = ON;
  PRAGMA foreign_keys = ON;
  PRAGMA secure_delete = ON;
  PRAGMA trusted_schema = OFF;
  PRAGMA journal_size_limit = 67108864;
`;

/** The one connection that writes. Waits `busyTimeoutMs` for others while opening, not at all later. */
export async function openWriter(
  file: string,
  busyTimeoutMs: number,
  prepare: (raw: DatabaseSync) => void,
): Promise<DatabaseSync> {
  await makePrivate(file);
  const raw = new DatabaseSync(file, { timeout: busyTimeoutMs, defensive: true });
  try {
    raw.exec(PRAGMAS);
    prepare(raw);
    raw.exec('PRAGMA busy_timeout = 0');
    return raw;
  } catch (error) {
    raw.close();
    throw error;
  }
}

/** A connection for reading outside transactions: it sees the last commit and never an open batch. */
export function openReader(file: string): DatabaseSync {
  const raw = new DatabaseSync(file, { readOnly: true, timeout: TIMEOUTS.readBusyMs });
  raw.exec('PRAGMA trusted_schema = OFF');
  return raw;
}

const placeOf = (file: string) => statSync(file, { bigint: true, throwIfNoEntry: false });

/**
 * Throws once the path leads elsewhere than now, or its write-ahead log does, where commits are first: it was moved,
 * deleted or replaced. SQLite goes on writing to the one that it opened, and what it acknowledges there no later start
 * would find. With a transaction open there is a write-ahead log, and it stays while a connection does.
 */
export function createPlaceCheck(file: string): () => void {
  const files = [file, `${file}-wal`];
  const opened = new Map([[file, placeOf(file)]]);
  return () => {
    for (const one of files) {
      const now = placeOf(one);
      const before = opened.get(one) ?? now;
      if (now === undefined || now.ino !== before?.ino || now.dev !== before.dev)
        throw storeDisplaced(one);
      opened.set(one, before);
    }
  };
}

/** SQLite gives its WAL and shared memory the rights of the database file, so that one is made first. */
async function makePrivate(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: FOLDER_MODE });
  await (await open(file, 'a', FILE_MODE)).close();
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    if (existsSync(path)) await chmod(path, FILE_MODE);
  }
}
