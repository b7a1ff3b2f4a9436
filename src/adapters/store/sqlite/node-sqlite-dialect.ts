import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { SqliteDialect } from 'kysely';
import { statementError } from './sqlite-errors.ts';

/**
 * Kysely's SQLite dialect on `node:sqlite`: one connection, every statement run to its end at once.
 * Errors as in `statementError`. `assertUsable` is asked right before each statement, without an await
 * in between: what it refuses does not reach the database. Whoever opened `raw` closes it.
 */
export function nodeSqliteDialect(
  raw: DatabaseSync,
  assertUsable: () => void = () => undefined,
): SqliteDialect {
  return new SqliteDialect({
    database: {
      prepare(text) {
        assertUsable();
        const statement = translated(() => raw.prepare(text));
        return {
          reader: statement.columns().length > 0,
          all: (values) => translated(() => statement.all(...(values as SQLInputValue[]))),
          run: (values) => translated(() => statement.run(...(values as SQLInputValue[]))),
          iterate: (values) => statement.iterate(...(values as SQLInputValue[])),
        };
      },
      close: () => undefined,
    },
  });
}

function translated<T>(statement: () => T): T {
  try {
    return statement();
  } catch (error) {
    throw statementError(error);
  }
}
