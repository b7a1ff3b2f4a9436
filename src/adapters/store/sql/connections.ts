import type { Selectable } from 'kysely';
import { z } from 'zod';
import { ObjectTypeSchema } from '../../../contracts/plan.ts';
import type { ConnectionRecord } from '../../../core/records.ts';
import type { ConnectionReads, ConnectionWrites } from '../../../ports/store.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'connections';

const RecordSchema = z.strictObject({
  name: z.string(),
  portalId: z.int(),
  accountType: z.string().nullable(),
  timeZone: z.string().nullable(),
  uniqueProperties: z.partialRecord(ObjectTypeSchema, z.string()),
  checkedAt: TimeSchema,
  credentialVersion: z.int().nullable(),
  accountSince: TimeSchema.nullable(),
  appId: z.int().nullable(),
});

export function createConnectionReads(reader: Reader): ConnectionReads {
  return {
    async get(name) {
      const row = await reader.db
        .selectFrom(TABLE)
        .selectAll()
        .where('name', '=', name)
        .executeTakeFirst();
      return row && toRecord(reader, row);
    },
  };
}

export function createConnectionWrites(unit: Unit): ConnectionWrites {
  return {
    ...createConnectionReads(unit),
    async put(connection) {
      const row = toRow(unit, connection);
      await unit.db
        .insertInto(TABLE)
        .values(row)
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
    },
  };
}

type Row = Selectable<Database['connections']>;

/**
 * Vouches for the whole row: another account's number, put in by hand, would let a token of that account
 * pass for the one that was connected.
 */
const sealFor = ({ seal }: Reader, row: Omit<Row, 'unique_properties'>) =>
  rowSeal(seal, TABLE, row.name, [
    ...[row.portal_id, row.account_type, row.time_zone],
    row.checked_at,
    // A row from before these were kept has neither, and was sealed without them.
    ...(row.credential_version === null ? [] : [row.credential_version, row.account_since]),
    ...(row.app_id === null ? [] : ['app', row.app_id]),
  ]);

function toRow(unit: Unit, connection: ConnectionRecord): Row {
  const clear = {
    name: connection.name,
    portal_id: connection.portalId,
    account_type: connection.accountType,
    time_zone: connection.timeZone,
    checked_at: connection.checkedAt.getTime(),
    credential_version: connection.credentialVersion,
    account_since: connection.accountSince?.getTime() ?? null,
    app_id: connection.appId,
  };
  const { uniqueProperties } = connection;
  const sealed = sealFor(unit, clear).closeValue('unique_properties', uniqueProperties);
  return { ...clear, unique_properties: sealed };
}

function toRecord(reader: Reader, row: Row): ConnectionRecord {
  return parseRow(RecordSchema, TABLE, row.name, {
    name: row.name,
    portalId: row.portal_id,
    accountType: row.account_type,
    timeZone: row.time_zone,
    uniqueProperties: sealFor(reader, row).open('unique_properties', row.unique_properties),
    checkedAt: row.checked_at,
    credentialVersion: row.credential_version,
    accountSince: row.account_since,
    appId: row.app_id,
  });
}
