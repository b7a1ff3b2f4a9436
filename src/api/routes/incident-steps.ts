import { z } from 'zod';
import { IncidentIdSchema } from '../../contracts/ids.ts';
import {
  FalseAlarmBodySchema,
  IncidentKeyBodySchema,
  IncidentSchema,
  type IncidentStep,
  IncidentStepSchema,
  ResumeBodySchema,
} from '../../contracts/incident.ts';
import { StepUpOptionsSchema } from '../../contracts/step-up.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { PersonRecord } from '../../core/records.ts';
import { isOperator } from '../../core/roles.ts';
import {
  declareFalseAlarm,
  incidentOptions,
  resumeIncident,
  supplyOf,
  takeIncidentStep,
} from '../../gate/incident-steps.ts';
import type { AtDoor } from '../../gate/step-up.ts';
import type { ApiContext } from '../api-context.ts';
import { defineRoute } from '../define-route.ts';
import { replyIncident, wakeIncident } from '../incident-reply.ts';

const IdParams = z.object({ id: IncidentIdSchema });

/** Containing is for everybody; what follows is an operator's. */
function assertOperator(person: PersonRecord): void {
  if (!isOperator(person)) throw new GatewayError('person.forbidden');
}

const STEP_ERRORS = [
  'passkey.session_needed',
  'person.forbidden',
  'request.not_found',
  'incident.wrong_stage',
  'plan.tampered',
  'rate.limited',
  'store.unavailable',
] as const satisfies readonly ErrorCode[];

const SIGNED = 'Needs the role operator, and the signature of the person’s passkey over this';

/** Who wants to take which step. What may be tried with signatures is limited, as decisions are. */
async function wantedBy(
  { decisionRate }: ApiContext,
  { person, session }: AtDoor,
  of: { readonly incidentId: string; readonly step: IncidentStep },
) {
  assertOperator(person);
  if (session !== undefined) await decisionRate.take(person.id);
  return { person, session, ...of };
}

export const incidentPasskeyOptions = defineRoute({
  method: 'post',
  path: '/v1/incidents/{id}/passkey-options',
  summary:
    'Begin a step of an incident: a passkey signs exactly this step. Needs the role operator and a session.',
  door: 'person',
  params: IdParams,
  body: IncidentStepSchema,
  replies: {
    200: {
      is: 'Options for `navigator.credentials.get`, good once and for five minutes.',
      body: StepUpOptionsSchema,
    },
  },
  errors: [...STEP_ERRORS, 'passkey.missing', 'incident.same_person', 'incident.changed'],
  handler: async (context, { params, body: step, ...at }) => {
    const wanted = await wantedBy(context, at, { incidentId: params.id, step });
    return { status: 200, body: await incidentOptions(context, wanted) };
  },
});

export const supplyIncidentKey = defineRoute({
  method: 'post',
  path: '/v1/incidents/{id}/key',
  summary: `Store the new HubSpot key. It goes straight into the secret store and is never shown again; it does not count before it is verified. ${SIGNED} key, where they have one.`,
  door: 'person',
  params: IdParams,
  body: IncidentKeyBodySchema,
  replies: { 202: { is: 'Stored; it is being verified.', body: IncidentSchema } },
  errors: [
    ...STEP_ERRORS,
    'passkey.refused',
    'incident.same_key',
    'secret.conflict',
    'secret.unavailable',
  ],
  handler: async (context, { params, body: { key, step_up: stepUp }, ...at }) => {
    const of = { incidentId: params.id, step: supplyOf(key) };
    const wanted = await wantedBy(context, at, of);
    // Proven before anything is asked of the secret store, which is no part of the commit.
    const stepper = await takeIncidentStep(context, wanted, stepUp, (_tx, by) =>
      Promise.resolve(by),
    );
    const incident = await context.storeNewKey({ ...stepper, value: key });
    await wakeIncident(context, incident, 'credential_supplied');
    return replyIncident(context, incident, 202);
  },
});

export const declareIncidentFalse = defineRoute({
  method: 'post',
  path: '/v1/incidents/{id}/false-alarm',
  summary: `Say that nothing is wrong with the key. A second person still resumes. ${SIGNED}, where they have one.`,
  door: 'person',
  params: IdParams,
  body: FalseAlarmBodySchema,
  replies: { 200: { is: 'Recorded.', body: IncidentSchema } },
  errors: [...STEP_ERRORS, 'passkey.refused'],
  handler: async (context, { params, body: { reason, step_up: stepUp }, ...at }) => {
    const step = { step: 'false_alarm', reason } as const;
    const wanted = await wantedBy(context, at, { incidentId: params.id, step });
    const incident = await takeIncidentStep(context, wanted, stepUp, (tx, by) =>
      declareFalseAlarm(tx, { ...by, reason }),
    );
    await wakeIncident(context, incident, 'containment_confirmed');
    return replyIncident(context, incident);
  },
});

export const resumeIncidentRoute = defineRoute({
  method: 'post',
  path: '/v1/incidents/{id}/resume',
  summary: `Let the gateway go on, by somebody else than who contained it. ${SIGNED} and what they looked at, where they have one.`,
  door: 'person',
  params: IdParams,
  body: ResumeBodySchema,
  replies: { 200: { is: 'Calls start again.', body: IncidentSchema } },
  errors: [...STEP_ERRORS, 'passkey.refused', 'incident.same_person', 'incident.changed'],
  handler: async (context, { params, body: { checklist, step_up: stepUp }, ...at }) => {
    const step = { step: 'resume', checklist: checklist ?? '' } as const;
    const wanted = await wantedBy(context, at, { incidentId: params.id, step });
    const personId = at.person.id;
    const incident = await takeIncidentStep(context, wanted, stepUp, (tx, by) =>
      resumeIncident(tx, { ...by, personId, checklist }),
    );
    await wakeIncident(context, incident, 'resume_approved');
    return replyIncident(context, incident);
  },
});
