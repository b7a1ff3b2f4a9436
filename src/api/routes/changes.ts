import { z } from 'zod';
import {
  ChangeAskedSchema,
  ChangeBodySchema,
  ChangeFormSchema,
  ChangeReplySchema,
} from '../../contracts/change.ts';
import { RequestIdSchema } from '../../contracts/ids.ts';
import { RequestOptionsSchema } from '../../contracts/passkey.ts';
import type { ErrorCode } from '../../core/errors.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { fieldsToChange, recordChange } from '../../gate/changes.ts';
import { changeOptions, recordPasskeyChange } from '../../gate/passkey-changes.ts';
import { wakeLater } from '../../gate/wake-later.ts';
import { DECISION_ERRORS, proofAtDoor } from '../decision-reply.ts';
import { defineRoute } from '../define-route.ts';
import { changeRules, successorView } from '../successor-view.ts';

const IdParams = z.object({ id: RequestIdSchema });

const CHANGE_ERRORS = [
  ...DECISION_ERRORS,
  'action.invalid',
  'approval.unchanged',
  'approval.not_changeable',
  'connection.portal_changed',
  'freeze.active',
  'policy.denied',
  'prompt.refused',
] as const satisfies readonly ErrorCode[];

export const getChangeForm = defineRoute({
  method: 'get',
  path: '/v1/approvals/{id}/changes',
  summary: 'Which values of a waiting write can be changed before it is decided.',
  door: 'person',
  params: IdParams,
  replies: { 200: { is: 'The fields with what was asked for.', body: ChangeFormSchema } },
  errors: [
    'approval.not_found',
    'approval.closed',
    'approval.not_changeable',
    'plan.tampered',
    'store.unavailable',
  ],
  handler: async ({ store }, { params }) => {
    const request = await store.requests.get(params.id);
    if (request?.card == null) throw new GatewayError('approval.not_found');
    if (request.status !== 'awaiting_approval')
      throw new GatewayError('approval.closed', { detail: `the request is ${request.status}` });
    const fields = fieldsToChange(request);
    if (fields.length === 0) throw new GatewayError('approval.not_changeable');
    return { status: 200, body: { id: request.id, fields } };
  },
});

export const changePasskeyOptions = defineRoute({
  method: 'post',
  path: '/v1/approvals/{id}/changes/passkey-options',
  summary: 'Begin to change with a passkey: its challenge is the digest with the other values.',
  door: 'person',
  params: IdParams,
  body: ChangeAskedSchema,
  replies: {
    200: {
      is: 'Options for `navigator.credentials.get`. What they sign goes into `passkey` of the change.',
      body: RequestOptionsSchema,
    },
  },
  errors: [...CHANGE_ERRORS, 'passkey.missing'],
  handler: async (context, { person, params, body }) => ({
    status: 200,
    body: await changeOptions(
      context,
      { requestId: params.id, person, ...body },
      changeRules(context),
    ),
  }),
});

export const changeApproval = defineRoute({
  method: 'post',
  path: '/v1/approvals/{id}/changes',
  summary:
    'Put other values in: the request ends, and one with these values takes its place, to be decided on anew.',
  door: 'person',
  params: IdParams,
  body: ChangeBodySchema,
  replies: {
    201: {
      is: 'Changed. No decision on the original counts for its successor.',
      body: ChangeReplySchema,
    },
  },
  errors: [...CHANGE_ERRORS, 'approval.unproven'],
  handler: async (context, { person, session, params, body: { passkey, ...body }, signal }) => {
    await context.decisionRate.take(person.id);
    const rules = changeRules(context);
    const made = { requestId: params.id, person, ...body };
    const proof = proofAtDoor(session);
    const changed =
      passkey === undefined
        ? await context.store.commit((tx) => recordChange(tx, { ...made, proof }, rules))
        : await recordPasskeyChange(context, made, passkey, rules);
    if (changed.kind === 'refused')
      throw new GatewayError(changed.code, { detail: changed.detail });
    const { successor } = changed;
    await wakeLater(context, params.id);
    const view = await successorView(context, successor, signal);
    return {
      status: 201,
      body: { id: params.id, status: 'changed', successor: view },
      headers: { Location: view.links.self },
    };
  },
});
