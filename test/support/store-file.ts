import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

/** For tests of what somebody does who can write the store's file, and has no key. */

export type Row = Record<string, SQLInputValue>;

/** Opens the file for this work alone; waits for whoever writes at the same time. */
export function inFile<T>(path: string, work: (file: DatabaseSync) => T): T {
  const file = new DatabaseSync(path, { timeout: 5_000 });
  try {
    return work(file);
  } finally {
    file.close();
  }
}

export const rowOf = (path: string, table: string, id: string): Row =>
  inFile(path, (file) => file.prepare(`SELECT * FROM ${table} WHERE id = ?`).get(id) as Row);

/** In place of what is there now. */
export function putBack(path: string, table: string, row: Row): void {
  const columns = Object.keys(row);
  const marks = columns.map(() => '?').join(', ');
  const sql = `INSERT OR REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${marks})`;
  inFile(path, (file) => file.prepare(sql).run(...Object.values(row)));
}
