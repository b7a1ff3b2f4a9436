import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { ChallengeRecord } from '../../../core/records.ts';
import type { ChallengeWrites } from '../../../ports/sign-in-store.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'challenges';

const RecordSchema = z.strictObject({
  value: z.string(),
  purpose: z.enum(['enrol', 'sign_in', 'roster', 'incident']),
  personId: z.string().nullable(),
  expiresAt: TimeSchema,
  usedAt: TimeSchema.nullable(),
});

export function createChallengeWrites(unit: Unit): ChallengeWrites {
  const { db, now } = unit;
  return {
    async insert(challenge) {
      await db.deleteFrom(TABLE).where('expires_at', '<=', now.getTime()).execute();
      await db.insertInto(TABLE).values(toRow(unit, challenge)).execute();
    },
    async take(value) {
      const row = await db
        .selectFrom(TABLE)
        .selectAll()
        .where('value', '=', value)
        .executeTakeFirst();
      const challenge = row && toRecord(unit, row);
      if (challenge === undefined || challenge.usedAt !== null) return undefined;
      const taken = { ...challenge, usedAt: now };
      await db
        .updateTable(TABLE)
        .set(toRow(unit, taken))
        .where('value', '=', value)
        .executeTakeFirstOrThrow();
      // Late is answered all the same: a clock that is set back gives nobody a second try.
      return challenge.expiresAt <= now ? undefined : taken;
    },
  };
}

type Row = Selectable<Database['challenges']>;

function toRow(unit: Unit, challenge: ChallengeRecord): Row {
  const clear = {
    value: challenge.value,
    purpose: challenge.purpose,
    person_id: challenge.personId,
    expires_at: challenge.expiresAt.getTime(),
    used_at: challenge.usedAt?.getTime() ?? null,
  };
  return { ...clear, voucher: sealFor(unit, clear).closeValue('voucher', true) };
}

/** Vouches for the whole row: a challenge put in or made unused by hand would let a signature count twice. */
const sealFor = ({ seal }: Reader, row: Omit<Row, 'voucher'>) =>
  rowSeal(seal, TABLE, row.value, [row.purpose, row.person_id, row.expires_at, row.used_at]);

function toRecord(reader: Reader, row: Row): ChallengeRecord {
  sealFor(reader, row).open('voucher', row.voucher);
  return parseRow(RecordSchema, TABLE, row.value, {
    value: row.value,
    purpose: row.purpose,
    personId: row.person_id,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
  });
}
