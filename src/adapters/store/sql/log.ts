import { createHash, randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import { commit, leafBytes, LIMITS } from '../../../audit/leaf.ts';
import { type AuditEntry, AuditEntrySchema } from '../../../contracts/audit-entry.ts';
import type { AuditEvent, AuditRecord } from '../../../core/records.ts';
import type { LogReads, LogWrites } from '../../../ports/store.ts';
import { parseRow, rowSeal } from './rows.ts';
import type { Database } from './schema.ts';
import { tampered } from './seal.ts';
import type { Reader, Unit } from './unit.ts';

const TABLE = 'log_entries';

/** Salt and value are sealed together: who erases one column has erased both. */
const PersonalSchema = z.strictObject({ salt: z.base64(), value: z.unknown() });

export function createLogReads(reader: Reader): LogReads {
  const { db } = reader;
  return {
    size: () => nextIndex(reader),
    async leaves(from, to) {
      const rows = await db
        .selectFrom(TABLE)
        .select(VOUCHED)
        .where('idx', '>=', from)
        .where('idx', '<', to)
        .orderBy('idx')
        .execute();
      // A hole would move every later leaf to another place, and a checkpoint would be signed over it.
      const gap = rows.findIndex((row, offset) => row.idx !== from + offset);
      if (gap !== -1) throw tampered(TABLE, String(from + gap));
      return rows.map((row) => vouchedLeaf(reader, row));
    },
    async ofRequest(requestId) {
      const rows = await db
        .selectFrom(TABLE)
        .select([...VOUCHED, 'personal'])
        .where('request_id', '=', requestId)
        .orderBy('idx')
        .execute();
      await assertNoneMissing(reader, rows[0]?.idx);
      return rows.map((row) => toRecord(reader, row));
    },
  };
}

/**
 * The index is read and used in one transaction that holds the store's write lock, so the log has no
 * gap and no fork, whichever process appends. Throws RangeError for a leaf that no bundle can hold.
 */
export function createLogWrites(unit: Unit): LogWrites {
  return {
    ...createLogReads(unit),
    async append(event) {
      const index = await nextIndex(unit);
      const personal = event.personal && { salt: newSalt(), value: event.personal };
      const entry = toEntry(
        event,
        index,
        unit.now,
        personal && commit(personal.salt, personal.value),
      );
      const row = {
        idx: index,
        event: event.event,
        request_id: event.requestId ?? null,
        at: unit.now.getTime(),
        leaf: leafBytes(entry),
      };
      await unit.db
        .insertInto(TABLE)
        .values({
          ...row,
          voucher: voucherSeal(unit, row).closeValue('voucher', true),
          personal: rowSeal(unit.seal, TABLE, String(index)).close(
            'personal',
            personal && { salt: personal.salt.toString('base64'), value: personal.value },
          ),
        })
        .execute();
      return index;
    },
  };
}

const VOUCHED = ['idx', 'event', 'request_id', 'at', 'leaf', 'voucher'] as const;

type VouchedRow = Pick<Selectable<Database['log_entries']>, (typeof VOUCHED)[number]>;

/** An entry that was put in or changed by hand would be signed with the next checkpoint. */
const voucherSeal = (
  { seal }: Reader,
  { idx, event, request_id, at, leaf }: Omit<VouchedRow, 'voucher'>,
) => {
  const leafHash = createHash('sha256').update(leaf).digest('hex');
  return rowSeal(seal, TABLE, String(idx), [event, request_id, at, leafHash]);
};

/** Throws `plan.tampered` for a leaf that this gateway did not write at this place. */
function vouchedLeaf(reader: Reader, row: VouchedRow): Uint8Array {
  voucherSeal(reader, row).open('voucher', row.voucher);
  return row.leaf;
}

/**
 * An entry that was taken out would hide that a write was begun or that a request had ended. Counted in
 * one statement: between two of them another process may append, and that is no hole.
 */
async function assertNoneMissing(reader: Reader, first: number | undefined): Promise<void> {
  if (first === undefined) return;
  const { count, last } = await reader.db
    .selectFrom(TABLE)
    .select(({ fn }) => [
      fn.countAll<number | string>().as('count'),
      fn.max<number | string>('idx').as('last'),
    ])
    .where('idx', '>=', first)
    .executeTakeFirstOrThrow();
  if (first + Number(count) !== Number(last) + 1) throw tampered(TABLE, String(first));
}

/** By the primary key's end: the cost does not grow with the log. */
async function nextIndex({ db }: Reader): Promise<number> {
  const last = await db
    .selectFrom(TABLE)
    .select('idx')
    .orderBy('idx', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last === undefined ? 0 : last.idx + 1;
}

function toEntry(
  event: AuditEvent,
  index: number,
  now: Date,
  commitment: string | undefined,
): AuditEntry {
  return AuditEntrySchema.parse({
    v: 1,
    index,
    timestamp: now.toISOString(),
    event: event.event,
    actor: event.actor,
    request_id: event.requestId ?? null,
    agent_id: event.agentId ?? null,
    code: event.code ?? null,
    digest: event.digest ?? null,
    hubspot_endpoint: event.hubspotEndpoint ?? null,
    response_status: event.responseStatus ?? null,
    facts: event.facts ?? {},
    personal: commitment ?? null,
  });
}

function toRecord(
  reader: Reader,
  row: VouchedRow & Pick<Selectable<Database['log_entries']>, 'personal'>,
): AuditRecord {
  const id = String(row.idx);
  const leaf = vouchedLeaf(reader, row);
  const opened = rowSeal(reader.seal, TABLE, id).open('personal', row.personal);
  if (opened === null) return { index: row.idx, leaf, personal: null };
  const { salt, value } = parseRow(PersonalSchema, TABLE, id, opened);
  return { index: row.idx, leaf, personal: { salt: Buffer.from(salt, 'base64'), value } };
}

function newSalt(): Buffer {
  return randomBytes(LIMITS.saltBytes);
}
