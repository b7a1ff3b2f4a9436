import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { z } from 'zod';

const BUSY_MAX_MS = 5_000;

export type Row = Record<string, SQLInputValue>;

/**
 * The scratch gateway's database file as somebody sees it who can write it and has none of the keys.
 * Knows no more of the schema than the names it is given.
 */
export interface StoreFile {
  readonly path: string;
  all(sql: string, ...values: SQLInputValue[]): Row[];
  run(sql: string, ...values: SQLInputValue[]): void;
  columns(table: string): readonly string[];
  /** Keeps every other writer out until the answer is called. */
  lock(): () => void;
}

export function openStoreFile(path: string): StoreFile {
  function within<T>(work: (file: DatabaseSync) => T): T {
    const file = new DatabaseSync(path, { timeout: BUSY_MAX_MS });
    try {
      return work(file);
    } finally {
      file.close();
    }
  }
  return {
    path,
    all: (sql, ...values) => within((file) => file.prepare(sql).all(...values) as Row[]),
    run: (sql, ...values) => {
      within((file) => file.prepare(sql).run(...values));
    },
    columns: (table) =>
      within((file) => file.prepare(`SELECT name FROM pragma_table_info(?)`).all(table)).map(
        ({ name }) => String(name),
      ),
    lock: () => {
      const file = new DatabaseSync(path, { timeout: BUSY_MAX_MS });
      file.exec('BEGIN IMMEDIATE');
      return () => {
        file.exec('ROLLBACK');
        file.close();
      };
    },
  };
}

/** What of the user's roster a run imitates: names, groups and roles. Keys, addresses and ids are not read. */
export interface Roster {
  readonly agents: readonly { readonly name: string; readonly groups: readonly string[] }[];
  readonly roles: readonly string[];
}

const WordsSchema = z
  .string()
  .transform((text): unknown => JSON.parse(text))
  .pipe(z.array(z.string()));
const AgentRowSchema = z.object({ name: z.string(), groups: WordsSchema });
const PersonRowSchema = z.object({ roles: WordsSchema });

/**
 * The standing agents and people of the user's own store, read from a copy of its file that is deleted at
 * once: opening the file itself would write beside it. An installation without a store has none.
 */
export function copyRoster(storeFile: string, scratchFolder: string): Roster {
  if (!existsSync(storeFile)) return { agents: [], roles: [] };
  const folder = join(scratchFolder, 'roster');
  mkdirSync(folder, { mode: 0o700 });
  try {
    const copy = join(folder, 'store.db');
    for (const end of ['', '-wal'])
      if (existsSync(`${storeFile}${end}`)) copyFileSync(`${storeFile}${end}`, `${copy}${end}`);
    const file = openStoreFile(copy);
    return {
      agents: file
        .all('SELECT name, "groups" FROM agents WHERE revoked_at IS NULL')
        .map((row) => AgentRowSchema.parse(row)),
      roles: file
        .all('SELECT roles FROM people WHERE revoked_at IS NULL')
        .flatMap((row) => PersonRowSchema.parse(row).roles),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
