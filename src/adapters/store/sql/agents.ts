import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { AgentRecord } from '../../../core/records.ts';
import type { AgentReads, AgentWrites } from '../../../ports/store.ts';
import { openAll } from './listed.ts';
import { heldAgainstLog, surelyHeldAgainstLog } from './revocations.ts';
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
      return row && (await surelyHeldAgainstLog(reader))(toRecord(reader, row));
    },
    async list() {
      const rows = await db
        .selectFrom(TABLE)
        .selectAll()
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      const held = await heldAgainstLog(reader);
      return openAll(rows, (row) => held(toRecord(reader, row)));
    },
  };
}

export function createAgentWrites(unit: Unit): AgentWrites {
  const { db, now } = unit;
  return {
    ...createAgentReads(unit),
    async insert(agent) {
      await db.insertInto(TABLE).values(toRow(unit, agent)).execute();
    },
    /** The record was read in this very unit: its row opened, so nothing forged gets a new seal. */
    async revoke(id) {
      const agent = await createAgentReads(unit).get(id);
      if (agent === undefined || agent.revokedAt !== null) return false;
      await db
        .updateTable(TABLE)
        .set(toRow(unit, { ...agent, revokedAt: now }))
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return true;
    },
  };
}

type Row = Selectable<Database['agents']>;

function toRow(unit: Unit, agent: AgentRecord): Row {
  const clear = {
    id: agent.id,
    name: agent.name,
    groups: JSON.stringify(agent.groups),
    key_hash: agent.keyHash,
    created_at: agent.createdAt.getTime(),
    revoked_at: agent.revokedAt?.getTime() ?? null,
  };
  return { ...clear, voucher: sealFor(unit, clear).closeValue('voucher', true) };
}

/** Vouches for the whole row: an agent made or changed in the file by hand does not open. */
const sealFor = ({ seal }: Reader, row: Omit<Row, 'voucher'>) =>
  rowSeal(seal, TABLE, row.id, [
    ...[row.name, row.groups, row.key_hash],
    ...[row.created_at, row.revoked_at],
  ]);

function toRecord(reader: Reader, row: Row): AgentRecord {
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
