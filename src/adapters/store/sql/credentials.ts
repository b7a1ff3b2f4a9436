import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { CredentialRecord } from '../../../core/records.ts';
import type { CredentialReads, CredentialWrites } from '../../../ports/store.ts';
import { ordersOf } from './log-orders.ts';
import { parseRow, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'credentials';

const RecordSchema = z.strictObject({
  connection: z.string(),
  version: z.int(),
  state: z.enum(['active', 'retired']),
  fingerprint: z.string(),
  createdAt: TimeSchema,
});

export function createCredentialReads(reader: Reader): CredentialReads {
  const { db } = reader;
  return {
    async active(connection) {
      const row = await db
        .selectFrom(TABLE)
        .selectAll()
        .where('connection', '=', connection)
        .where('state', '=', 'active')
        .executeTakeFirst();
      const logged = (await ordersOf(reader)).credentials.get(connection);
      const isBelied = logged !== undefined && row?.version !== logged;
      return row === undefined || isBelied ? undefined : toRecord(row);
    },
    async get(connection, version) {
      const row = await db
        .selectFrom(TABLE)
        .selectAll()
        .where('connection', '=', connection)
        .where('version', '=', version)
        .executeTakeFirst();
      return row && toRecord(row);
    },
  };
}

export function createCredentialWrites(unit: Unit): CredentialWrites {
  const { db, now } = unit;
  return {
    ...createCredentialReads(unit),
    async activate({ connection, version, fingerprint }) {
      // The one before first: an index allows one active version per connection.
      await db
        .updateTable(TABLE)
        .set({ state: 'retired' })
        .where('connection', '=', connection)
        .where('version', '!=', version)
        .where('state', '=', 'active')
        .execute();
      await db
        .insertInto(TABLE)
        .values({ connection, version, fingerprint, state: 'active', created_at: now.getTime() })
        .onConflict((conflict) =>
          conflict.columns(['connection', 'version']).doUpdateSet({ state: 'active', fingerprint }),
        )
        .execute();
    },
  };
}

function toRecord(row: Selectable<Database['credentials']>): CredentialRecord {
  return parseRow(RecordSchema, TABLE, `${row.connection}/${row.version}`, {
    connection: row.connection,
    version: row.version,
    state: row.state,
    fingerprint: row.fingerprint,
    createdAt: row.created_at,
  });
}
