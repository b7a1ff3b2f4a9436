import {
  ArchivedPageSchema,
  ChangedPageSchema,
  HistoriesSchema,
  type HistoryAnswer,
  type VersionAnswer,
  PropertyListSchema,
} from '../actions/radar-shapes.ts';
import { NAME_PROPERTIES, recordName } from '../actions/record-name.ts';
import type { ObjectType } from '../contracts/plan.ts';
import type { ErrorCode } from '../core/errors.ts';
import { modifiedProperty } from '../core/hubspot-paths.ts';
import {
  type HistoryGap,
  MATCH_TOLERANCE_MS,
  type RecordHistory,
  type Span,
  type ValueVersion,
} from '../core/rogue-change.ts';
import {
  ask,
  listArchived,
  listProperties,
  RADAR_LIMITS,
  type RadarCalls,
  readHistories,
  searchChanged,
} from './radar-calls.ts';

/** What a sweep could not look at. */
export interface Unread {
  readonly objectType: ObjectType | null;
  /** Null where it is not one record alone; of `own_record_damaged` the row of our own store. */
  readonly objectId: string | null;
  /**
   * - an error code: what HubSpot answered, or why it was not asked.
   * - `gone`: search has it, and it cannot be read, in the bin neither: erased, or merged away.
   * - `too_many`: more than a sweep pages through.
   * - `no_archive_time`: HubSpot does not say when it was archived.
   * - `own_record_damaged`: what the gateway's store says of a write of its own does not open.
   */
  readonly reason:
    ErrorCode | HistoryGap | 'gone' | 'too_many' | 'no_archive_time' | 'own_record_damaged';
  /** Another sweep may read it: this one's window is not done with. */
  readonly isPassing: boolean;
}

export interface ArchivedRecord {
  readonly objectType: ObjectType;
  readonly objectId: string;
  readonly recordName: string;
  readonly archivedAt: Date;
}

export interface TypeScan {
  /** How many records' histories were read. */
  readonly scanned: number;
  readonly records: readonly RecordHistory[];
  /** In the window. */
  readonly archived: readonly ArchivedRecord[];
  readonly unread: readonly Unread[];
}

const DAY_MS = 86_400_000;

const TITLES: Readonly<Partial<Record<ObjectType, string>>> = {
  tasks: 'hs_task_subject',
  calls: 'hs_call_title',
  emails: 'hs_email_subject',
  meetings: 'hs_meeting_title',
};
const CREATED_BY = 'hs_object_source_id';

function namesOf(type: ObjectType): readonly string[] {
  const named: Readonly<Partial<Record<ObjectType, readonly string[]>>> = NAME_PROPERTIES;
  const title = TITLES[type];
  return named[type] ?? (title === undefined ? [] : [title]);
}

const nameOf = (
  object_type: ObjectType,
  id: string,
  properties: Readonly<Record<string, string | null>>,
): string => properties[TITLES[object_type] ?? ''] ?? recordName({ object_type, id, properties });

/** Gathers what was not read while a type is looked through. */
interface Notes {
  readonly unread: Unread[];
  readonly note: (reason: Unread['reason'], isPassing: boolean, objectId?: string) => void;
}

function takeNotes(objectType: ObjectType): Notes {
  const unread: Unread[] = [];
  return {
    unread,
    note: (reason, isPassing, objectId) => {
      unread.push({ objectType, objectId: objectId ?? null, reason, isPassing });
    },
  };
}

/**
 * Ids of the records changed since then. Each next page begins at the time of the last record, not at a
 * place: a record that changes meanwhile moves to the end and would pull another one over the edge of a page. By
 * place only among records of one and the same millisecond. So HubSpot's 10,000 results are no limit either,
 * unless that many changed in one millisecond.
 */
