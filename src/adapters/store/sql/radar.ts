import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { RadarRecord } from '../../../core/records.ts';
import type { RadarReads, RadarWrites } from '../../../ports/store.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'radar_sweeps';

const RecordSchema = z.strictObject({
  connection: z.string(),
  sweptTo: TimeSchema,
  found: z.array(z.strictObject({ key: z.string(), at: TimeSchema })),
});

export function createRadarReads(reader: Reader): RadarReads {
  return {
    async get(connection) {
      const row = await reader.db
        .selectFrom(TABLE)
        .selectAll()
        .where('connection', '=', connection)
        .executeTakeFirst();
      return row && toRecord(reader, row);
    },
  };
}

export function createRadarWrites(unit: Unit): RadarWrites {
  return {
    ...createRadarReads(unit),
    async put({ connection, sweptTo, found }) {
      const clear = { connection, swept_to: sweptTo.getTime() };
      const kept = found.map(({ key, at }) => ({ key, at: at.getTime() }));
      const row = { ...clear, found: sealFor(unit, clear).closeValue('found', kept) };
      await unit.db
        .insertInto(TABLE)
        .values(row)
        .onConflict((conflict) => conflict.column('connection').doUpdateSet(row))
        .execute();
    },
  };
}

type Row = Selectable<Database['radar_sweeps']>;

const sealFor = ({ seal }: Reader, row: Omit<Row, 'found'>) =>
  rowSeal(seal, TABLE, row.connection, [row.swept_to]);

const toRecord = (reader: Reader, row: Row): RadarRecord =>
  parseRow(RecordSchema, TABLE, row.connection, {
    connection: row.connection,
    sweptTo: row.swept_to,
    found: sealFor(reader, row).open('found', row.found),
  });
