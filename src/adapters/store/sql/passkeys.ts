import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { PasskeyRecord } from '../../../core/records.ts';
import type { PasskeyReads, PasskeyWrites } from '../../../ports/sign-in-store.ts';
import { heldAgainstLog, surelyHeldAgainstLog } from './revocations.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'passkeys';

/** Sealed together. JSON has no bytes. */
const ContentSchema = z.strictObject({
  publicKey: z.base64url().transform((text) => new Uint8Array(Buffer.from(text, 'base64url'))),
  counter: z.int().min(0),
  transports: z.array(z.string()),
  label: z.string(),
});

const RecordSchema = ContentSchema.extend({
  id: z.string(),
  credentialId: z.string(),
  personId: z.string(),
  createdAt: TimeSchema,
  lastUsedAt: TimeSchema.nullable(),
  revokedAt: TimeSchema.nullable(),
});

export function createPasskeyReads(reader: Reader): PasskeyReads {
  const all = () => reader.db.selectFrom(TABLE).selectAll();
  return {
    async get(id) {
      const row = await all().where('id', '=', id).executeTakeFirst();
      return row && (await surelyHeldAgainstLog(reader))(toRecord(reader, row));
    },
    async find(credentialId) {
      const row = await all().where('credential_id', '=', credentialId).executeTakeFirst();
      return row && (await surelyHeldAgainstLog(reader))(toRecord(reader, row));
    },
    async of(personId) {
      const rows = await all()
        .where('person_id', '=', personId)
        .orderBy('created_at')
        .orderBy('id')
        .execute();
      const held = await heldAgainstLog(reader);
      return rows.map((row) => held(toRecord(reader, row)));
    },
  };
}

export function createPasskeyWrites(unit: Unit): PasskeyWrites {
  const reads = createPasskeyReads(unit);
  return {
    ...reads,
    async insert(passkey) {
      const { numInsertedOrUpdatedRows } = await unit.db
        .insertInto(TABLE)
        .values(toRow(unit, passkey))
        .onConflict((conflict) => conflict.column('credential_id').doNothing())
        .executeTakeFirstOrThrow();
      return numInsertedOrUpdatedRows === 1n;
    },
    async used(id, counter) {
      const passkey = await reads.get(id);
      if (passkey !== undefined) await reseal(unit, { ...passkey, counter, lastUsedAt: unit.now });
    },
    async revoke(id) {
      const passkey = await reads.get(id);
      if (passkey === undefined || passkey.revokedAt !== null) return false;
      await reseal(unit, { ...passkey, revokedAt: unit.now });
      return true;
    },
  };
}

type Row = Selectable<Database['passkeys']>;

/** For a record that was read in this very unit: its row opened, so nothing forged gets a new seal. */
async function reseal(unit: Unit, passkey: PasskeyRecord): Promise<void> {
  await unit.db
    .updateTable(TABLE)
    .set(toRow(unit, passkey))
    .where('id', '=', passkey.id)
    .executeTakeFirstOrThrow();
}

function toRow(unit: Unit, passkey: PasskeyRecord): Row {
  const clear = {
    id: passkey.id,
    credential_id: passkey.credentialId,
    person_id: passkey.personId,
    created_at: passkey.createdAt.getTime(),
    last_used_at: passkey.lastUsedAt?.getTime() ?? null,
    revoked_at: passkey.revokedAt?.getTime() ?? null,
  };
  const content = {
    publicKey: Buffer.from(passkey.publicKey).toString('base64url'),
    counter: passkey.counter,
    transports: passkey.transports,
    label: passkey.label,
  };
  return { ...clear, content: sealFor(unit, clear).closeValue('content', content) };
}

/**
 * Vouches for the whole row: a key that was swapped, given to another person, or whose revocation was
 * taken away does not open. The key itself is sealed, so it cannot be carried into a row of another's.
 */
const sealFor = ({ seal }: Reader, row: Omit<Row, 'content'>) =>
  rowSeal(seal, TABLE, row.id, [
    ...[row.credential_id, row.person_id],
    ...[row.created_at, row.last_used_at, row.revoked_at],
  ]);

function toRecord(reader: Reader, row: Row): PasskeyRecord {
  const content = sealFor(reader, row).open('content', row.content);
  return parseRow(RecordSchema, TABLE, row.id, {
    ...(content as object),
    id: row.id,
    credentialId: row.credential_id,
    personId: row.person_id,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  });
}
