import type { Selectable } from 'kysely';
import { z } from 'zod';
import { errorCodeOf } from '../../../core/gateway-error.ts';
import type { ExecutedStep, LedgerRecord } from '../../../core/records.ts';
import type { LedgerReads, LedgerWrites } from '../../../ports/store.ts';
import { openAll } from './listed.ts';
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
    async between(connection, from, to) {
      const rows = await reader.db
        .selectFrom(TABLE)
        .innerJoin('requests', 'requests.id', 'ledger.request_id')
        .selectAll(TABLE)
        .where('requests.connection', '=', connection)
        .where('ledger.executed_at', '>=', from.getTime())
        .where('ledger.executed_at', '<=', to.getTime())
        .orderBy('ledger.executed_at')
        .orderBy('ledger.request_id')
        .orderBy('ledger.position')
        .execute();
      const named = rows.map((row) => ({ id: nameOf(row.request_id, row.position), row }));
      return openAll(named, ({ row }) => toStep(reader, row));
    },
  };
}

export function createLedgerWrites(unit: Unit): LedgerWrites {
  return {
    ...createLedgerReads(unit),
    async insert(entry) {
      const position = await nextPosition(unit, entry.requestId);
      const clear = {
        request_id: entry.requestId,
        position,
        object_type: entry.objectType,
        object_id: entry.objectId,
        executed_at: entry.executedAt.getTime(),
      };
      const { closeValue } = sealFor(unit, clear);
      await unit.db
        .insertInto(TABLE)
        .values({
          ...clear,
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

type Row = Selectable<Database['ledger']>;

/** Vouches for the whole row: moved to another record or time, it would account for what nobody approved. */
const sealFor = ({ seal }: Reader, row: Omit<Row, 'before' | 'after'>) =>
  rowSeal(seal, TABLE, nameOf(row.request_id, row.position), [
    ...[row.object_type, row.object_id],
    row.executed_at,
  ]);

/** Of a row from before it vouched for more than its place. */
const formerSealFor = ({ seal }: Reader, row: Row) =>
  rowSeal(seal, TABLE, nameOf(row.request_id, row.position));

function openValues(
  reader: Reader,
  row: Row,
): { readonly before: unknown; readonly after: unknown } {
  const openWith = ({ open }: ReturnType<typeof sealFor>) => ({
    before: open('before', row.before),
    after: open('after', row.after),
  });
  try {
    return openWith(sealFor(reader, row));
  } catch (error) {
    if (errorCodeOf(error) !== 'plan.tampered') throw error;
    return openWith(formerSealFor(reader, row));
  }
}

const toRecord = (reader: Reader, row: Row): LedgerRecord =>
  parseRow(RecordSchema, TABLE, nameOf(row.request_id, row.position), {
    requestId: row.request_id,
    objectType: row.object_type,
    objectId: row.object_id,
    ...openValues(reader, row),
    executedAt: row.executed_at,
  });

const toStep = (reader: Reader, row: Row): ExecutedStep => ({
  ...toRecord(reader, row),
  step: row.position + 1,
});
