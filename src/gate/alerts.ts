import { type AlertFacts, AlertFactsSchema, type AlertView } from '../contracts/alert.ts';
import { type AlertResponse, alertTitle, WINDOW_MAX_MS } from '../core/detection-rules.ts';
import type { DetectionSettings, Finding } from '../core/detection.ts';
import { WINDOW_DEFAULT_MS } from '../core/incident.ts';
import type { AuditRecord } from '../core/records.ts';
import type { LogReads, StoreReads, StoreTransaction } from '../ports/store.ts';
import { oweAlert } from './alarm-notices.ts';
import { placeFreeze } from './freezes.ts';
import { openIncident } from './incidents.ts';
import { entryOf } from './logged.ts';
import type { NoticePlace } from './notices.ts';
import { entryIn } from './observed-log.ts';
import { unlessTampered } from './unless-tampered.ts';

/** What people are told of an episode. */
export interface Alert extends Omit<AlertFacts, 'entries' | 'requests'> {
  readonly agentId: string | null;
  readonly entries: readonly number[];
  readonly requests: readonly string[];
}

/** An alert with its place in the log. */
export interface RaisedAlert extends Alert {
  readonly index: number;
  readonly raisedAt: Date;
}

/**
 * Tells people of an episode, in the commit that does what its rule asks for. Each alert comes through
 * here once. Returns the index of its entry, by which it is known.
 */
export function tellOfAlert(tx: StoreTransaction, alert: Alert): Promise<number> {
  const { agentId, ...facts } = alert;
  return tx.log.append({
    event: 'alert.raised',
    actor: 'gateway',
    ...(agentId === null ? {} : { agentId }),
    facts,
  });
}

/** None for what a later version wrote, and this one does not understand: that must not stop what works. */
function alertIn(record: AuditRecord): RaisedAlert[] {
  const { index, timestamp, agent_id: agentId, facts } = entryIn(record);
  const parsed = AlertFactsSchema.safeParse(facts);
  if (!parsed.success) return [];
  return [{ ...parsed.data, index, raisedAt: new Date(timestamp), agentId }];
}

/** `damaged`: its entry is gone or does not open. `unknown`: a later version wrote it. */
export async function alertAt(
  { log }: Pick<StoreReads, 'log'>,
  index: number,
): Promise<RaisedAlert | 'damaged' | 'unknown'> {
  if (index >= (await log.size())) return 'damaged';
  const [record] = await log.each(index, index + 1, () => false);
  if (record == null || entryIn(record).event !== 'alert.raised') return 'damaged';
  return alertIn(record)[0] ?? 'unknown';
}

type AlertLog = { readonly log: Pick<LogReads, 'newest'> };

/** Newest first. */
export const newestAlerts = async (
  { log }: AlertLog,
  page: { readonly limit: number; readonly before?: number },
): Promise<readonly RaisedAlert[]> => (await log.newest('alert.raised', page)).flatMap(alertIn);

const PAGE = 50;
const COUNTED_MAX = 1_000;
const DAY_MS = 86_400_000;

/** Those raised since then, newest first. */
export async function* alertsSince(of: AlertLog, since: Date): AsyncGenerator<RaisedAlert> {
  let before: { readonly before?: number } = {};
  for (let read = 0; read < COUNTED_MAX;) {
    // Mostly the newest one is too old already, and this is asked every second.
    const page = await newestAlerts(of, { limit: read === 0 ? 1 : PAGE, ...before });
    for (const alert of page) {
      if (alert.raisedAt < since) return;
      yield alert;
    }
    const last = page.at(-1);
    if (last === undefined) return;
    before = { before: last.index };
    read += page.length;
  }
}

/** Episodes that began to be told in the last day. */
export async function countRecentAlerts(of: AlertLog, now: Date): Promise<number> {
  let count = 0;
  const alerts = alertsSince(of, new Date(now.getTime() - DAY_MS));
  while ((await alerts.next()).done !== true) count += 1;
  return count;
}

/** Until when each agent is slowed down, ms: by the log alone, whatever process asks. */
export async function slowedAgents(of: AlertLog, now: Date): Promise<ReadonlyMap<string, number>> {
  const slowed = new Map<string, number>();
  for await (const alert of alertsSince(of, new Date(now.getTime() - WINDOW_MAX_MS))) {
    const until = alert.raisedAt.getTime() + alert.window_ms;
    if (alert.response !== 'slow' || alert.agentId === null || until <= now.getTime()) continue;
    slowed.set(alert.agentId, Math.max(until, slowed.get(alert.agentId) ?? 0));
  }
  return slowed;
}

/**
 * Two of one rule and one agent are never nearer to each other than its window, unless what the first one
 * did was lifted between them.
 */
async function isTold(
  tx: StoreTransaction,
  { rule, agentId, personId, at, liftedAt }: Finding,
  windowMs: number,
): Promise<boolean> {
  for await (const told of alertsSince(tx, new Date(at.getTime() - windowMs))) {
    if (liftedAt !== null && told.index < liftedAt) return false;
    const isSame = told.rule === rule && told.agentId === agentId && told.person === personId;
    if (isSame && Math.abs(Date.parse(told.at) - at.getTime()) < windowMs) return true;
  }
  return false;
}

