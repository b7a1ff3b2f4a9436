import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { PersonRecord } from '../../../core/records.ts';
import type { PersonReads, PersonWrites } from '../../../ports/store.ts';
import { openAll } from './listed.ts';
import { heldAgainstLog, surelyHeldAgainstLog } from './revocations.ts';
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
  totpGuesses: z.array(z.strictObject({ at: TimeSchema, code: z.string() })),
  createdAt: TimeSchema,
  revokedAt: TimeSchema.nullable(),
});

/** Sealed together, in the column of the secret. */
const TotpSchema = z.strictObject({ secret: z.unknown(), guesses: z.unknown() });

/** Name and e-mail stay readable in the file, operators need them there; the TOTP secret does not. */
export function createPersonReads(reader: Reader): PersonReads {
  const { db } = reader;
  const rows = () => db.selectFrom(TABLE).selectAll().orderBy('created_at').orderBy('id').execute();
  return {
    async get(id) {
      const row = await db.selectFrom(TABLE).selectAll().where('id', '=', id).executeTakeFirst();
      return row && (await surelyHeldAgainstLog(reader))(toRecord(reader, row));
    },
    /** Throws for one row that does not open: a requester left out could approve what they asked for. */
    async list() {
      const held = await heldAgainstLog(reader);
      return (await rows()).map((row) => held(toRecord(reader, row)));
    },
    async legible() {
      const held = await heldAgainstLog(reader);
      return openAll(await rows(), (row) => held(toRecord(reader, row)));
    },
  };
}

export function createPersonWrites(unit: Unit): PersonWrites {
  const { db, now } = unit;
  return {
    ...createPersonReads(unit),
    async insert(person) {
      await db.insertInto(TABLE).values(toRow(unit, person)).execute();
    },
    async revoke(id) {
      const person = await createPersonReads(unit).get(id);
      if (person === undefined || person.revokedAt !== null) return false;
      await reseal(unit, { ...person, revokedAt: now });
      return true;
    },
    async setRoles(id, roles) {
      const person = await createPersonReads(unit).get(id);
      if (person === undefined || person.revokedAt !== null) return false;
      await reseal(unit, { ...person, roles });
      return true;
    },
    async useTotpStep(id, step) {
      const person = await createPersonReads(unit).get(id);
      if (person === undefined || person.totpLastStep >= step) return false;
      await reseal(unit, { ...person, totpLastStep: step });
      return true;
    },
    async setTotpGuesses(id, totpGuesses) {
      const person = await createPersonReads(unit).get(id);
      if (person !== undefined) await reseal(unit, { ...person, totpGuesses });
    },
  };
}

type Row = Selectable<Database['people']>;

/** For a record that was read in this very unit: its row opened, so nothing forged gets a new seal. */
async function reseal(unit: Unit, person: PersonRecord): Promise<void> {
  await unit.db
    .updateTable(TABLE)
    .set(toRow(unit, person))
    .where('id', '=', person.id)
    .executeTakeFirstOrThrow();
}

function toRow(unit: Unit, person: PersonRecord): Row {
  const clear = {
    id: person.id,
    name: person.name,
    email: person.email,
    roles: JSON.stringify(person.roles),
    key_hash: person.keyHash,
    totp_last_step: person.totpLastStep,
    created_at: person.createdAt.getTime(),
    revoked_at: person.revokedAt?.getTime() ?? null,
  };
  const guesses = person.totpGuesses.map(({ at, code }) => ({ at: at.getTime(), code }));
  const totp = { secret: person.totpSecret, guesses };
  return { ...clear, totp_secret: sealFor(unit, clear).closeValue('totp_secret', totp) };
}

/**
 * Vouches for the whole row: a person made or changed in the file by hand does not open, be it their
 * key, their name on a decision, or the step that keeps a used code used.
 */
const sealFor = ({ seal }: Reader, row: Omit<Row, 'totp_secret'>) =>
  rowSeal(seal, TABLE, row.id, [
    ...[row.name, row.email, row.roles, row.key_hash],
    ...[row.totp_last_step, row.created_at, row.revoked_at],
  ]);

function toRecord(reader: Reader, row: Row): PersonRecord {
  const totp = parseRow(
    TotpSchema,
    TABLE,
    row.id,
    sealFor(reader, row).open('totp_secret', row.totp_secret),
  );
  return parseRow(RecordSchema, TABLE, row.id, {
    id: row.id,
    name: row.name,
    email: row.email,
    roles: row.roles,
    keyHash: row.key_hash,
    totpSecret: totp.secret,
    totpLastStep: row.totp_last_step,
    totpGuesses: totp.guesses,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  });
}
