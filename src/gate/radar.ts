import { OBJECT_TYPES, type ObjectType } from '../contracts/plan.ts';
import { GatewayError, isTampered } from '../core/gateway-error.ts';
import type { AuditEvent } from '../core/records.ts';
import {
  judgeRecord,
  type Judgement,
  MATCH_TOLERANCE_MS,
  type RadarView,
  type RecordHistory,
  type RogueChange,
} from '../core/rogue-change.ts';
import type { Crm } from '../ports/crm.ts';
import type { Store } from '../ports/store.ts';
import { flush, type GuardedBy } from './guarded-call.ts';
import { type LoggedWrite, type OwnWrites, readOwnWrites, withBegins } from './own-writes.ts';
import { isPersons, peoplesArchives } from './peoples-archives.ts';
import type { RadarCalls } from './radar-calls.ts';
import {
  type ArchivedRecord,
  type Beforehand,
  readBeforehand,
  scanType,
  type TypeScan,
  type Unread,
} from './radar-scan.ts';

export interface SweepDependencies {
  readonly store: Store;
  readonly crm: Crm;
  readonly clock: () => Date;
  /** Waits; rejects when the sweep is to stop. */
  readonly pause: (ms: number) => Promise<void>;
}

/** Told while a sweep runs: a type was looked through, or that it waits. */
export type SweepProgress =
  | { readonly kind: 'waiting'; readonly ms: number }
  | { readonly kind: 'scanned'; readonly objectType: ObjectType; readonly records: number };

export interface SweepOptions extends GuardedBy {
  readonly connection: string;
  /** Of the changes that are looked for, by HubSpot's clock; both included. */
  readonly from: Date;
  readonly to: Date;
  /**
   * Waited before the search, so that it has what changed up to now: `SEARCH_SETTLE_MS` for who cannot look
   * again. Windows that overlap by `SEARCH_LAG_MS` need no wait, ms.
   */
  readonly settleMs?: number;
  /** No call begins later than this after the start; what is not read by then is said, ms. */
  readonly budgetMs?: number;
  readonly onProgress?: (progress: SweepProgress) => void;
}

/** What a sweep found; times of HubSpot's clock. */
export interface RadarReport {
  readonly connection: string;
  readonly from: Date;
  readonly to: Date;
  /** Object type -> how many records' histories were read. */
  readonly scanned: Readonly<Partial<Record<ObjectType, number>>>;
  readonly rogue: readonly RogueChange[];
  /** Archived, not by us, and HubSpot does not say by whom: a person, another app, or whoever has our token. */
  readonly unattributed: readonly RogueChange[];
  readonly unread: readonly Unread[];
  /** All was read that this token can read: nothing before `to` need be looked at again. */
  readonly isWhole: boolean;
}

/** HubSpot's search has a change some 30 s after it was made, at times later. */
export const SEARCH_LAG_MS = 180_000;
/** What a sweep that cannot look again waits for, ms. */
export const SEARCH_SETTLE_MS = 35_000;
const BUDGET_MS = 480_000;
/** Their test notes; older ones lie before every window. */
const INCIDENTS_MAX = 100;
/** With a write from this long before the window a change inside of it may be accounted for. */
const OWN_MARGIN_MS = 3 * MATCH_TOLERANCE_MS;

/** Kinds of operations that take a record away, by the names of `contracts/plan.ts`. */
const REMOVALS: ReadonlySet<string> = new Set(['archive']);

async function viewOf({ store }: SweepDependencies, of: SweepOptions): Promise<RadarView> {
  const known = await store.connections.get(of.connection);
  if (known?.appId == null) throw new GatewayError('connection.app_unknown');
  // An incident may have brought the key of another app; what the one before wrote, and whoever had it, stays its.
  const incidents = await store.incidents.list(INCIDENTS_MAX);
  const former = incidents
    .filter(({ connection, oldAppId }) => connection === of.connection && oldAppId !== null)
    .map(({ oldAppId }) => oldAppId);
  const appIds = new Set([known.appId, ...former].map(String));
  return { appIds, from: of.from, to: of.to };
}

