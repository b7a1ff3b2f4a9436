import { z } from 'zod';
import { AgentIdSchema, PersonIdSchema } from '../../contracts/ids.ts';
import {
  AddAgentBodySchema,
  type AddedAgent,
  AddedAgentSchema,
  type AddedPerson,
  AddedPersonSchema,
  AddPersonBodySchema,
  ChangeRolesBodySchema,
  RevokeBodySchema,
  type RosterChange,
  RosterChangeSchema,
} from '../../contracts/roster-change.ts';
import { type PersonView, PersonViewSchema } from '../../contracts/roster-view.ts';
import { type StepUp, StepUpOptionsSchema } from '../../contracts/step-up.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { enrolmentLink } from '../../gate/enrolment.ts';
import { changeRoster, type RosterChanged, rosterOptions } from '../../gate/roster-changes.ts';
import type { AtDoor } from '../../gate/step-up.ts';
import type { ApiContext } from '../api-context.ts';
import { defineRoute } from '../define-route.ts';
import { personView } from '../person-view.ts';

const COMMON_ERRORS = [
  'passkey.session_needed',
  'person.forbidden',
  'plan.tampered',
  'rate.limited',
  'store.unavailable',
] as const satisfies readonly ErrorCode[];

const STEP_UP_ERRORS = [...COMMON_ERRORS, 'passkey.refused'] as const;

const wantedBy = ({ policy }: ApiContext, { person, session }: AtDoor, change: RosterChange) => ({
  ...{ person, session, change },
  roles: policy().roles,
});

async function make(
  context: ApiContext,
  operator: AtDoor,
  change: RosterChange,
  stepUp: StepUp,
): Promise<RosterChanged> {
  await context.decisionRate.take(operator.person.id);
  return changeRoster(context, wantedBy(context, operator, change), stepUp);
}

export const rosterPasskeyOptions = defineRoute({
  method: 'post',
  path: '/v1/roster/passkey-options',
  summary:
    'Begin to add or revoke an agent or a person, or to change a person’s roles: a passkey signs exactly this change. Needs the role operator and a session.',
  door: 'person',
  body: RosterChangeSchema,
  replies: {
    200: {
      is: 'Options for `navigator.credentials.get`, good once and for five minutes.',
      body: StepUpOptionsSchema,
    },
  },
  errors: [
    ...COMMON_ERRORS,
    'agent.exists',
    'passkey.missing',
    'person.exists',
    'person.last_operator',
    'person.unknown_role',
  ],
  handler: async (context, { person, session, body }) => {
    await context.decisionRate.take(person.id);
    const wanted = wantedBy(context, { person, session }, body);
    return { status: 200, body: await rosterOptions(context, wanted) };
  },
});

const unexpected = (): GatewayError => new GatewayError('internal.unexpected');

function addedAgent(done: RosterChanged): AddedAgent {
  if (done.change !== 'add_agent') throw unexpected();
  const { record, key } = done.agent;
  return { id: record.id, name: record.name, groups: [...record.groups], key };
}

export const addAgentRoute = defineRoute({
  method: 'post',
  path: '/v1/agents',
  summary: 'Add an agent. Needs the role operator, a session, and a passkey’s signature over this.',
  door: 'person',
  body: AddAgentBodySchema,
  replies: { 201: { is: 'Added, with its key: shown this once.', body: AddedAgentSchema } },
  errors: [...STEP_UP_ERRORS, 'agent.exists'],
  handler: async (context, { body: { step_up: stepUp, ...of }, ...operator }) => {
    const done = await make(context, operator, { change: 'add_agent', ...of }, stepUp);
    return { status: 201, body: addedAgent(done) };
  },
});

export const revokeAgentRoute = defineRoute({
  method: 'delete',
  path: '/v1/agents/{id}',
  summary: 'Revoke an agent: its key opens nothing from now on. Asks for the same as adding one.',
  door: 'person',
  params: z.object({ id: AgentIdSchema }),
  body: RevokeBodySchema,
  replies: { 204: { is: 'Revoked.', body: null } },
  errors: [...STEP_UP_ERRORS, 'policy.denied', 'request.not_found'],
  handler: async (context, { params: { id }, body, ...operator }) => {
    await make(context, operator, { change: 'revoke_agent', id }, body.step_up);
    return { status: 204 };
  },
});

function addedPerson({ settings }: ApiContext, done: RosterChanged): AddedPerson {
  if (done.change !== 'add_person') throw unexpected();
  const { record, token, expiresAt } = done.person;
  const link = enrolmentLink(settings.origin, token);
  return { person: personView(record), enrolment: { link, expires_at: expiresAt.toISOString() } };
}

export const addPersonRoute = defineRoute({
  method: 'post',
  path: '/v1/people',
  summary:
    'Add a person, who makes a passkey by a one-time link. Asks for the same as adding an agent.',
  door: 'person',
  body: AddPersonBodySchema,
  replies: { 201: { is: 'Added, with their link: shown this once.', body: AddedPersonSchema } },
  errors: [...STEP_UP_ERRORS, 'person.exists', 'person.unknown_role'],
  handler: async (context, { body: { step_up: stepUp, ...of }, ...operator }) => {
    const done = await make(context, operator, { change: 'add_person', ...of }, stepUp);
    return { status: 201, body: addedPerson(context, done) };
  },
});

function changedPerson(done: RosterChanged): PersonView {
  if (done.change !== 'change_roles') throw unexpected();
  return personView(done.person);
}

export const changeRolesRoute = defineRoute({
  method: 'post',
  path: '/v1/people/{id}/roles',
  summary:
    'Give a person these roles and no others, effective at once. Asks for the same as adding one.',
  door: 'person',
  params: z.object({ id: PersonIdSchema }),
  body: ChangeRolesBodySchema,
  replies: { 200: { is: 'The person, with these roles.', body: PersonViewSchema } },
  errors: [...STEP_UP_ERRORS, 'person.last_operator', 'person.unknown_role', 'request.not_found'],
  handler: async (context, { params: { id }, body: { roles, step_up: stepUp }, ...operator }) => {
    const done = await make(context, operator, { change: 'change_roles', id, roles }, stepUp);
    return { status: 200, body: changedPerson(done) };
  },
});

export const revokePersonRoute = defineRoute({
  method: 'delete',
  path: '/v1/people/{id}',
  summary:
    'Revoke a person: key, codes, passkeys, sessions and unused approvals count no more. Asks for the same as adding one.',
  door: 'person',
  params: z.object({ id: PersonIdSchema }),
  body: RevokeBodySchema,
  replies: { 204: { is: 'Revoked.', body: null } },
  errors: [...STEP_UP_ERRORS, 'person.last_operator', 'request.not_found'],
  handler: async (context, { params: { id }, body, ...operator }) => {
    await make(context, operator, { change: 'revoke_person', id }, body.step_up);
    return { status: 204 };
  },
});
