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

/** One statement; returns how many rows it changed. */
export const runInFile = (path: string, sql: string, ...values: SQLInputValue[]): number =>
  inFile(path, (file) => Number(file.prepare(sql).run(...values).changes));

export const rowOf = (path: string, table: string, id: string): Row =>
  inFile(path, (file) => file.prepare(`SELECT * FROM ${table} WHERE id = ?`).get(id) as Row);

/** In place of what is there now. */
export function putBack(path: string, table: string, row: Row): void {
  const names = Object.keys(row).map((column) => `"${column}"`);
  const marks = names.map(() => '?');
  const sql = `INSERT OR REPLACE INTO ${table} (${names.join(', ')}) VALUES (${marks.join(', ')})`;
  runInFile(path, sql, ...Object.values(row));
}
