import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { FreezeRecord, FreezeTarget } from '../../../core/records.ts';
import type { FreezeReads, FreezeWrites } from '../../../ports/store.ts';
import { ordersOf } from './log-orders.ts';
import { parseRow, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'freezes';

const RecordSchema = z.strictObject({
  id: z.string(),
  target: z.strictObject({ kind: z.enum(['connection', 'agent']), id: z.string() }),
  reason: z.string(),
  placedBy: z.string(),
  placedAt: TimeSchema,
  liftedAt: TimeSchema.nullable(),
});

const isOn = ({ target }: FreezeRecord, targets: readonly FreezeTarget[]): boolean =>
  targets.some(({ kind, id }) => kind === target.kind && id === target.id);

const byAge = (a: FreezeRecord, b: FreezeRecord): number =>
  a.placedAt.getTime() - b.placedAt.getTime() || (a.id < b.id ? -1 : 1);

/**
 * A freeze stands when its row says so, and also when the log does: who can write the file, and lifts a
 * freeze there or takes it out, has not lifted it.
 */
export function createFreezeReads(reader: Reader): FreezeReads {
  const { db } = reader;
  async function list(): Promise<FreezeRecord[]> {
    const rows = (await db.selectFrom(TABLE).selectAll().execute()).map((row) => toRecord(row));
    const { freezes } = await ordersOf(reader);
    const isBelied = ({ id, target, liftedAt }: FreezeRecord): boolean => {
      const logged = freezes.get(id);
      return logged !== undefined && (liftedAt !== null || !isOn(logged, [target]));
    };
    const believed = rows.filter((row) => !isBelied(row));
    const lost = [...freezes.values()].filter(({ id }) => !believed.some((row) => row.id === id));
    return [...believed, ...lost].toSorted(byAge);
  }
  return {
    async standing(targets, except = '') {
      if (targets.length === 0) return undefined;
      const row = await db
        .selectFrom(TABLE)
        .selectAll()
        .where('lifted_at', 'is', null)
        .where('id', '<>', except)
        .where((eb) =>
          eb.or(targets.map(({ kind, id }) => eb.and({ target_kind: kind, target_id: id }))),
        )
        .orderBy('placed_at')
        .orderBy('id')
        .limit(1)
        .executeTakeFirst();
      if (row !== undefined) return toRecord(row);
      const { freezes } = await ordersOf(reader);
      return [...freezes.values()].find((one) => one.id !== except && isOn(one, targets));
    },
    get: async (id) => (await list()).find((freeze) => freeze.id === id),
    list,
  };
}

export function createFreezeWrites(unit: Unit): FreezeWrites {
  const { db, now } = unit;
  return {
    ...createFreezeReads(unit),
    async insert(freeze) {
      await db
        .insertInto(TABLE)
        .values({
          id: freeze.id,
          target_kind: freeze.target.kind,
          target_id: freeze.target.id,
          reason: freeze.reason,
          placed_by: freeze.placedBy,
          placed_at: freeze.placedAt.getTime(),
          lifted_at: freeze.liftedAt?.getTime() ?? null,
        })
        .execute();
    },
    async lift(id) {
      const { numUpdatedRows } = await db
        .updateTable(TABLE)
        .set({ lifted_at: now.getTime() })
        .where('id', '=', id)
        .where('lifted_at', 'is', null)
        .executeTakeFirstOrThrow();
      const { freezes } = await ordersOf(unit);
      return numUpdatedRows === 1n || freezes.has(id);
    },
  };
}

function toRecord(row: Selectable<Database['freezes']>): FreezeRecord {
  return parseRow(RecordSchema, TABLE, row.id, {
    id: row.id,
    target: { kind: row.target_kind, id: row.target_id },
    reason: row.reason,
    placedBy: row.placed_by,
    placedAt: row.placed_at,
    liftedAt: row.lifted_at,
  });
}
