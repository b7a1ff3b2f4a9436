import { z } from 'zod';
import { IncidentIdSchema } from '../../contracts/ids.ts';
import { IncidentBodySchema, IncidentSchema } from '../../contracts/incident.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { IncidentRecord } from '../../core/incident.ts';
import { openIncident } from '../../gate/incidents.ts';
import { writePostMortem } from '../../gate/post-mortem.ts';
import type { ApiContext } from '../api-context.ts';
import { defineRoute } from '../define-route.ts';
import { replyIncident, viewOfIncident, wakeIncident } from '../incident-reply.ts';

const IdParams = z.object({ id: IncidentIdSchema });
const SHOWN_MAX = 50;

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
    await wakeIncident(context, incident, 'containment_confirmed');
    return replyIncident(context, incident, 201);
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
  handler: async (context) => {
    const all = await context.store.incidents.list(SHOWN_MAX);
    const incidents = await Promise.all(all.map((one) => viewOfIncident(context, one)));
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
  handler: async (context, { params }) =>
    replyIncident(context, await incidentOf(context, params.id)),
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
