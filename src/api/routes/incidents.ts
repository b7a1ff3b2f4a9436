import { z } from 'zod';
import { IncidentIdSchema } from '../../contracts/ids.ts';
import {
  FalseAlarmBodySchema,
  IncidentBodySchema,
  IncidentKeyBodySchema,
  IncidentSchema,
} from '../../contracts/incident.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { IncidentRecord } from '../../core/incident.ts';
import type { PersonRecord } from '../../core/records.ts';
import { isOperator } from '../../core/roles.ts';
import { incidentView } from '../../gate/incident-view.ts';
import { declareFalseAlarm, openIncident, resumeIncident } from '../../gate/incidents.ts';
import { writePostMortem } from '../../gate/post-mortem.ts';
import type { PersonStep } from '../../ports/engine.ts';
import type { ApiContext } from '../api-context.ts';
import { defineRoute, type Reply } from '../define-route.ts';

const IdParams = z.object({ id: IncidentIdSchema });
const SHOWN_MAX = 50;
/** Containing is for everybody; what follows is an operator's. */
function assertOperator(person: PersonRecord): void {
  if (!isOperator(person)) throw new GatewayError('person.forbidden');
}

async function reply(
  { store }: ApiContext,
  incident: IncidentRecord,
  status = 200,
): Promise<Reply> {
  const connection = await store.connections.get(incident.connection);
  return { status, body: incidentView(incident, connection?.portalId) };
}

/** The record says it all: a message that is lost costs seconds. */
async function wake(
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

export const startIncident = defineRoute({
  method: 'post',
  path: '/v1/incidents',
  summary: 'Open an incident: the connection is frozen at once. Anyone on the roster may.',
  door: 'person',
  body: IncidentBodySchema,
  replies: {
    201: {
      is: 'Frozen. No call starts from now on. The one that is open, if any.',
      body: IncidentSchema,
    },
  },
  errors: ['store.unavailable'],
  handler: async (context, { person, body }) => {
    const { connection } = context.settings;
    const by = `person:${person.id}`;
    const since = body.since === undefined ? {} : { since: new Date(body.since) };
    const of = { connection, reason: body.reason, by, ...since };
    const incident = await context.store.commit((tx) => openIncident(tx, of));
    await wake(context, incident, 'containment_confirmed');
    return reply(context, incident, 201);
  },
});

export const listIncidents = defineRoute({
  method: 'get',
  path: '/v1/incidents',
  summary: 'Incidents, newest first.',
  door: 'person',
  replies: {
    200: {
      is: `The newest ${SHOWN_MAX}.`,
      body: z.strictObject({ incidents: z.array(IncidentSchema) }),
    },
  },
  errors: ['plan.tampered', 'store.unavailable'],
  handler: async ({ store }) => {
    const all = await store.incidents.list(SHOWN_MAX);
    const incidents = await Promise.all(
      all.map(async (one) =>
        incidentView(one, (await store.connections.get(one.connection))?.portalId),
      ),
    );
    return { status: 200, body: { incidents } };
  },
});

async function incidentOf({ store }: ApiContext, id: string): Promise<IncidentRecord> {
  const incident = await store.incidents.get(id);
  if (incident === undefined) throw new GatewayError('request.not_found');
  return incident;
}

export const getIncident = defineRoute({
  method: 'get',
  path: '/v1/incidents/{id}',
  summary: 'How an incident stands, and who has to do what.',
  door: 'person',
  params: IdParams,
  replies: { 200: { is: 'The incident.', body: IncidentSchema } },
  errors: ['request.not_found', 'plan.tampered', 'store.unavailable'],
  handler: async (context, { params }) => reply(context, await incidentOf(context, params.id)),
});

export const supplyIncidentKey = defineRoute({
  method: 'post',
  path: '/v1/incidents/{id}/key',
  summary:
    'Store the new HubSpot key. It goes straight into the secret store and is never shown again; it does not count before it is verified. Needs the role operator.',
  door: 'person',
  params: IdParams,
  body: IncidentKeyBodySchema,
  replies: { 202: { is: 'Stored; it is being verified.', body: IncidentSchema } },
  errors: [
    'person.forbidden',
    'request.not_found',
    'incident.wrong_stage',
    'incident.same_key',
    'secret.conflict',
    'secret.unavailable',
    'plan.tampered',
    'store.unavailable',
  ],
  handler: async (context, { person, params, body }) => {
    assertOperator(person);
    const of = { incidentId: params.id, value: body.key, by: `person:${person.id}` };
    const incident = await context.storeNewKey(of);
    await wake(context, incident, 'credential_supplied');
    return reply(context, incident, 202);
  },
});

export const declareIncidentFalse = defineRoute({
  method: 'post',
  path: '/v1/incidents/{id}/false-alarm',
  summary:
    'Say that nothing is wrong with the key. A second person still resumes. Needs the role operator.',
  door: 'person',
  params: IdParams,
  body: FalseAlarmBodySchema,
  replies: { 200: { is: 'Recorded.', body: IncidentSchema } },
  errors: [
    'person.forbidden',
    'request.not_found',
    'incident.wrong_stage',
    'plan.tampered',
    'store.unavailable',
  ],
  handler: async (context, { person, params, body }) => {
    assertOperator(person);
    const of = { incidentId: params.id, by: `person:${person.id}`, reason: body.reason };
    const incident = await context.store.commit((tx) => declareFalseAlarm(tx, of));
    await wake(context, incident, 'containment_confirmed');
    return reply(context, incident);
  },
});

export const resumeIncidentRoute = defineRoute({
  method: 'post',
  path: '/v1/incidents/{id}/resume',
  summary:
    'Let the gateway go on. Needs the role operator, and somebody else than who contained it.',
  door: 'person',
  params: IdParams,
  replies: { 200: { is: 'Calls start again.', body: IncidentSchema } },
  errors: [
    'person.forbidden',
    'request.not_found',
    'incident.wrong_stage',
    'incident.same_person',
    'plan.tampered',
    'store.unavailable',
  ],
  handler: async (context, { person, params }) => {
    const of = { incidentId: params.id, by: `person:${person.id}`, personId: person.id };
    const incident = await context.store.commit((tx) => resumeIncident(tx, of));
    await wake(context, incident, 'resume_approved');
    return reply(context, incident);
  },
});

export const getPostMortem = defineRoute({
  method: 'get',
  path: '/v1/incidents/{id}/post-mortem',
  summary: 'The report of an incident, made from the log: Markdown.',
  door: 'person',
  params: IdParams,
  replies: {
    200: { is: 'The report.', body: z.strictObject({ markdown: z.string() }) },
  },
  errors: ['request.not_found', 'plan.tampered', 'store.unavailable'],
  handler: async (context, { params }) => {
    const incident = await incidentOf(context, params.id);
    return { status: 200, body: { markdown: await writePostMortem(context.store, incident) } };
  },
});
