import { z } from 'zod';
import type { Approval } from '../../contracts/approval.ts';
import { AgentIdSchema } from '../../contracts/ids.ts';
import { RequestOptionsSchema } from '../../contracts/passkey.ts';
import {
  ApprovalGroupSchema,
  TogetherAskedSchema,
  TogetherBodySchema,
  TogetherReplySchema,
} from '../../contracts/together.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { RequestRecord } from '../../core/records.ts';
import { canGoTogether, TOGETHER_LIMITS } from '../../core/together.ts';
import type { DecisionRules } from '../../gate/decisions.ts';
import { isOwnAgent } from '../../gate/own-agent.ts';
import { noteSeen } from '../../gate/sightings.ts';
import {
  approveTogether,
  type DecidedTogether,
  rejectTogether,
  sampleOf,
  togetherOptions,
} from '../../gate/together.ts';
import { wakeLater } from '../../gate/wake-later.ts';
import type { ApiContext } from '../api-context.ts';
import { legibleApprovals } from '../approval-view.ts';
import { defineRoute } from '../define-route.ts';

const GroupParams = z.object({ agent: AgentIdSchema, action: z.string().regex(/^[a-z_]{1,60}$/) });
type Kind = z.infer<typeof GroupParams>;

/** A group is made of the first of these to expire. */
const WAITING_MAX = 100;

const isOfKind =
  ({ agent, action }: Kind) =>
  (request: RequestRecord): boolean =>
    request.agentId === agent &&
    request.action === action &&
    !isOwnAgent(agent) &&
    request.card !== null &&
    canGoTogether(request.card);

const isForReader = ({ you }: Approval): boolean => you.can_decide && you.own === undefined;

export const getApprovalGroup = defineRoute({
  method: 'get',
  path: '/v1/approval-groups/{agent}/{action}',
  summary:
    'What waits for you of one agent and one action and may be decided together. That you read it goes into the log.',
  door: 'person',
  params: GroupParams,
  replies: { 200: { is: 'The group; empty when nothing waits.', body: ApprovalGroupSchema } },
  errors: ['store.unavailable'],
  handler: async (context, { person, session, params }) => {
    const { rows } = await context.store.requests.waiting({ limit: WAITING_MAX });
    const alike = rows.filter(isOfKind(params));
    const { approvals } = await legibleApprovals(context, person, alike);
    const mine = approvals.filter(isForReader);
    const shown = mine.slice(0, TOGETHER_LIMITS.itemsMax);
    const ids = shown.map(({ id }) => id);
    const proof = session === undefined ? 'key' : 'session';
    const seen = alike.filter(({ id }) => ids.includes(id));
    await Promise.all(seen.map((request) => noteSeen(context, { request, person, proof })));
    const sample = sampleOf(context.attester, person, ids);
    const more = mine.length > shown.length;
    return { status: 200, body: { ...params, approvals: shown, sample, more } };
  },
});

export const togetherPasskeyOptions = defineRoute({
  method: 'post',
  path: '/v1/approval-groups/{agent}/{action}/passkey-options',
  summary: 'Begin to approve several together: the challenge is over all of their digests.',
  door: 'person',
  params: GroupParams,
  body: TogetherAskedSchema,
  replies: {
    200: {
      is: 'Options for `navigator.credentials.get`. What they sign goes into `passkey` of the decision.',
      body: RequestOptionsSchema,
    },
  },
  errors: ['approval.not_looked_at', 'passkey.missing', 'store.unavailable'],
  handler: async (context, { person, params, body }) => ({
    status: 200,
    body: await togetherOptions(context, {
      ...{ person, agentId: params.agent, action: params.action },
      ...{ items: body.items, lookedAt: body.looked_at },
    }),
  }),
});

const rulesOf = ({ policy, settings }: ApiContext): DecisionRules => ({
  policy: policy(),
  approvalValidMs: settings.approvalValidMs,
  selfApprovalMs: settings.selfApprovalMs,
});

/** What each became; what is settled goes on at once. */
async function answer(
  context: ApiContext,
  decided: readonly DecidedTogether[],
): Promise<z.infer<typeof TogetherReplySchema>> {
  const results = decided.map(({ id, decided: made }) =>
    made.kind === 'refused' ? { id, code: made.code } : { id, status: made.status },
  );
  const settled = results.filter(
    ({ status }) => status !== undefined && status !== 'awaiting_approval',
  );
  await Promise.all(settled.map(({ id }) => wakeLater(context, id)));
  return { results };
}

export const decideTogether = defineRoute({
  method: 'post',
  path: '/v1/approval-groups/{agent}/{action}/decisions',
  summary:
    'Approve several together, with one passkey over all of them, or reject them with one reason. Each is a decision of its own.',
  door: 'person',
  params: GroupParams,
  body: TogetherBodySchema,
  replies: {
    200: {
      is: 'What became of each: its status, or the code of why the decision does not count.',
      body: TogetherReplySchema,
    },
  },
  errors: [
    'approval.not_looked_at',
    'rate.limited',
    'store.unavailable',
  ] as const satisfies readonly ErrorCode[],
  handler: async (context, { person, session, params, body }) => {
    await context.decisionRate.take(person.id);
    const { agent: agentId, action } = params;
    const group = { person, agentId, action, items: body.items };
    if (body.decision === 'approve') {
      const asked = { ...group, lookedAt: body.looked_at };
      const decided = await approveTogether(context, asked, body.passkey, rulesOf(context));
      return { status: 200, body: await answer(context, decided) };
    }
    const proof = session === undefined ? 'key' : 'session';
    const asked = { ...group, proof, reason: body.reason } as const;
    const decided = await rejectTogether(context, asked, rulesOf(context));
    return { status: 200, body: await answer(context, decided) };
  },
});
