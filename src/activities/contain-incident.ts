import type { IncidentProgress, IncidentRecord } from '../core/incident.ts';
import type { RequestRecord } from '../core/records.ts';
import { closeRequest } from '../gate/close.ts';
import { incidentAt, incidentEntry } from '../gate/incidents.ts';
import { isOwnAgent } from '../gate/own-agent.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { progressOf } from './incident-progress.ts';

const PAGE_MAX = 200;
const NOT_BEGUN = ['planned', 'awaiting_approval', 'approved'] as const;
const BEGUN = ['executing', 'outcome_unknown'] as const;

/**
 * Contain, second half (the freeze stands since the opening): ends what had not begun, each with the
 * reason for its agent and approvers, and notes the state of affairs. Safe to run any number of times.
 * Errors: `log.unavailable`, `store.unavailable`.
 */
export function createContainIncident(deps: ActivityDependencies) {
  const { store, auditLog } = deps;

  async function idsOn(
    connection: string,
    statuses: Parameters<typeof store.requests.idsIn>[0],
  ): Promise<string[]> {
    const found: string[] = [];
    for (let after: string | undefined; ;) {
      const page = after === undefined ? { limit: PAGE_MAX } : { limit: PAGE_MAX, after };
      const ids = await store.requests.idsIn(statuses, page);
      for (const id of ids) if (await isOn(connection, id)) found.push(id);
      after = ids.at(-1);
      if (ids.length < PAGE_MAX) return found;
    }
  }

  /** A row that does not open is of no connection: it is another alarm, and closed by it. */
  async function isOn(connection: string, id: string): Promise<boolean> {
    const request = await store.requests.get(id).catch(() => undefined);
    return (
      request !== undefined && request.connection === connection && !isOwnAgent(request.agentId)
    );
  }

  async function cancel(incident: IncidentRecord, id: string): Promise<void> {
    await store.commit(async (tx) => {
      const request = await tx.requests.get(id);
      if (request === undefined || !isNotBegun(request)) return;
      const ending = { status: 'failed', code: 'incident.contained' } as const;
      const facts = { at: 'incident', incident: incident.id };
      await closeRequest(tx, request, ending, {
        event: 'request.completed',
        actor: 'gateway',
        facts,
      });
      await tx.requests.setWake(id, tx.now);
    });
  }

  async function contain(incident: IncidentRecord): Promise<void> {
    const cancelled = await idsOn(incident.connection, NOT_BEGUN);
    for (const id of cancelled) await cancel(incident, id);
    const begun = await idsOn(incident.connection, BEGUN);
    const { size, rootPrefix } = await auditLog.checkpoint();
    const note = (await auditLog.note()) ?? null;
    await store.commit(async (tx) => {
      const now = await incidentAt(tx, incident.id, 'containing');
      if (now === undefined) return;
      const facts = { begun: begun.length, cancelled: cancelled.length, log_size: size };
      await tx.log.append(incidentEntry(now, 'incident.contained', { facts }));
      const log = { size, rootPrefix, note };
      const evidence = { log, begun, cancelled };
      await tx.incidents.update(now.id, { stage: 'rotating', evidence });
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