async function changedSince(
  of: RadarCalls,
  type: ObjectType,
  from: Date,
  { note }: Notes,
): Promise<ReadonlySet<string>> {
  const modified = modifiedProperty(type);
  const ids = new Set<string>();
  let fromMs = from.getTime();
  let after: string | undefined;
  for (let page = 0; page < RADAR_LIMITS.searchPagesMax; page += 1) {
    // The end lies ahead: a record changed again since the window's end would be missing otherwise.
    const untilMs = of.clock().getTime() + DAY_MS;
    const found = await ask(of, searchChanged(type, { fromMs, untilMs, after }), ChangedPageSchema);
    if (found.kind === 'none') {
      note(found.code, found.isPassing);
      return ids;
    }
    const { results, paging } = found.data;
    for (const { id } of results) ids.add(id);
    const lastMs = Date.parse(results.at(-1)?.properties[modified] ?? '');
    if (paging?.next === undefined) return ids;
    if (lastMs > fromMs) [fromMs, after] = [lastMs, undefined];
    else after = paging.next.after;
    if (Number(after ?? 0) + RADAR_LIMITS.searchPageMax > RADAR_LIMITS.searchResultsMax) break;
  }
  note('too_many', true);
  return ids;
}

const isIn = (at: Date, { from, to }: Span): boolean => at >= from && at <= to;

/** The bin is listed whole: HubSpot can neither sort nor filter it. */
async function archivedIn(
  of: RadarCalls,
  type: ObjectType,
  window: Span,
  { note }: Notes,
): Promise<readonly ArchivedRecord[]> {
  const archived: ArchivedRecord[] = [];
  let after: string | undefined;
  for (let page = 0; page < RADAR_LIMITS.archivedPagesMax; page += 1) {
    const found = await ask(of, listArchived(type, namesOf(type), after), ArchivedPageSchema);
    if (found.kind === 'none') {
      note(found.code, found.isPassing);
      return archived;
    }
    for (const { id, archivedAt, properties } of found.data.results) {
      if (archivedAt === undefined) note('no_archive_time', false, id);
      else if (isIn(archivedAt, window))
        archived.push({
          ...{ objectType: type, objectId: id, archivedAt },
          recordName: nameOf(type, id, properties),
        });
    }
    after = found.data.paging?.next?.after;
    if (after === undefined) return archived;
  }
  note('too_many', false);
  return archived;
}

/** What a token can write at all: HubSpot refuses the rest, and changes it by itself. */
async function writableProperties(
  of: RadarCalls,
  type: ObjectType,
  { note }: Notes,
): Promise<readonly string[] | undefined> {
  const found = await ask(of, listProperties(type), PropertyListSchema);
  if (found.kind === 'none') {
    note(found.code, found.isPassing);
    return undefined;
  }
  return found.data.results
    .filter(({ calculated, modificationMetadata: rules }) => !calculated && !rules?.readOnlyValue)
    .map(({ name }) => name);
}

const toVersion = (listed: VersionAnswer): ValueVersion => ({
  value: listed.value ?? '',
  at: listed.timestamp,
  sourceType: listed.sourceType,
  sourceId: listed.sourceId ?? null,
});

function toHistory(type: ObjectType, answer: HistoryAnswer): RecordHistory {
  const { id, createdAt, properties, propertiesWithHistory } = answer;
  const versions = Object.entries(propertiesWithHistory).map(
    ([name, listed]) => [name, listed.map(toVersion)] as const,
  );
  return {
    ...{ objectType: type, objectId: id, recordName: nameOf(type, id, properties) },
    ...{ createdAt, createdBy: properties[CREATED_BY] ?? null },
    versions: Object.fromEntries(versions),
  };
}

interface Reading {
  readonly of: RadarCalls;
  readonly type: ObjectType;
  readonly withHistory: readonly string[];
  readonly isArchived: boolean;
  readonly notes: Notes;
  /** By id. */
  readonly read: Map<string, RecordHistory>;
}

