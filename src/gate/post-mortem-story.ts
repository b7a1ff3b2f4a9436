import type { AuditEntry } from '../contracts/audit-entry.ts';
import type { IncidentRecord } from '../core/incident.ts';
import type { AuditRecord } from '../core/records.ts';
import type { StoreReads } from '../ports/store.ts';
import { entryOf } from './logged.ts';

const PAGE_ENTRIES = 1_000;

type LogOf = Pick<StoreReads, 'log'>;

export interface Story {
  readonly entries: readonly AuditEntry[];
  /** Indexes of its time that are gone or were changed: they may have been the incident's. */
  readonly lost: readonly number[];
  /** Why somebody said that it was a false alarm; undefined where nobody did, and where the words were erased. */
  readonly falseAlarm?: string | undefined;
}

/** Whose entry it is: the incident's own, its freeze's, and those of what it asked to be taken back. */
function isPart(entry: AuditEntry, { id, freezeId, takeBacks }: IncidentRecord): boolean {
  const { facts, request_id } = entry;
  return (
    facts['incident'] === id ||
    facts['freeze'] === freezeId ||
    (request_id !== null && takeBacks.includes(request_id))
  );
}

const FALSE_ALARM = 'incident.false_alarm';

/** The words of whoever said so; of another incident's they are no part. */
function falseAlarmOf(
  records: readonly (AuditRecord | null)[],
  incidentId: string | undefined,
): string | undefined {
  const said = records.find((record) => {
    if (record === null) return false;
    const { event, facts } = entryOf(record.leaf);
    return event === FALSE_ALARM && facts['incident'] === incidentId;
  });
  const { reason } = (said?.personal?.value ?? {}) as { readonly reason?: unknown };
  return typeof reason === 'string' ? reason : undefined;
}

/** The entries of `[from, to)` as far as they can be read. */
async function readRange(
  { log }: LogOf,
  from: number,
  to: number,
  incidentId?: string,
): Promise<Story> {
  const records = await log.each(from, to, (event) => event === FALSE_ALARM);
  return {
    falseAlarm: falseAlarmOf(records, incidentId),
    entries: records.flatMap((record) => (record === null ? [] : [entryOf(record.leaf)])),
    lost: records.flatMap((record, offset) => (record === null ? [from + offset] : [])),
  };
}

/** What the rule saw last, by which it opened the incident; undefined where it cannot be read, or no rule did. */
export async function whatRuleSaw(
  store: LogOf,
  { cause }: IncidentRecord,
): Promise<AuditEntry | undefined> {
  const last = cause?.entries.at(-1);
  return last === undefined ? undefined : (await readRange(store, last, last + 1)).entries[0];
}

const joined = (stories: readonly Story[]): Story => ({
  entries: stories.flatMap(({ entries }) => entries),
  lost: stories.flatMap(({ lost }) => lost),
  falseAlarm: stories.find(({ falseAlarm }) => falseAlarm !== undefined)?.falseAlarm,
});

/** What the rule saw, that opened it. */
async function causeOf(store: LogOf, { cause, firstEntry }: IncidentRecord): Promise<Story> {
  const before = (cause?.entries ?? []).filter((index) => index < firstEntry - 1);
  return joined(await Promise.all(before.map((index) => readRange(store, index, index + 1))));
}

const isEnd = ({ event, facts }: AuditEntry, { id }: IncidentRecord): boolean =>
  event === 'incident.closed' && facts['incident'] === id;

/** Up to its end; what others did since, however much that is, is not told. */
function untilEnd({ entries, lost, falseAlarm }: Story, incident: IncidentRecord): Story {
  const end = entries.find((entry) => isEnd(entry, incident));
  const isTold = (index: number) => end === undefined || index <= end.index;
  return {
    entries: entries.filter((entry) => isTold(entry.index) && isPart(entry, incident)),
    lost: lost.filter(isTold),
    falseAlarm,
  };
}

/** Its own first entries, where the log was cut off before them. */
function cutOff({ firstEntry }: IncidentRecord, size: number): Story {
  return { entries: [], lost: [firstEntry - 1, firstEntry].filter((index) => index >= size) };
}

/** The incident's own entries, from what caused it to its end. */
export async function storyOf(store: LogOf, incident: IncidentRecord): Promise<Story> {
  // The freeze is the entry before the first.
  const from = Math.max(0, incident.firstEntry - 1);
  const size = await store.log.size();
  const parts = [await causeOf(store, incident), cutOff(incident, size)];
  for (let at = from; at < size; at += PAGE_ENTRIES) {
    const part = await readRange(store, at, Math.min(at + PAGE_ENTRIES, size), incident.id);
    parts.push(untilEnd(part, incident));
    if (part.entries.some((entry) => isEnd(entry, incident))) break;
  }
  return joined(parts);
}
