import type { IncidentProgress, IncidentStage } from '../core/incident.ts';
import { describeIncident } from '../core/incident-text.ts';
import type { Store } from '../ports/store.ts';

/**
 * Where it stands after a step of this stage: looked at again after that time, or at once when it has
 * moved on. One that is not there has nothing left to do.
 */
export async function progressOf(
  store: Pick<Store, 'incidents' | 'connections'>,
  id: string,
  { stage, lookMs }: { readonly stage: IncidentStage; readonly lookMs: number },
): Promise<IncidentProgress> {
  const incident = await store.incidents.get(id);
  if (incident === undefined) return { stage: 'closed', note: '', againInMs: 0 };
  const connection = await store.connections.get(incident.connection);
  const note = describeIncident(incident, connection?.portalId).join('\n');
  return { stage: incident.stage, note, againInMs: incident.stage === stage ? lookMs : 0 };
}