const callsOf = (deps: SweepDependencies, of: SweepOptions): RadarCalls => ({
  ...deps,
  ...{ credential: of.credential, by: of.by, purpose: of.purpose },
  assertMayCall: of.assertMayCall,
  until: new Date(deps.clock().getTime() + (of.settleMs ?? 0) + (of.budgetMs ?? BUDGET_MS)),
});

/** Waits until search has what changed up to the start, and reads meanwhile what does not lag. */
async function settle(
  calls: RadarCalls,
  view: RadarView,
  { settleMs = 0, onProgress }: SweepOptions,
): Promise<ReadonlyMap<ObjectType, Beforehand>> {
  const isAll = settleMs > 0;
  const settledAt = calls.clock().getTime() + settleMs;
  if (isAll) onProgress?.({ kind: 'waiting', ms: settleMs });
  const read = new Map<ObjectType, Beforehand>();
  for (const type of OBJECT_TYPES)
    read.set(type, await readBeforehand(calls, type, { window: view, isAll }));
  const leftMs = settledAt - calls.clock().getTime();
  if (leftMs > 0) await calls.pause(leftMs);
  return read;
}

async function scanAll(
  calls: RadarCalls,
  view: RadarView,
  of: SweepOptions,
): Promise<ReadonlyMap<ObjectType, TypeScan>> {
  const beforehand = await settle(calls, view, of);
  const scans = new Map<ObjectType, TypeScan>();
  for (const [objectType, read] of beforehand) {
    const scan = await scanType(calls, objectType, view, read);
    scans.set(objectType, scan);
    of.onProgress?.({ kind: 'scanned', objectType, records: scan.scanned });
  }
  return scans;
}

interface Judging {
  readonly store: Store;
  readonly own: OwnWrites;
  readonly view: RadarView;
  /** Requests whose log does not tell when they were begun. */
  readonly damaged: Set<string>;
}

async function widened(
  { store, damaged }: Judging,
  writes: readonly LoggedWrite[],
): Promise<readonly LoggedWrite[]> {
  const wide: LoggedWrite[] = [];
  for (const write of writes) {
    try {
      wide.push(await withBegins(store, write));
    } catch (error) {
      if (!isTampered(error)) throw error;
      damaged.add(write.requestId);
      wide.push(write);
    }
  }
  return wide;
}

/** Only what is not accounted for is looked up in the log: a lost answer may have been settled long after. */
async function judge(judging: Judging, record: RecordHistory): Promise<Judgement> {
  const { own, view } = judging;
  const { objectType, objectId } = record;
  const writes = own.to(objectType, objectId);
  const creates = own.openCreates(objectType);
  const first = judgeRecord(record, [...writes, ...creates], view);
  if (first.rogue === undefined || writes.length === 0) return first;
  return judgeRecord(record, [...(await widened(judging, writes)), ...creates], view);
}

async function isOwnArchive(judging: Judging, record: ArchivedRecord): Promise<boolean> {
  const writes = judging.own
    .to(record.objectType, record.objectId)
    .filter(({ kind }) => REMOVALS.has(kind));
  const wide = await widened(judging, writes);
  return wide.some(({ spans }) =>
    spans.some(({ from, to }) => record.archivedAt >= from && record.archivedAt <= to),
  );
}

const asChange = ({ archivedAt, ...record }: ArchivedRecord): RogueChange => ({
  ...record,
  kind: 'archived',
  at: archivedAt,
  properties: {},
});

type Archives = Pick<RadarReport, 'rogue' | 'unattributed' | 'unread'>;

async function judgeArchives(
  judging: Judging,
  calls: RadarCalls,
  archived: readonly ArchivedRecord[],
): Promise<Archives> {
  const foreign: ArchivedRecord[] = [];
  for (const record of archived) if (!(await isOwnArchive(judging, record))) foreign.push(record);
  const [first] = foreign;
  if (first === undefined) return { rogue: [], unattributed: [], unread: [] };
  const people = await peoplesArchives(calls, first, judging.view);
  if (people.kind === 'unknown')
    return { rogue: [], unattributed: foreign.map(asChange), unread: people.unread };
  const rogue = foreign.filter((record) => !isPersons(people.actions, record));
  return { rogue: rogue.map(asChange), unattributed: [], unread: [] };
}

