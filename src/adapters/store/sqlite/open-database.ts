import { existsSync, statSync } from 'node:fs';
import { chmod, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

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

/**
 * Throws once the path leads elsewhere than now: the file was moved, deleted or replaced. SQLite goes on
 * writing to the one that it opened, and what it acknowledges there no later start would find.
 */
export function createPlaceCheck(file: string): () => void {
  const placeOf = () => statSync(file, { bigint: true, throwIfNoEntry: false });
  const opened = placeOf();
  return () => {
    const now = placeOf();
    if (now === undefined || now.ino !== opened?.ino || now.dev !== opened.dev)
      throw new Error(`${file} is not the file that was opened`);
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
