import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { SessionRecord } from '../../../core/records.ts';
import type { SessionReads, SessionWrites } from '../../../ports/sign-in-store.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'sessions';

const RecordSchema = z.strictObject({
  id: z.string(),
  personId: z.string(),
  tokenHash: z.string(),
  proof: z.literal('passkey'),
  passkeyId: z.string(),
  createdAt: TimeSchema,
  lastSeenAt: TimeSchema,
  expiresAt: TimeSchema,
  endedAt: TimeSchema.nullable(),
});

export function createSessionReads(reader: Reader): SessionReads {
  return {
    async get(id) {
      const row = await reader.db
        .selectFrom(TABLE)
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row && toRecord(reader, row);
    },
  };
}

/** `insert` of an id or a token that exists throws the database's own error: both are random. */
export function createSessionWrites(unit: Unit): SessionWrites {
  const { db, now } = unit;
  const reads = createSessionReads(unit);
  /** For a record that was read in this very unit: its row opened, so nothing forged gets a new seal. */
  const reseal = async (session: SessionRecord): Promise<void> => {
    await db
      .updateTable(TABLE)
      .set(toRow(unit, session))
      .where('id', '=', session.id)
      .executeTakeFirstOrThrow();
  };
  return {
    ...reads,
    async insert(session) {
      await db.insertInto(TABLE).values(toRow(unit, session)).execute();
    },
    async touch(id) {
      const session = await reads.get(id);
      if (session !== undefined) await reseal({ ...session, lastSeenAt: now });
    },
    async end(id) {
      const session = await reads.get(id);
      if (session === undefined || session.endedAt !== null) return false;
      await reseal({ ...session, endedAt: now });
      return true;
    },
  };
}

type Row = Selectable<Database['sessions']>;

function toRow(unit: Unit, session: SessionRecord): Row {
  const clear = {
    id: session.id,
    person_id: session.personId,
    token_hash: session.tokenHash,
    proof: session.proof,
    passkey_id: session.passkeyId,
    created_at: session.createdAt.getTime(),
    last_seen_at: session.lastSeenAt.getTime(),
    expires_at: session.expiresAt.getTime(),
    ended_at: session.endedAt?.getTime() ?? null,
  };
  return { ...clear, voucher: sealFor(unit, clear).closeValue('voucher', true) };
}

/** Vouches for the whole row: who it is of, how long it lasts, and that it ended. */
const sealFor = ({ seal }: Reader, row: Omit<Row, 'voucher'>) =>
  rowSeal(seal, TABLE, row.id, [
    ...[row.person_id, row.token_hash, row.proof, row.passkey_id],
    ...[row.created_at, row.last_seen_at, row.expires_at, row.ended_at],
  ]);

function toRecord(reader: Reader, row: Row): SessionRecord {
  sealFor(reader, row).open('voucher', row.voucher);
  return parseRow(RecordSchema, TABLE, row.id, {
    id: row.id,
    personId: row.person_id,
    tokenHash: row.token_hash,
    proof: row.proof,
    passkeyId: row.passkey_id,
    createdAt: row.created_at,
    lastSeenAt: row.last_seen_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at,
  });
}
