import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { InvitationRecord } from '../../../core/records.ts';
import type { InvitationReads, InvitationWrites } from '../../../ports/sign-in-store.ts';
import { parseRow, rowSeal, TimeSchema } from './rows.ts';
import type { Database } from './schema.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'invitations';

const RecordSchema = z.strictObject({
  id: z.string(),
  personId: z.string(),
  tokenHash: z.string(),
  createdAt: TimeSchema,
  expiresAt: TimeSchema,
  usedAt: TimeSchema.nullable(),
});

export function createInvitationReads(reader: Reader): InvitationReads {
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
export function createInvitationWrites(unit: Unit): InvitationWrites {
  const reads = createInvitationReads(unit);
  return {
    ...reads,
    async insert(invitation) {
      await unit.db.insertInto(TABLE).values(toRow(unit, invitation)).execute();
    },
    /** The record was read in this very unit: its row opened, so nothing forged gets a new seal. */
    async use(id) {
      const invitation = await reads.get(id);
      if (invitation === undefined || invitation.usedAt !== null) return false;
      await unit.db
        .updateTable(TABLE)
        .set(toRow(unit, { ...invitation, usedAt: unit.now }))
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return true;
    },
  };
}

type Row = Selectable<Database['invitations']>;

function toRow(unit: Unit, invitation: InvitationRecord): Row {
  const clear = {
    id: invitation.id,
    person_id: invitation.personId,
    token_hash: invitation.tokenHash,
    created_at: invitation.createdAt.getTime(),
    expires_at: invitation.expiresAt.getTime(),
    used_at: invitation.usedAt?.getTime() ?? null,
  };
  return { ...clear, voucher: sealFor(unit, clear).closeValue('voucher', true) };
}

/** Vouches for the whole row: an invitation put in, turned to another person or unused by hand does not open. */
const sealFor = ({ seal }: Reader, row: Omit<Row, 'voucher'>) =>
  rowSeal(seal, TABLE, row.id, [
    ...[row.person_id, row.token_hash],
    ...[row.created_at, row.expires_at, row.used_at],
  ]);

function toRecord(reader: Reader, row: Row): InvitationRecord {
  sealFor(reader, row).open('voucher', row.voucher);
  return parseRow(RecordSchema, TABLE, row.id, {
    id: row.id,
    personId: row.person_id,
    tokenHash: row.token_hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    usedAt: row.used_at,
  });
}
