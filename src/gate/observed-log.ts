import type { AuditEntry } from '../contracts/audit-entry.ts';
import { mayNameRecords, noted, type Observed, observedOf } from '../core/observed.ts';
import type { AuditRecord } from '../core/records.ts';
import type { LogReads } from '../ports/store.ts';

type Log = Pick<LogReads, 'each'>;

/** Its voucher has opened: it is an entry of ours, and one of a newer process may know more events. */
export const entryIn = ({ leaf }: AuditRecord): AuditEntry =>
  JSON.parse(Buffer.from(leaf).toString('utf8')) as AuditEntry;

/** The entries `[from, to)`. One that does not open has the time of the one before it, the first `time`. */
export async function observedEntries(
  log: Log,
  from: number,
  to: number,
  time: Date,
): Promise<readonly Observed[]> {
  let last = time;
  return (await log.each(from, to, mayNameRecords)).map((record, offset) => {
    if (record === null) return noted('entry.damaged', { index: from + offset, at: last });
    const entry = entryIn(record);
    last = new Date(entry.timestamp);
    return observedOf(entry, record.personal?.value ?? null);
  });
}

const PAGE_ENTRIES = 200;

/** The first of the entries before `end` from which on all are newer than `since`, ms; `max` back at most. */
export async function firstSince(
  log: Log,
  end: number,
  since: number,
  max: number,
): Promise<number> {
  const oldest = Math.max(0, end - max);
  for (let to = end; to > oldest; to -= PAGE_ENTRIES) {
    const from = Math.max(oldest, to - PAGE_ENTRIES);
    const records = await log.each(from, to, () => false);
    const older = records.findLastIndex(
      (record) => record !== null && Date.parse(entryIn(record).timestamp) < since,
    );
    if (older !== -1) return from + older + 1;
  }
  return oldest;
}
