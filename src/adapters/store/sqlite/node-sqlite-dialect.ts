import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { SqliteDialect, type SqliteStatement } from 'kysely';
import { statementError } from './sqlite-errors.ts';

/** Lists of values make texts of many lengths: a bound, so that they cannot pile up. */
const PREPARED_MAX = 500;

/** A statement of this text on one connection, compiled once. */
export type Prepare = (text: string) => SqliteStatement;

/** Kysely writes the same few texts again and again; compiling one costs as much as running it. */
export function createStatements(raw: DatabaseSync): Prepare {
  const prepared = new Map<string, SqliteStatement>();
  return (text) => {
    const known = prepared.get(text);
    if (known !== undefined) return known;
    const statement = translated(() => raw.prepare(text));
    const compiled: SqliteStatement = {
      reader: statement.columns().length > 0,
      all: (values) => translated(() => statement.all(...(values as SQLInputValue[]))),
      run: (values) => translated(() => statement.run(...(values as SQLInputValue[]))),
      iterate: (values) => statement.iterate(...(values as SQLInputValue[])),
    };
    if (prepared.size >= PREPARED_MAX) prepared.clear();
    prepared.set(text, compiled);
    return compiled;
  };
}

/**
 * Kysely's SQLite dialect on `node:sqlite`: one connection, every statement run to its end at once.
 * Errors as in `statementError`. `assertUsable` is asked right before each statement, without an await
 * in between: what it refuses does not reach the database. Whoever opened the connection closes it.
 */
export const nodeSqliteDialect = (
  prepare: Prepare,
  assertUsable: () => void = () => undefined,
): SqliteDialect =>
  new SqliteDialect({
    database: {
      prepare(text) {
        assertUsable();
        return prepare(text);
      },
      close: () => undefined,
    },
  });

function translated<T>(statement: () => T): T {
  try {
    return statement();
  } catch (error) {
    throw statementError(error);
  }
}
