import { z } from 'zod';
import { CardSchema } from '../../contracts/card.ts';
import { DecisionBodySchema } from '../../contracts/decision.ts';
import { RequestIdSchema } from '../../contracts/ids.ts';
import { errorCodeOf, GatewayError } from '../../core/gateway-error.ts';
import { RequestOptionsSchema } from '../../contracts/passkey.ts';
import { PROOFS } from '../../core/proofs.ts';
import type { DecisionRecord, RequestRecord } from '../../core/records.ts';
import { isTerminal, REQUEST_STATUSES } from '../../core/request-state.ts';
import { recordDecision } from '../../gate/decisions.ts';
import type { Store } from '../../ports/store.ts';
import { damagedIn, DamagedSchema } from '../damaged.ts';
import { approvalOptions, recordPasskeyDecision } from '../../gate/passkey-decisions.ts';
import { defineRoute } from '../define-route.ts';
import { wakeLater } from './actions.ts';

const APPROVALS_PAGE_MAX = 100;

const ApprovalSchema = z
  .strictObject({
    id: RequestIdSchema,
    status: z.enum(REQUEST_STATUSES),
    waiting_for: z
      .string()
      .optional()
      .meta({ description: 'The code of what keeps an approved write from going on.' }),
    card: CardSchema,
    decisions: z.array(
      z.strictObject({
        person: z.string(),
        decision: z.enum(['approve', 'reject']),
        proof: z.enum(PROOFS),
        decided_at: z.string(),
      }),
    ),
  })
  .meta({ id: 'Approval' });

const IdParams = z.object({ id: RequestIdSchema });

function approvalView(
  request: RequestRecord,
  decisions: readonly DecisionRecord[],
): z.infer<typeof ApprovalSchema> {
  if (request.card === null) throw new GatewayError('approval.not_found');
  return {
    id: request.id,
    status: request.status,
    ...(request.code === null || isTerminal(request.status) ? {} : { waiting_for: request.code }),
    card: request.card,
    decisions: decisions.map(({ personId, decision, proof, decidedAt }) => ({
      person: personId,
      decision,
      proof,
      decided_at: decidedAt.toISOString(),
    })),
  };
}

/** The id alone of one whose decisions do not open, or that has lost its card. */
async function viewOrDamaged(
  store: Store,
  request: RequestRecord,
): Promise<z.infer<typeof ApprovalSchema> | string> {
  try {
    return approvalView(request, await store.decisions.of(request.id));
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'plan.tampered' || code === 'approval.not_found') return request.id;
    throw error;
  }
}

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
      body: z.strictObject({
        approvals: z.array(ApprovalSchema),
        damaged: DamagedSchema,
        next_after: RequestIdSchema.optional(),
      }),
    },
  },
  errors: ['store.unavailable'],
  handler: async ({ store }, { query }) => {
    // One more than is answered tells whether another page follows.
    const waiting = await store.requests.waiting({
      limit: query.limit + 1,
      ...(query.after === undefined ? {} : { after: query.after }),
    });
    const page = waiting.rows.slice(0, query.limit);
    const views = await Promise.all(page.map((request) => viewOrDamaged(store, request)));
    const approvals = views.filter((view) => typeof view !== 'string');
    const damaged = [...waiting.damaged, ...views.filter((view) => typeof view === 'string')];
    const next = waiting.rows.length > page.length ? { next_after: page.at(-1)?.id } : {};
    return { status: 200, body: { approvals, ...damagedIn(damaged), ...next } };
  },
});

export const getApproval = defineRoute({
  method: 'get',
  path: '/v1/approvals/{id}',
  summary: 'One approval with its card, also after it was decided.',
  door: 'person',
  params: IdParams,
  replies: { 200: { is: 'The approval.', body: ApprovalSchema } },
  errors: ['approval.not_found', 'store.unavailable'],
  handler: async ({ store }, { params }) => {
    const request = await store.requests.get(params.id);
    if (request === undefined) throw new GatewayError('approval.not_found');
    return { status: 200, body: approvalView(request, await store.decisions.of(params.id)) };
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
    200: {
      is: 'Recorded. `awaiting_approval` means that more people are needed.',
      body: z.strictObject({
        id: RequestIdSchema,
        decision: z.enum(['approve', 'reject']),
        status: z.enum(['approved', 'rejected', 'awaiting_approval']),
      }),
    },
  },
  errors: [
    'approval.not_found',
    'approval.closed',
    'approval.expired',
    'approval.digest_mismatch',
    'approval.own_request',
    'approval.already_decided',
    'approval.not_eligible',
    'approval.passkey_required',
    'approval.unproven',
    'plan.tampered',
    'rate.limited',
    'store.unavailable',
  ],
  handler: async (context, { person, session, params, body: { passkey, ...body } }) => {
    await context.decisionRate.take(person.id);
    const rules = {
      policy: context.policy(),
      approvalValidMs: context.settings.approvalValidMs,
    };
    const made = { requestId: params.id, person, ...body };
    const proof = session === undefined ? 'key' : 'session';
    const decided =
      passkey === undefined
        ? await context.store.commit((tx) => recordDecision(tx, { ...made, proof }, rules))
        : await recordPasskeyDecision(context, made, passkey, rules);
    if (decided.kind === 'refused')
      throw new GatewayError(decided.code, { detail: decided.detail });
    if (decided.status !== 'awaiting_approval') await wakeLater(context, params.id);
    return {
      status: 200,
      body: { id: params.id, decision: body.decision, status: decided.status },
    };
  },
});
