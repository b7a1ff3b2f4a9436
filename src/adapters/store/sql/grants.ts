import type { Selectable } from 'kysely';
import { z } from 'zod';
import { GRANT_END_NAMES, type GrantRecord } from '../../../core/grants.ts';
import type { GrantReads, GrantWrites } from '../../../ports/grant-store.ts';
import { openAll } from './listed.ts';
import { ordersOf } from './log-orders.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import { tampered } from './seal.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'grants';

const RecordSchema = z.strictObject({
  id: z.string(),
  agentId: z.string(),
  action: z.string(),
  personId: z.string(),
  createdAt: TimeSchema,
  endsAt: TimeSchema,
  maxUses: z.int(),
  uses: z.int(),
  endedAt: TimeSchema.nullable(),
  endedBy: z.enum(GRANT_END_NAMES).nullable(),
});

/**
 * A grant stands when its row and the log say so, and has been used as often as the log says: one whose row was
 * put back from before its end has still ended.
 */
function agreed(row: GrantRecord, logged: GrantRecord | undefined): GrantRecord {
  if (row.endedAt !== null) {
    if (logged !== undefined) throw tampered(TABLE, row.id);
    return row;
  }
  if (logged === undefined || !isSame(row, logged)) throw tampered(TABLE, row.id);
  return logged;
}

const isSame = (one: GrantRecord, other: GrantRecord): boolean =>
  one.agentId === other.agentId &&
  one.action === other.action &&
  one.personId === other.personId &&
  one.maxUses === other.maxUses &&
  one.createdAt.getTime() === other.createdAt.getTime() &&
  one.endsAt.getTime() === other.endsAt.getTime();

export function createGrantReads(reader: Reader): GrantReads {
  const { db } = reader;
  return {
    async get(id) {
      const row = await db.selectFrom(TABLE).selectAll().where('id', '=', id).executeTakeFirst();
      const { grants } = await ordersOf(reader);
      return row && agreed(toRecord(reader, row), grants.get(id));
    },
    async standing() {
      const { grants } = await ordersOf(reader);
      return [...grants.values()];
    },
    async list(limit) {
      const rows = await db
        .selectFrom(TABLE)
        .selectAll()
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .limit(limit)
        .execute();
      const { grants } = await ordersOf(reader);
      return openAll(rows, (row) => agreed(toRecord(reader, row), grants.get(row.id)));
    },
  };
}

export function createGrantWrites(unit: Unit): GrantWrites {
  const { db } = unit;
  return {
    ...createGrantReads(unit),
    async insert(grant) {
      const clear = {
        id: grant.id,
        agent_id: grant.agentId,
        action: grant.action,
        person_id: grant.personId,
        created_at: grant.createdAt.getTime(),
        ends_at: grant.endsAt.getTime(),
        max_uses: grant.maxUses,
        uses: 0,
        ended_at: null,
        ended_by: null,
      };
      await db.insertInto(TABLE).values(vouched(unit, clear)).execute();
    },
    async end({ id, uses }, by) {
      const row = await db.selectFrom(TABLE).selectAll().where('id', '=', id).executeTakeFirst();
      // A row that is gone or was changed gives nothing, and nothing vouches for it anew.
      if (row === undefined || !isOurs(unit, row)) return;
      const ended = { ...row, uses, ended_at: unit.now.getTime(), ended_by: by };
      await db.updateTable(TABLE).set(vouched(unit, ended)).where('id', '=', id).execute();
    },
  };
}

type Row = Selectable<Database['grants']>;
type Clear = Omit<Row, 'voucher'>;

/** A grant written in by hand would approve in somebody's name. */
const sealFor = ({ seal }: Reader, row: Clear) =>
  rowSeal(seal, TABLE, row.id, [
    ...[row.agent_id, row.action, row.person_id, row.created_at, row.ends_at],
    ...[row.max_uses, row.uses, row.ended_at, row.ended_by],
  ]);

const vouched = (unit: Unit, clear: Clear): Row => ({
  ...clear,
  voucher: sealFor(unit, clear).closeValue('voucher', true),
});

function isOurs(reader: Reader, row: Row): boolean {
  try {
    sealFor(reader, row).open('voucher', row.voucher);
    return true;
  } catch {
    return false;
  }
}

function toRecord(reader: Reader, row: Row): GrantRecord {
  sealFor(reader, row).open('voucher', row.voucher);
  return parseRow(RecordSchema, TABLE, row.id, {
    id: row.id,
    agentId: row.agent_id,
    action: row.action,
    personId: row.person_id,
    createdAt: row.created_at,
    endsAt: row.ends_at,
    maxUses: row.max_uses,
    uses: row.uses,
    endedAt: row.ended_at,
    endedBy: row.ended_by,
  });
}
