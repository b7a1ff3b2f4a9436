import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { SqliteDialect, type SqliteStatement } from 'kysely';
import { statementError } from './sqlite-errors.ts';

/** Lists of values make texts of many lengths: a bound, so that they cannot pile up. */
const PREPARED_MAX = 500;

/**
 * Kysely's SQLite dialect on `node:sqlite`: one connection, every statement run to its end at once.
 * Errors as in `statementError`. `assertUsable` is asked right before each statement, without an await
 * in between: what it refuses does not reach the database. Whoever opened `raw` closes it.
 */
export function nodeSqliteDialect(
  raw: DatabaseSync,
  assertUsable: () => void = () => undefined,
): SqliteDialect {
  // Kysely writes the same few texts again and again; compiling one costs as much as running it.
  const prepared = new Map<string, SqliteStatement>();

  function prepare(text: string): SqliteStatement {
    const statement = translated(() => raw.prepare(text));
    return {
      reader: statement.columns().length > 0,
      all: (values) => translated(() => statement.all(...(values as SQLInputValue[]))),
      run: (values) => translated(() => statement.run(...(values as SQLInputValue[]))),
      iterate: (values) => statement.iterate(...(values as SQLInputValue[])),
    };
  }

  return new SqliteDialect({
    database: {
      prepare(text) {
        assertUsable();
        const known = prepared.get(text);
        if (known !== undefined) return known;
        const statement = prepare(text);
        if (prepared.size >= PREPARED_MAX) prepared.clear();
        prepared.set(text, statement);
        return statement;
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
