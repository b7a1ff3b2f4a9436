import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { PersonRecord } from '../../../core/records.ts';
import type { PersonReads, PersonWrites } from '../../../ports/store.ts';
import { NamesSchema, parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'people';

const RecordSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  email: z.string(),
  roles: NamesSchema,
  keyHash: z.string(),
  totpSecret: z.string(),
  totpLastStep: z.int(),
  createdAt: TimeSchema,
  revokedAt: TimeSchema.nullable(),
});

/** Name and e-mail stay readable in the file, operators need them there; the TOTP secret does not. */
export function createPersonReads(reader: Reader): PersonReads {
  const { db } = reader;
  return {
    async get(id) {
      const row = await db.selectFrom(TABLE).selectAll().where('id', '=', id).executeTakeFirst();
      return row && toRecord(reader, row);
    },
    /** Throws for one row that does not open: a requester left out could approve what they asked for. */
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

/** `insert` of an id, a key or a standing person's e-mail that exists throws the database's own error. */
export function createPersonWrites(unit: Unit): PersonWrites {
  const { db, now } = unit;
  return {
    ...createPersonReads(unit),
    async insert(person) {
      const clear = clearOf(person);
      await db
        .insertInto(TABLE)
        .values({
          ...clear,
          name: person.name,
          totp_secret: sealFor(unit, clear).closeValue('totp_secret', person.totpSecret),
          totp_last_step: person.totpLastStep,
          created_at: person.createdAt.getTime(),
          revoked_at: clear.revoked_at,
        })
        .execute();
    },
    async revoke(id) {
      const person = await createPersonReads(unit).get(id);
      if (person === undefined || person.revokedAt !== null) return false;
      const clear = clearOf({ ...person, revokedAt: now });
      const { numUpdatedRows } = await db
        .updateTable(TABLE)
        .set({
          revoked_at: clear.revoked_at,
          totp_secret: sealFor(unit, clear).closeValue('totp_secret', person.totpSecret),
        })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
    async useTotpStep(id, step) {
      const { numUpdatedRows } = await db
        .updateTable(TABLE)
        .set({ totp_last_step: step })
        .where('id', '=', id)
        .where('totp_last_step', '<', step)
        .executeTakeFirstOrThrow();
      return numUpdatedRows === 1n;
    },
  };
}

type ClearRow = Pick<
  Selectable<Database['people']>,
  'id' | 'email' | 'roles' | 'key_hash' | 'revoked_at'
>;

const clearOf = (person: PersonRecord): ClearRow => ({
  id: person.id,
  email: person.email,
  roles: JSON.stringify(person.roles),
  key_hash: person.keyHash,
  revoked_at: person.revokedAt?.getTime() ?? null,
});

/** Vouches for key, roles and revocation: a person made or changed in the file by hand does not open. */
const sealFor = ({ seal }: Reader, { id, email, roles, key_hash, revoked_at }: ClearRow) =>
  rowSeal(seal, TABLE, id, [email, roles, key_hash, revoked_at]);

function toRecord(reader: Reader, row: Selectable<Database['people']>): PersonRecord {
  return parseRow(RecordSchema, TABLE, row.id, {
    id: row.id,
    name: row.name,
    email: row.email,
    roles: row.roles,
    keyHash: row.key_hash,
    totpSecret: sealFor(reader, row).open('totp_secret', row.totp_secret),
    totpLastStep: row.totp_last_step,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  });
}
