import type { Counters, Evidence, IncidentProgress, IncidentRecord } from '../core/incident.ts';
import type { RequestRecord } from '../core/records.ts';
import type { RequestStatus } from '../core/request-state.ts';
import { countRecentAlerts } from '../gate/alerts.ts';
import { closeUntouched } from '../gate/close-untouched.ts';
import { incidentAt, incidentEntry } from '../gate/incidents.ts';
import type { Store } from '../ports/store.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { progressOf } from './incident-progress.ts';
import { unlessTampered } from '../gate/unless-tampered.ts';

const PAGE_MAX = 200;
const NOT_BEGUN = ['planned', 'awaiting_approval', 'approved'] as const;
const BEGUN = ['executing', 'outcome_unknown'] as const;

async function idsOn(
  store: Store,
  connection: string,
  statuses: readonly RequestStatus[],
): Promise<string[]> {
  const found: string[] = [];
  for (let after: string | undefined; ;) {
    const page = after === undefined ? { limit: PAGE_MAX } : { limit: PAGE_MAX, after };
    const ids = await store.requests.idsIn(statuses, page);
    for (const id of ids) if (await isOn(store, connection, id)) found.push(id);
    after = ids.at(-1);
    if (ids.length < PAGE_MAX) return found;
  }
}

/** A row that does not open is of no connection: it is another alarm, and closed by it. */
const isOn = async (store: Store, connection: string, id: string): Promise<boolean> =>
  (await unlessTampered(store.requests.get(id), undefined))?.connection === connection;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Up to the opening: what came later was refused for it. */
async function countersOf(store: Store, opened: Date): Promise<Counters> {
  const { rows } = await store.agents.list();
  const counted = await Promise.all(
    rows.map(async ({ id }) => {
      const later = await store.requests.countSince(id, opened);
      const within = async (ms: number): Promise<number> =>
        (await store.requests.countSince(id, new Date(opened.getTime() - ms))) - later;
      return { id, lastHour: await within(HOUR_MS), lastDay: await within(DAY_MS) };
    }),
  );
  return {
    agents: counted.filter(({ lastDay }) => lastDay > 0),
    alertsLastDay: await countRecentAlerts(store, opened),
  };
}

/**
 * Contain, second half (the freeze stands since the opening): ends what had not begun, each with the
 * reason for its agent and approvers, and notes the state of affairs. Safe to run any number of times.
 * Errors: `log.unavailable`, `store.unavailable`.
 */
export function createContainIncident(deps: ActivityDependencies) {
  const { store, auditLog } = deps;

  async function cancel(incident: IncidentRecord, id: string): Promise<void> {
    // What the unit asks of the log is looked up here, where nobody waits for it.
    await store.log.trace(id);
    await store.commit(async (tx) => {
      const request = await tx.requests.get(id);
      if (request === undefined || !isNotBegun(request)) return;
      const ending = { status: 'failed', code: 'incident.contained' } as const;
      const facts = { at: 'incident', incident: incident.id };
      const cause = { event: 'request.completed', actor: 'gateway', facts } as const;
      const damaged = await closeUntouched(tx, request, ending, cause);
      if (damaged === undefined) await tx.requests.setWake(id, tx.now);
    });
  }

  /** On record before anything is ended for it: a second run would find nothing waiting any more. */
  async function notedEvidence(incident: IncidentRecord): Promise<Evidence> {
    if (incident.evidence !== null) return incident.evidence;
    const { size, rootPrefix } = await auditLog.checkpoint();
    const log = { size, rootPrefix, note: (await auditLog.note()) ?? null };
    const evidence = {
      log,
      counters: await countersOf(store, incident.openedAt),
      begun: await idsOn(store, incident.connection, BEGUN),
      cancelled: await idsOn(store, incident.connection, NOT_BEGUN),
    };
    return store.commit(async (tx) => {
      const now = await incidentAt(tx, incident.id, 'containing');
      if (now === undefined || now.evidence !== null) return now?.evidence ?? evidence;
      await tx.incidents.update(now.id, { evidence });
      return evidence;
    });
  }

  async function contain(incident: IncidentRecord): Promise<void> {
    const { log, begun, cancelled } = await notedEvidence(incident);
    for (const id of cancelled) await cancel(incident, id);
    await store.commit(async (tx) => {
      const now = await incidentAt(tx, incident.id, 'containing');
      if (now === undefined) return;
      const facts = { begun: begun.length, cancelled: cancelled.length, log_size: log.size };
      await tx.log.append(incidentEntry(now, 'incident.contained', { facts }));
      await tx.incidents.update(now.id, { stage: 'rotating' });
    });
  }

  return async function containIncident(id: string): Promise<IncidentProgress> {
    const incident = await incidentAt(store, id, 'containing');
    if (incident !== undefined) await contain(incident);
    return progressOf(store, id, { stage: 'containing', lookMs: 1_000 });
  };
}

const isNotBegun = ({ status }: RequestRecord): boolean =>
  NOT_BEGUN.some((name) => name === status);
