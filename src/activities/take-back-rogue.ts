import type { IncidentProgress, IncidentRecord } from '../core/incident.ts';
import { isTerminal } from '../core/request-state.ts';
import { incidentAt, incidentEntry } from '../gate/incidents.ts';
import type { IncidentDependencies } from './dependencies.ts';
import { progressOf } from './incident-progress.ts';

/** People decide; their decision wakes nothing here. */
const AGAIN = { stage: 'reverting', lookMs: 3_000 } as const;

/**
 * Revert: asks for each rogue change to be taken back, as an ordinary request that people decide on, and
 * waits until every one of them has ended. Safe to run any number of times: asking twice makes one.
 */
export function createTakeBackRogue(deps: IncidentDependencies) {
  const { store } = deps;

  async function ask(incident: IncidentRecord): Promise<void> {
    const { rogue = [], leftAlone: known = [] } = incident.findings ?? {};
    const isAsked = incident.takeBacks.length > 0 || known.length > 0;
    if (isAsked || rogue.length === 0) return;
    const { requests, leftAlone } = await deps.takeBack(incident, rogue);
    await store.commit(async (tx) => {
      const now = await incidentAt(tx, incident.id, 'reverting');
      if (now?.findings == null) return;
      const facts = { requests: requests.length, left_alone: leftAlone.length };
      await tx.log.append(incidentEntry(now, 'incident.reverting', { facts }));
      const findings = { ...now.findings, leftAlone };
      await tx.incidents.update(now.id, { takeBacks: requests, findings });
    });
  }

  async function haveEnded(ids: readonly string[]): Promise<boolean> {
    for (const id of ids) {
      const status = await store.requests.status(id);
      if (status !== undefined && !isTerminal(status)) return false;
    }
    return true;
  }

  return async function takeBackRogue(id: string): Promise<IncidentProgress> {
    const incident = await incidentAt(store, id, 'reverting');
    if (incident === undefined) return progressOf(store, id, AGAIN);
    await ask(incident);
    const asked = await store.incidents.get(id);
    if (!(await haveEnded(asked?.takeBacks ?? []))) return progressOf(store, id, AGAIN);
    await store.commit(async (tx) => {
      const now = await incidentAt(tx, id, 'reverting');
      if (now === undefined) return;
      await tx.log.append(
        incidentEntry(now, 'incident.reverted', { facts: { requests: now.takeBacks.length } }),
      );
      const reached = { ...now.reached, reverted: tx.now };
      await tx.incidents.update(id, { stage: 'resuming', reached });
    });
    return progressOf(store, id, AGAIN);
  };
}
