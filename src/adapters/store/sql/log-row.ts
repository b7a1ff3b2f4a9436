import { createHash, randomBytes } from 'node:crypto';
import type { Selectable } from 'kysely';
import { z } from 'zod';
import type { AuditEntry } from '../../../contracts/audit-entry.ts';
import type { AuditRecord } from '../../../core/records.ts';
import type { AuditEventName } from '../../../core/audit-events.ts';
import { isTerminal, REQUEST_STATUSES } from '../../../core/request-state.ts';
import { parseRow, rowSeal } from './rows.ts';
import type { Database, Sealed } from './schema.ts';
import type { Reader } from './unit.ts';

/** A log entry as a row: what its voucher says, and what follows from that when a neighbour is missing. */
export const TABLE = 'log_entries';

export const VOUCHED = ['idx', 'event', 'request_id', 'at', 'leaf', 'voucher'] as const;

export type VouchedRow = Pick<Selectable<Database['log_entries']>, (typeof VOUCHED)[number]>;

/** The rows `[from, to)` that are there. */
export const rowsOf = ({ db }: Reader, from: number, to: number): Promise<VouchedRow[]> =>
  db
    .selectFrom(TABLE)
    .select(VOUCHED)
    .where('idx', '>=', from)
    .where('idx', '<', to)
    .orderBy('idx')
    .execute();

export const lastRow = ({ db }: Reader): Promise<VouchedRow | undefined> =>
  db.selectFrom(TABLE).select(VOUCHED).orderBy('idx', 'desc').limit(1).executeTakeFirst();

/** Salt and value are sealed together: who erases one column has erased both. */
const PersonalSchema = z.strictObject({ salt: z.base64(), value: z.unknown() });

/**
 * What the log held before an entry, sealed with it. A fate is an entry that says that a write was begun
 * or that a request has ended: what somebody would hide. When entries are missing, the next one after
 * them tells how many fates there were among them, and whose the last one was.
 */
const TallySchema = z.strictObject({
  /** Counts are compared within one chain; a new one begins after an entry that does not open. */
  chain: z.string(),
  fates: z.int(),
  last: z.string().nullable(),
  /** Where the newest order is: an entry that says what is in force from then on, whatever its row says. */
  orders: z.int().nullable(),
});
export type Tally = z.infer<typeof TallySchema>;

export const newTally = (orders: number | null): Tally => ({
  chain: randomBytes(8).toString('hex'),
  fates: 0,
  last: null,
  orders,
});

const ORDERS: ReadonlySet<string> = new Set<AuditEventName>([
  'freeze.placed',
  'freeze.lifted',
  'credential.activated',
  'agent.revoked',
  'person.revoked',
  'person.changed',
  'passkey.revoked',
  'person.linked',
  'person.unlinked',
  'grant.given',
  'grant.ended',
  'absence.noted',
  'absence.ended',
]);

/** A use of a grant is one too: how often it was used must not be told by a row alone. */
const isOrder = ({ event, facts }: AuditEntry): boolean =>
  ORDERS.has(event) || (event === 'approval.granted' && facts['grant'] !== undefined);

const isFate = ({ event, facts }: AuditEntry): boolean =>
  (event === 'hubspot.intended' && facts['purpose'] === 'execute') ||
  REQUEST_STATUSES.some((status) => status === facts['status'] && isTerminal(status));

/** An entry that was put in or changed by hand would be signed with the next checkpoint. */
const voucherSeal = (
  { seal }: Reader,
  { idx, event, request_id, at, leaf }: Omit<VouchedRow, 'voucher'>,
) => {
  const leafHash = createHash('sha256').update(leaf).digest('hex');
  return rowSeal(seal, TABLE, String(idx), [event, request_id, at, leafHash]);
};

export const vouchFor = (reader: Reader, row: Omit<VouchedRow, 'voucher'>, tally: Tally): Sealed =>
  voucherSeal(reader, row).closeValue('voucher', tally);

/** Throws `plan.tampered` for a leaf that this gateway did not write at this place. */
export function vouchedLeaf(reader: Reader, row: VouchedRow): Uint8Array {
  voucherSeal(reader, row).open('voucher', row.voucher);
  return row.leaf;
}

export const RECORD = [...VOUCHED, 'personal'] as const;

export type RecordRow = Pick<Selectable<Database['log_entries']>, (typeof RECORD)[number]>;

/** Throws `plan.tampered` for a row that this gateway did not write. */
export function toRecord(reader: Reader, row: RecordRow): AuditRecord {
  const id = String(row.idx);
  const leaf = vouchedLeaf(reader, row);
  const opened = rowSeal(reader.seal, TABLE, id).open('personal', row.personal);
  if (opened === null) return { index: row.idx, leaf, personal: null };
  const { salt, value } = parseRow(PersonalSchema, TABLE, id, opened);
  return { index: row.idx, leaf, personal: { salt: Buffer.from(salt, 'base64'), value } };
}

export function opens(reader: Reader, row: VouchedRow): boolean {
  try {
    vouchedLeaf(reader, row);
    return true;
  } catch {
    return false;
  }
}

/** Of a row whose voucher has opened: it is an entry of ours, as `append` made it. */
export const entryOf = ({ leaf }: VouchedRow): AuditEntry =>
  JSON.parse(Buffer.from(leaf).toString('utf8')) as AuditEntry;

/** What the log held before this entry; undefined when it does not open. */
export function tallyBefore(reader: Reader, row: VouchedRow): Tally | undefined {
  try {
    return TallySchema.parse(voucherSeal(reader, row).open('voucher', row.voucher));
  } catch {
    return undefined;
  }
}

/** What the log held once this entry was in it. */
export function tallyAfter(reader: Reader, row: VouchedRow): Tally | undefined {
  const before = tallyBefore(reader, row);
  if (before === undefined) return undefined;
  const entry = entryOf(row);
  if (isOrder(entry)) return { ...before, orders: row.idx };
  if (!isFate(entry)) return before;
  return { ...before, fates: before.fates + 1, last: entry.request_id };
}

/** Whether what lies between the two may be a fate of this request. */
export function mayHideFate(
  requestId: string,
  after: Tally | undefined,
  before: Tally | undefined,
): boolean {
  if (after === undefined || before?.chain !== after.chain) return true;
  const hidden = before.fates - after.fates;
  if (hidden === 0) return false;
  return hidden !== 1 || before.last === requestId;
}