/** What is done beside telling. */
interface Done {
  readonly freeze: string | null;
  readonly incident: string | null;
}

/** From when on the incident looks: not later than the sweep that found what opened it, which may reach days back. */
async function windowOf(
  { log, now }: Pick<StoreTransaction, 'log' | 'now'>,
  { rule, entries }: Finding,
): Promise<Date> {
  const usual = now.getTime() - WINDOW_DEFAULT_MS;
  if (rule !== 'radar_found') return new Date(usual);
  // An entry that somebody has taken out must not keep the freeze from coming.
  const reads = entries.map((index) => unlessTampered(log.leaves(index, index + 1), []));
  const leaves = await Promise.all(reads);
  const swept = leaves
    .flat()
    .map((leaf) => entryOf(leaf).facts['window_from'])
    .flatMap((from) => (typeof from === 'string' ? [Date.parse(from)] : []));
  return new Date(Math.min(usual, ...swept));
}

async function respond(
  tx: StoreTransaction,
  finding: Finding,
  response: AlertResponse,
  connection: string,
): Promise<Done> {
  const { rule, agentId, entries } = finding;
  const reason = `${alertTitle(rule)} (rule ${rule}).`;
  const by = 'gateway';
  if (response === 'freeze_agent' && agentId !== null) {
    const target = { kind: 'agent', id: agentId } as const;
    const freeze = await placeFreeze(tx, { target, reason, by, configured: connection });
    return { freeze: freeze.id, incident: null };
  }
  if (response === 'open_incident') {
    const cause = { rule, entries };
    const since = await windowOf(tx, finding);
    const incident = await openIncident(tx, { connection, reason, by, cause, since });
    return { freeze: incident.freezeId, incident: incident.id };
  }
  return { freeze: null, incident: null };
}

/** What could not be done as its rule says: why, and what is done in its place. */
export interface Failure {
  readonly code: string;
}

export interface AlertToRaise {
  readonly finding: Finding;
  /** Who is told. */
  readonly places: readonly NoticePlace[];
  readonly settings: DetectionSettings;
  readonly connection: string;
  /** So old that people are only told. */
  readonly isLate: boolean;
  readonly failure?: Failure | undefined;
}

/**
 * In one commit: what the rule asks for and the entry that tells of it. Nothing when the episode was told
 * before, by whatever process. After a failure an incident's connection is frozen all the same, by a
 * freeze of its own.
 */
export async function raiseAlert(
  tx: StoreTransaction,
  { finding, places, settings, connection, isLate, failure }: AlertToRaise,
): Promise<Alert | undefined> {
  const { rule, agentId, personId, count, entries, requests, at } = finding;
  const { windowMs, response: asked } = settings.rules[rule];
  if (await isTold(tx, finding, windowMs)) return undefined;
  const response = isLate ? 'notify' : asked;
  const standing = await unlessTampered(tx.incidents.open(connection), undefined);
  const done =
    failure === undefined
      ? await respond(tx, finding, response, connection)
      : await containAnyway(tx, finding, response, connection);
  const alert: Alert = {
    ...{ rule, agentId, person: personId, count, entries, requests },
    ...{ window_ms: windowMs, at: at.toISOString(), response, late: isLate },
    ...done,
    failed_with: failure?.code ?? null,
  };
  const index = await tellOfAlert(tx, alert);
  // An incident that it opened is told with its rule, and once is enough.
  const isOpened = alert.incident !== null && alert.incident !== standing?.id;
  // One about a person has to go past that person, as an incident does not.
  const isToldWithIncident = isOpened && personId === null;
  if (!isToldWithIncident) await oweAlert(tx, { index, person: personId }, places);
  return alert;
}

/** A damaged incident is no reason not to freeze. */
async function containAnyway(
  tx: StoreTransaction,
  { rule }: Finding,
  response: AlertResponse,
  connection: string,
): Promise<Done> {
  if (response !== 'open_incident') return { freeze: null, incident: null };
  const target = { kind: 'connection', id: connection } as const;
  const reason = `${alertTitle(rule)} (rule ${rule}); an incident could not be opened.`;
  const freeze = await placeFreeze(tx, { target, reason, by: 'gateway', configured: connection });
  return { freeze: freeze.id, incident: null };
}

/** Says that the rules have passed over the entries `[from, to)`. */
export async function tellOfUnlooked(
  tx: StoreTransaction,
  { from, to }: { readonly from: number; readonly to: number },
  places: readonly NoticePlace[],
): Promise<void> {
  const index = await tellOfAlert(tx, {
    ...{ rule: 'entries_unlooked', agentId: null, person: null, count: to - from },
    ...{ entries: [from, to - 1], requests: [], window_ms: 0, at: tx.now.toISOString() },
    ...{ response: 'notify', freeze: null, incident: null, late: false, failed_with: null },
  });
  await oweAlert(tx, { index, person: null }, places);
}

/** As API and command line show it. */
export const alertView = ({ index, raisedAt, agentId, ...alert }: RaisedAlert): AlertView => ({
  ...alert,
  entries: [...alert.entries],
  requests: [...alert.requests],
  ...{ index, title: alertTitle(alert.rule), agent_id: agentId },
  raised_at: raisedAt.toISOString(),
});
