import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { AgentRecord } from '../../../core/records.ts';
import type { AgentReads, AgentWrites } from '../../../ports/store.ts';
import { NamesSchema, parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'agents';

const RecordSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  groups: NamesSchema,
  keyHash: z.string(),
  createdAt: TimeSchema,
  revokedAt: TimeSchema.nullable(),
});

export function createAgentReads(reader: Reader): AgentReads {
  const { db } = reader;
  return {
    async get(id) {
      const row = await db.selectFrom(TABLE).selectAll().where('id', '=', id).executeTakeFirst();
      return row && toRecord(reader, row);
    },
    async list() {
      const rows = await db
        .selectFrom(TABLE)
        .selectAll()
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      return rows.map((row) => toRecord(reader, row));
    },
  };
}

/** `insert` of an id or a key that exists throws the database's own error: ids and keys are random. */
export function createAgentWrites(unit: Unit): AgentWrites {
  const { db, now } = unit;
  return {
    ...createAgentReads(unit),
    async insert(agent) {
      const clear = clearOf(agent);
      await db
        .insertInto(TABLE)
        .values({
          ...clear,
          name: agent.name,
          created_at: agent.createdAt.getTime(),
          voucher: sealFor(unit, clear).closeValue('voucher', true),
        })
        .execute();
    },
    async revoke(id) {
      const agent = await createAgentReads(unit).get(id);
      if (agent === undefined || agent.revokedAt !== null) return false;
      const clear = clearOf({ ...agent, revokedAt: now });
      const { numUpdatedRows } = await db
        .updateTable(TABLE)
        .set({
          revoked_at: clear.revoked_at,
          voucher: sealFor(unit, clear).closeValue('voucher', true),
        })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
  };
}

type ClearRow = Pick<Selectable<Database['agents']>, 'id' | 'groups' | 'key_hash' | 'revoked_at'>;

const clearOf = (agent: AgentRecord): ClearRow => ({
  id: agent.id,
  groups: JSON.stringify(agent.groups),
  key_hash: agent.keyHash,
  revoked_at: agent.revokedAt?.getTime() ?? null,
});

/** Vouches for key, groups and revocation: an agent made or changed in the file by hand does not open. */
const sealFor = ({ seal }: Reader, { id, groups, key_hash, revoked_at }: ClearRow) =>
  rowSeal(seal, TABLE, id, [groups, key_hash, revoked_at]);

function toRecord(reader: Reader, row: Selectable<Database['agents']>): AgentRecord {
  sealFor(reader, row).open('voucher', row.voucher);
  return parseRow(RecordSchema, TABLE, row.id, {
    id: row.id,
    name: row.name,
    groups: row.groups,
    keyHash: row.key_hash,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  });
}
