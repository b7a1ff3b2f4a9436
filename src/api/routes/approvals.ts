import { z } from 'zod';
import { ApprovalPageSchema, ApprovalSchema } from '../../contracts/approval.ts';
import { damagedIn } from '../../contracts/damaged.ts';
import { DecisionBodySchema } from '../../contracts/decision.ts';
import { RequestIdSchema } from '../../contracts/ids.ts';
import { RequestOptionsSchema } from '../../contracts/passkey.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { recordDecision } from '../../gate/decisions.ts';
import { approvalOptions, recordPasskeyDecision } from '../../gate/passkey-decisions.ts';
import { noteSeen } from '../../gate/sightings.ts';
import { approvalViews, legibleApprovals } from '../approval-view.ts';
import {
  answerDecided,
  DECISION_ERRORS,
  DECISION_REPLY,
  decisionRules,
  proofAtDoor,
} from '../decision-reply.ts';
import { defineRoute } from '../define-route.ts';

const APPROVALS_PAGE_MAX = 100;

const IdParams = z.object({ id: RequestIdSchema });

export const listApprovals = defineRoute({
  method: 'get',
  path: '/v1/approvals',
  summary: 'What waits for people, the first to expire first.',
  door: 'person',
  query: z.strictObject({
    limit: z.coerce.number().int().min(1).max(APPROVALS_PAGE_MAX).default(APPROVALS_PAGE_MAX),
    after: RequestIdSchema.optional().meta({
      description: 'The `next_after` of the answer before, to go on from there.',
    }),
  }),
  replies: {
    200: {
      is: 'The waiting approvals with their cards; `next_after` is there when more wait.',
      body: ApprovalPageSchema,
    },
  },
  errors: ['store.unavailable'],
  handler: async (context, { person, query }) => {
    const { store } = context;
    // One more than is answered tells whether another page follows.
    const waiting = await store.requests.waiting({
      limit: query.limit + 1,
      ...(query.after === undefined ? {} : { after: query.after }),
    });
    const page = waiting.rows.slice(0, query.limit);
    const { approvals, damaged } = await legibleApprovals(context, person, page);
    const all = [...waiting.damaged, ...damaged];
    const next = waiting.rows.length > page.length ? { next_after: page.at(-1)?.id } : {};
    return { status: 200, body: { approvals, ...damagedIn(all), ...next } };
  },
});

export const getApproval = defineRoute({
  method: 'get',
  path: '/v1/approvals/{id}',
  summary:
    'One approval with its card, also after it was decided. That you opened it while it waits goes into the log.',
  door: 'person',
  params: IdParams,
  replies: { 200: { is: 'The approval.', body: ApprovalSchema } },
  errors: ['approval.not_found', 'store.unavailable'],
  handler: async (context, { person, session, params }) => {
    const request = await context.store.requests.get(params.id);
    if (request === undefined) throw new GatewayError('approval.not_found');
    const viewOf = await approvalViews(context, person);
    const body = await viewOf(request);
    await noteSeen(context, { request, person, proof: proofAtDoor(session) });
    return { status: 200, body };
  },
});

export const approvalPasskeyOptions = defineRoute({
  method: 'post',
  path: '/v1/approvals/{id}/passkey-options',
  summary: 'Begin to approve with a passkey: its challenge is the digest.',
  door: 'person',
  params: IdParams,
  replies: {
    200: {
      is: 'Options for `navigator.credentials.get`, for the passkeys of whoever asks. What they sign goes into `passkey` of the decision.',
      body: RequestOptionsSchema,
    },
  },
  errors: [
    'approval.not_found',
    'approval.closed',
    'passkey.missing',
    'plan.tampered',
    'store.unavailable',
  ],
  handler: async (context, { person, params }) => ({
    status: 200,
    body: await approvalOptions(context, { requestId: params.id, person }),
  }),
});

export const decideApproval = defineRoute({
  method: 'post',
  path: '/v1/approvals/{id}/decisions',
  summary:
    'Approve or reject. Who decides comes from the key or session, what is decided from the record.',
  door: 'person',
  params: IdParams,
  body: DecisionBodySchema,
  replies: {
    200: DECISION_REPLY,
  },
  errors: [...DECISION_ERRORS, 'approval.unproven'],
  handler: async (context, { person, session, params, body: { passkey, ...body } }) => {
    await context.decisionRate.take(person.id);
    const rules = decisionRules(context);
    const made = { requestId: params.id, person, ...body };
    const proof = proofAtDoor(session);
    const decided =
      passkey === undefined
        ? await context.store.commit((tx) => recordDecision(tx, { ...made, proof }, rules))
        : await recordPasskeyDecision(context, made, passkey, rules);
    return answerDecided(context, { id: params.id, decision: body.decision }, decided);
  },
});
