import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { WebhookSignerRecord } from '../../../core/records.ts';
import type { WebhookSignerReads, WebhookSignerWrites } from '../../../ports/channel-store.ts';
import { openAll } from './listed.ts';
import { heldAgainstLog, surelyHeldAgainstLog } from './revocations.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'webhook_signers';

const RecordSchema = z.strictObject({
  id: z.string(),
  personId: z.string(),
  createdAt: TimeSchema,
  revokedAt: TimeSchema.nullable(),
});

export function createWebhookSignerReads(reader: Reader): WebhookSignerReads {
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

export function createWebhookSignerWrites(unit: Unit): WebhookSignerWrites {
  const { db } = unit;
  const reads = createWebhookSignerReads(unit);
  return {
    ...reads,
    async insert({ id, personId, createdAt }) {
      const clear = {
        id,
        person_id: personId,
        created_at: createdAt.getTime(),
        revoked_at: null,
      };
      await db.insertInto(TABLE).values(vouched(unit, clear)).execute();
    },
    async revoke(id) {
      const present = await reads.get(id);
      if (present?.revokedAt !== null) return false;
      const clear = {
        id,
        person_id: present.personId,
        created_at: present.createdAt.getTime(),
        revoked_at: unit.now.getTime(),
      };
      await db.updateTable(TABLE).set(vouched(unit, clear)).where('id', '=', id).execute();
      return true;
    },
  };
}

type Row = Selectable<Database['webhook_signers']>;
type Clear = Omit<Row, 'voucher'>;

/** A signer put in by hand, or beside another person's id, would decide in that person's name. */
const sealFor = ({ seal }: Reader, { id, person_id, created_at, revoked_at }: Clear) =>
  rowSeal(seal, TABLE, id, [person_id, created_at, revoked_at]);

const vouched = (unit: Unit, clear: Clear): Row => ({
  ...clear,
  voucher: sealFor(unit, clear).closeValue('voucher', true),
});

function toRecord(reader: Reader, row: Row): WebhookSignerRecord {
  sealFor(reader, row).open('voucher', row.voucher);
  return parseRow(RecordSchema, TABLE, row.id, {
    id: row.id,
    personId: row.person_id,
    createdAt: row.created_at,
    revokedAt: row.revoked_at,
  });
}
