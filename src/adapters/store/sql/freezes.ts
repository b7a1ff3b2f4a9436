import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { FreezeRecord } from '../../../core/records.ts';
import type { FreezeReads, FreezeWrites } from '../../../ports/store.ts';
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

export function createFreezeReads({ db }: Reader): FreezeReads {
  return {
    async standing(targets) {
      if (targets.length === 0) return undefined;
      const row = await db
        .selectFrom(TABLE)
        .selectAll()
        .where('lifted_at', 'is', null)
        .where((eb) =>
          eb.or(targets.map(({ kind, id }) => eb.and({ target_kind: kind, target_id: id }))),
        )
        .orderBy('placed_at')
        .orderBy('id')
        .limit(1)
        .executeTakeFirst();
      return row && toRecord(row);
    },
    async get(id) {
      const row = await db.selectFrom(TABLE).selectAll().where('id', '=', id).executeTakeFirst();
      return row && toRecord(row);
    },
    async list() {
      const rows = await db
        .selectFrom(TABLE)
        .selectAll()
        .orderBy('placed_at')
        .orderBy('id')
        .execute();
      return rows.map((row) => toRecord(row));
    },
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
      return numUpdatedRows === 1n;
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