/** Halves what is too large for one answer, down to one record. False: there is no use in going on. */
async function readSome(reading: Reading, ids: readonly string[]): Promise<boolean> {
  const { of, type, withHistory, isArchived, notes, read } = reading;
  const properties = [...namesOf(type), CREATED_BY];
  const asked = readHistories(type, ids, { properties, withHistory, isArchived });
  const found = await ask(of, asked, HistoriesSchema);
  if (found.kind === 'answered') {
    for (const each of found.data.results) read.set(each.id, toHistory(type, each));
    return true;
  }
  const isTooMuch = found.code === 'hubspot.bad_answer' || found.code === 'record.invalid';
  if (!isTooMuch || ids.length === 1) {
    notes.note(found.code, found.isPassing, ids.length === 1 ? ids[0] : undefined);
    return isTooMuch;
  }
  const middle = Math.ceil(ids.length / 2);
  return (await readSome(reading, ids.slice(0, middle))) && readSome(reading, ids.slice(middle));
}

/** False when not all of them were asked for. */
async function readAll(reading: Reading, ids: readonly string[]): Promise<boolean> {
  for (let at = 0; at < ids.length; at += RADAR_LIMITS.historiesMax)
    if (!(await readSome(reading, ids.slice(at, at + RADAR_LIMITS.historiesMax)))) return false;
  return true;
}

/** Records that search still has may lie in the bin by now; what was done to them before counts too. */
async function histories(
  of: RadarCalls,
  type: ObjectType,
  known: readonly string[] | undefined,
  {
    changed,
    archived,
  }: { readonly changed: readonly string[]; readonly archived: readonly string[] },
  notes: Notes,
): Promise<ReadonlyMap<string, RecordHistory>> {
  const read = new Map<string, RecordHistory>();
  const withHistory = known ?? (await writableProperties(of, type, notes));
  if (withHistory === undefined) return read;
  const shared = { of, type, withHistory, notes, read };
  if (!(await readAll({ ...shared, isArchived: false }, changed))) return read;
  const isNoted = new Set(notes.unread.map(({ objectId }) => objectId));
  const missing = changed.filter((id) => !read.has(id) && !isNoted.has(id));
  const inBin = [...new Set([...archived, ...missing])].filter((id) => !read.has(id));
  if (!(await readAll({ ...shared, isArchived: true }, inBin))) return read;
  for (const id of inBin) if (!read.has(id)) notes.note('gone', false, id);
  return read;
}

/** What does not lag behind, and can be read before search has what changed last. */
export interface Beforehand {
  readonly archived: readonly ArchivedRecord[];
  /** Undefined: not asked for yet. */
  readonly properties: readonly string[] | undefined;
  readonly notes: Notes;
}

/** A token that may not read them may not write them either, and is not asked twice. */
const isForbidden = ({ unread }: Notes): boolean =>
  unread.some(({ reason }) => reason === 'hubspot.missing_scope');

/** `isAll`: with what is only needed if something has changed, for who has the time. */
export async function readBeforehand(
  of: RadarCalls,
  type: ObjectType,
  { window, isAll }: { readonly window: Span; readonly isAll: boolean },
): Promise<Beforehand> {
  const notes = takeNotes(type);
  const archived = await archivedIn(of, type, window, notes);
  const isAsked = isAll && !isForbidden(notes);
  const properties = isAsked ? await writableProperties(of, type, notes) : undefined;
  return { archived, properties, notes };
}

/** Looks through one object type. Throws as `guardedCall` does, and what `pause` rejects with. */
export async function scanType(
  of: RadarCalls,
  type: ObjectType,
  window: Span,
  { archived, properties, notes }: Beforehand,
): Promise<TypeScan> {
  if (isForbidden(notes)) return { scanned: 0, records: [], archived: [], unread: notes.unread };
  // As far back as a write of ours can account for something inside the window.
  const since = new Date(window.from.getTime() - 2 * MATCH_TOLERANCE_MS);
  const changed = [...(await changedSince(of, type, since, notes))];
  const ids = archived.map(({ objectId }) => objectId);
  const read =
    changed.length + ids.length === 0
      ? new Map<string, RecordHistory>()
      : await histories(of, type, properties, { changed, archived: ids }, notes);
  return { scanned: read.size, records: [...read.values()], archived, unread: notes.unread };
}