const lasting = (
  reason: Unread['reason'],
  objectType: Unread['objectType'] = null,
  objectId: string | null = null,
): Unread => ({ objectType, objectId, reason, isPassing: false });

async function judgeAll(
  judging: Judging,
  scans: ReadonlyMap<ObjectType, TypeScan>,
): Promise<Pick<RadarReport, 'rogue' | 'unread'>> {
  const rogue: RogueChange[] = [];
  const unread: Unread[] = [];
  for (const [objectType, { records }] of scans) {
    for (const record of records) {
      const { rogue: found, gaps } = await judge(judging, record);
      if (found !== undefined) rogue.push(found);
      unread.push(...gaps.map((gap) => lasting(gap, objectType, record.objectId)));
    }
  }
  return { rogue, unread };
}

function ownWrites(
  { store, clock }: SweepDependencies,
  of: SweepOptions,
  scans: ReadonlyMap<ObjectType, TypeScan>,
): Promise<OwnWrites> {
  const seen = new Set(
    [...scans.values()].flatMap(({ records, archived }) =>
      [...records, ...archived].map(({ objectType, objectId }) => `${objectType}/${objectId}`),
    ),
  );
  return readOwnWrites(store, {
    connection: of.connection,
    from: new Date(of.from.getTime() - OWN_MARGIN_MS),
    to: new Date(clock().getTime() + MATCH_TOLERANCE_MS),
    isWanted: (objectType, objectId) => seen.has(`${objectType}/${objectId}`),
  });
}

/**
 * Looks through what HubSpot says was changed, created and archived in a time under our app, and finds what
 * the write ledger does not have. Reads only, each with its intent and answer in the log. What could not be
 * looked at is in the report: no sweep says that all is well of what it has not seen.
 *
 * It does not see associations, permanent deletions and merges, of which HubSpot keeps no history that an app
 * can read; nor what another app than the connection's did.
 *
 * Errors: `connection.app_unknown`, `hubspot.unauthorized`, and what `assertMayCall` and the store throw.
 */
export async function sweep(deps: SweepDependencies, of: SweepOptions): Promise<RadarReport> {
  const view = await viewOf(deps, of);
  const owed: AuditEvent[] = [];
  try {
    return await sweepWith(deps, of, view, { ...callsOf(deps, of), owed });
  } finally {
    await flush(deps.store, owed);
  }
}

/** What incidents wrote to try a new key is in no ledger. */
async function ownTestNotes({ store }: SweepDependencies) {
  const incidents = await store.incidents.list(INCIDENTS_MAX);
  const notes = new Set(
    incidents.flatMap(({ canary }) => (canary === null ? [] : `${canary.objectType}/${canary.id}`)),
  );
  return ({ objectType, objectId }: RogueChange): boolean => notes.has(`${objectType}/${objectId}`);
}

async function sweepWith(
  deps: SweepDependencies,
  of: SweepOptions,
  view: RadarView,
  calls: RadarCalls,
): Promise<RadarReport> {
  const scans = await scanAll(calls, view, of);
  const own = await ownWrites(deps, of, scans);
  const judging = { store: deps.store, own, view, damaged: new Set(own.damaged) };
  const judged = await judgeAll(judging, scans);
  const archived = [...scans.values()].flatMap((scan) => scan.archived);
  const archives = await judgeArchives(judging, calls, archived);
  const unread = [
    ...[...scans.values()].flatMap((scan) => scan.unread),
    ...judged.unread,
    ...archives.unread,
    ...[...judging.damaged].map((name) => lasting('own_record_damaged', null, name)),
  ];
  const isOurs = await ownTestNotes(deps);
  return {
    ...{ connection: of.connection, from: of.from, to: of.to },
    scanned: Object.fromEntries([...scans].map(([type, { scanned }]) => [type, scanned])),
    rogue: [...judged.rogue, ...archives.rogue].filter((change) => !isOurs(change)),
    unattributed: archives.unattributed.filter((change) => !isOurs(change)),
    unread,
    isWhole: !unread.some(({ isPassing }) => isPassing),
  };
}
