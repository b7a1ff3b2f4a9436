import type { IncidentView } from '../contracts/incident.ts';
import type { IncidentRecord } from '../core/incident.ts';
import { incidentView } from '../gate/incident-view.ts';
import type { PersonStep } from '../ports/engine.ts';
import type { ApiContext } from './api-context.ts';
import type { Reply } from './define-route.ts';

export async function viewOfIncident(
  { store }: ApiContext,
  incident: IncidentRecord,
): Promise<IncidentView> {
  const connection = await store.connections.get(incident.connection);
  return incidentView(incident, connection?.portalId);
}

export const replyIncident = async (
  context: ApiContext,
  incident: IncidentRecord,
  status = 200,
): Promise<Reply> => ({ status, body: await viewOfIncident(context, incident) });

/** The record says it all: a message that is lost costs seconds. */
export async function wakeIncident(
  { engine, logger }: ApiContext,
  incident: IncidentRecord,
  step: PersonStep,
): Promise<void> {
  try {
    await engine.wakeIncident(incident, step);
  } catch (error) {
    logger.warn('the incident could not be woken; it looks by itself', { error });
  }
}
