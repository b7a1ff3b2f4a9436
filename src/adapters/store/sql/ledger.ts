import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { LedgerRecord } from '../../../core/records.ts';
import type { LedgerReads, LedgerWrites } from '../../../ports/store.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'ledger';

const ValuesSchema = z.record(z.string(), z.string().nullable());
const RecordSchema = z.strictObject({
  requestId: z.string(),
  objectType: z.string(),
  objectId: z.string(),
  before: ValuesSchema,
  after: ValuesSchema,
  executedAt: TimeSchema,
});

/** In the order they were executed; one that does not open fails the answer: a revert must not skip it. */
export function createLedgerReads(reader: Reader): LedgerReads {
  return {
    async of(requestId) {
      const rows = await reader.db
        .selectFrom(TABLE)
        .selectAll()
        .where('request_id', '=', requestId)
        .orderBy('position')
        .execute();
      return rows.map((row) => toRecord(reader, row));
    },
  };
}

export function createLedgerWrites(unit: Unit): LedgerWrites {
  return {
    ...createLedgerReads(unit),
    async insert(entry) {
      const position = await nextPosition(unit, entry.requestId);
      const { closeValue } = sealFor(unit, entry.requestId, position);
      await unit.db
        .insertInto(TABLE)
        .values({
          request_id: entry.requestId,
          position,
          object_type: entry.objectType,
          object_id: entry.objectId,
          executed_at: entry.executedAt.getTime(),
          before: closeValue('before', entry.before),
          after: closeValue('after', entry.after),
        })
        .execute();
    },
  };
}

async function nextPosition({ db }: Unit, requestId: string): Promise<number> {
  const last = await db
    .selectFrom(TABLE)
    .select('position')
    .where('request_id', '=', requestId)
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last === undefined ? 0 : last.position + 1;
}

const nameOf = (requestId: string, position: number) => `${requestId}/${position}`;

function sealFor({ seal }: Reader, requestId: string, position: number) {
  return rowSeal(seal, TABLE, nameOf(requestId, position));
}

function toRecord(reader: Reader, row: Selectable<Database['ledger']>): LedgerRecord {
  const { open } = sealFor(reader, row.request_id, row.position);
  return parseRow(RecordSchema, TABLE, nameOf(row.request_id, row.position), {
    requestId: row.request_id,
    objectType: row.object_type,
    objectId: row.object_id,
    before: open('before', row.before),
    after: open('after', row.after),
    executedAt: row.executed_at,
  });
}
