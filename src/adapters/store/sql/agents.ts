import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { AgentRecord } from '../../../core/records.ts';
import type { AgentReads, AgentWrites } from '../../../ports/store.ts';
import { listRows, NamesSchema, parseRow, TimeSchema } from './rows.ts';
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

export function createAgentReads({ db, onTampered }: Reader): AgentReads {
  return {
    async get(id) {
      const row = await db.selectFrom(TABLE).selectAll().where('id', '=', id).executeTakeFirst();
      return row && toRecord(row);
    },
    async list() {
      const rows = await db
        .selectFrom(TABLE)
        .selectAll()
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      return listRows(rows, toRecord, (id) => {
        onTampered(TABLE, id);
      });
    },
  };
}

/** `insert` of an id or a key that exists throws the database's own error: ids and keys are random. */
export function createAgentWrites(unit: Unit): AgentWrites {
  const { db, now } = unit;
  return {
    ...createAgentReads(unit),
    async insert(agent) {
      await db
        .insertInto(TABLE)
        .values({
          id: agent.id,
          name: agent.name,
          groups: JSON.stringify(agent.groups),
          key_hash: agent.keyHash,
          created_at: agent.createdAt.getTime(),
          revoked_at: agent.revokedAt?.getTime() ?? null,
        })
        .execute();
    },
    async revoke(id) {
      const { numUpdatedRows } = await db
        .updateTable(TABLE)
        .set({ revoked_at: now.getTime() })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
  };
}

function toRecord(row: Selectable<Database['agents']>): AgentRecord {
  return parseRow(RecordSchema, TABLE, row.id, {
    id: row.id,
    name: row.name,
    groups: row.groups,
    keyHash: row.key_hash,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  });
}
