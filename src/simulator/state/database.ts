import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS records (type TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (type, id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS links (from_type TEXT NOT NULL, from_id TEXT NOT NULL, to_type TEXT NOT NULL, to_id TEXT NOT NULL,
    category TEXT NOT NULL, type_id INTEGER NOT NULL, PRIMARY KEY (from_type, from_id, to_type, to_id, category, type_id)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS property_definitions (type TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (type, name)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS effects (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS tokens (sha256 TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS clients (client_id TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS security_events (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
`;

type Row = Record<string, string | number | bigint | null | Uint8Array>;

export type Database = {
  run(sql: string, ...values: (string | number)[]): void;
  all(sql: string, ...values: (string | number)[]): Row[];
  /** Runs `work` in one transaction; on return it is on disk. Nested calls join the outer one. */
  transaction<T>(work: () => T): T;
  close(): void;
};

/**
 * Opens (and creates) the simulator's file. `synchronous=FULL` with the write-ahead log syncs at every
 * commit, so an answered effect survives kill -9 and power loss.
 */
export function openDatabase(dataDir: string): Database {
  mkdirSync(dataDir, { recursive: true });
  const sqlite = new DatabaseSync(join(dataDir, 'simulator.sqlite'));
  sqlite.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;');
  sqlite.exec(SCHEMA);
  const statements = new Map<string, ReturnType<DatabaseSync['prepare']>>();
  const prepare = (sql: string) => {
    const known = statements.get(sql);
    if (known) return known;
    const statement = sqlite.prepare(sql);
    statements.set(sql, statement);
    return statement;
  };
  let isOpen = false;

  return {
    run(sql, ...values) {
      prepare(sql).run(...values);
    },
    all: (sql, ...values) => prepare(sql).all(...values),
    transaction(work) {
      if (isOpen) return work();
      prepare('BEGIN IMMEDIATE').run();
      isOpen = true;
      try {
        const result = work();
        prepare('COMMIT').run();
        return result;
      } catch (error) {
        prepare('ROLLBACK').run();
        throw error;
      } finally {
        isOpen = false;
      }
    },
    close() {
      sqlite.close();
    },
  };
}
