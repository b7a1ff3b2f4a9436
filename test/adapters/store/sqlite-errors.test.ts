import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { statementError } from '../../../src/adapters/store/sqlite/sqlite-errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-errors-'));
const file = join(folder, 'a.db');
const setUp = new DatabaseSync(file);
setUp.exec(
  'create table t (id integer primary key, bytes blob) strict; insert into t values (1, null)',
);
const damaged = join(folder, 'damaged.db');
writeFileSync(damaged, 'not a database at all, '.repeat(100));

afterAll(() => {
  setUp.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What SQLite itself throws. */
function errorOf(sql: string, open: () => DatabaseSync = () => new DatabaseSync(file)): unknown {
  const raw = open();
  try {
    raw.exec(sql);
  } catch (error) {
    return error;
  } finally {
    if (raw.isOpen) raw.close();
  }
  throw new Error(`${sql} did not fail`);
}

describe('errors of SQLite', () => {
  it.each([
    [
      'full',
      13,
      () => errorOf('PRAGMA max_page_count = 2; insert into t values (2, zeroblob(99999))'),
    ],
    [
      'read-only',
      8,
      () => errorOf('delete from t', () => new DatabaseSync(file, { readOnly: true })),
    ],
    ['damaged', 26, () => errorOf('select * from t', () => new DatabaseSync(damaged))],
    ['locked', 5, () => whileLocked(() => errorOf('BEGIN IMMEDIATE'))],
  ])('are store.unavailable when the database is %s', (_what, errcode, fail) => {
    const error = fail();
    expect(error).toMatchObject({ errcode });
    expect(statementError(error)).toMatchObject({ code: 'store.unavailable', cause: error });
  });

  it.each([
    ['breaks a constraint', 'insert into t (id) values (1)'],
    ['is not SQL', 'insert t'],
  ])('stay what they are when the statement %s', (_what, sql) => {
    const error = errorOf(sql);
    expect(statementError(error)).toBe(error);
  });

  it('are store.unavailable when the connection is closed', () => {
    const raw = new DatabaseSync(file);
    raw.close();
    const error = errorOf('select 1', () => raw);
    expect(statementError(error)).toMatchObject({ code: 'store.unavailable', cause: error });
  });
});

function whileLocked<T>(run: () => T): T {
  setUp.exec('BEGIN IMMEDIATE');
  try {
    return run();
  } finally {
    setUp.exec('ROLLBACK');
  }
}
