import type { z } from 'zod';
import type { Approval } from '../../contracts/approval.ts';
import { damagedIn } from '../../contracts/damaged.ts';
import { RequestOptionsSchema } from '../../contracts/passkey.ts';
import {
  type Alike,
  AlikeSchema,
  ApprovalGroupSchema,
  TogetherAskedSchema,
  TogetherBodySchema,
  TogetherReplySchema,
} from '../../contracts/together.ts';
import type { RequestRecord } from '../../core/records.ts';
import { canGoTogether, TOGETHER_LIMITS } from '../../core/together.ts';
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
import { decisionRules, proofAtDoor } from '../decision-reply.ts';
import { defineRoute } from '../define-route.ts';

/** So many that wait are looked through for a group, the first to expire first. */
const WAITING = { page: 100, max: 1_000 } as const;

/** Those of the kind among what waits, in pages, until there are enough to show or no more. */
async function alikeIn(
  { store }: Pick<ApiContext, 'store'>,
  kind: Alike,
): Promise<{ readonly rows: RequestRecord[]; readonly damaged: string[] }> {
  const found: { rows: RequestRecord[]; damaged: string[] } = { rows: [], damaged: [] };
  let after: string | undefined;
  for (let looked = 0; looked < WAITING.max; looked += WAITING.page) {
    const of = { limit: WAITING.page, ...(after === undefined ? {} : { after }) };
    const { rows, damaged } = await store.requests.waiting(of);
    found.rows.push(...rows.filter(isOfKind(kind)));
    found.damaged.push(...damaged);
    after = rows.at(-1)?.id;
    if (rows.length < WAITING.page || found.rows.length > TOGETHER_LIMITS.itemsMax) break;
  }
  return found;
}

const isOfKind =
  ({ agent, action }: Alike) =>
  (request: RequestRecord): boolean =>
    request.agentId === agent &&
    request.action === action &&
    request.card !== null &&
    canGoTogether(request.card);

const isForReader = ({ you }: Approval): boolean => you.can_decide && you.own === undefined;

export const getApprovalGroup = defineRoute({
  method: 'get',
  path: '/v1/approval-groups/{agent}/{action}',
  summary:
    'What waits for you of one agent and one action and may be decided together. That you read it goes into the log.',
  door: 'person',
  params: AlikeSchema,
  replies: { 200: { is: 'The group; empty when nothing waits.', body: ApprovalGroupSchema } },
  errors: ['store.unavailable'],
  handler: async (context, { person, session, params }) => {
    const alike = await alikeIn(context, params);
    const { approvals, damaged } = await legibleApprovals(context, person, alike.rows);
    const mine = approvals.filter(isForReader);
    const shown = mine.slice(0, TOGETHER_LIMITS.itemsMax);
    const ids = shown.map(({ id }) => id);
    const proof = proofAtDoor(session);
    const seen = alike.rows.filter(({ id }) => ids.includes(id));
    await Promise.all(seen.map((request) => noteSeen(context, { request, person, proof })));
    const sample = sampleOf(context.attester, person, ids);
    const more = mine.length > shown.length;
    const unread = damagedIn([...alike.damaged, ...damaged]);
    return { status: 200, body: { ...params, approvals: shown, sample, more, ...unread } };
  },
});

export const togetherPasskeyOptions = defineRoute({
  method: 'post',
  path: '/v1/approval-groups/{agent}/{action}/passkey-options',
  summary: 'Begin to approve several together: the challenge is over all of their digests.',
  door: 'person',
  params: AlikeSchema,
  body: TogetherAskedSchema,
  replies: {
    200: {
      is: 'Options for `navigator.credentials.get`. What they sign goes into `passkey` of the decision.',
      body: RequestOptionsSchema,
    },
  },
  errors: ['approval.not_looked_at', 'passkey.missing', 'plan.tampered', 'store.unavailable'],
  handler: async (context, { person, params, body }) => ({
    status: 200,
    body: await togetherOptions(context, {
      ...{ person, agentId: params.agent, action: params.action },
      ...{ items: body.items, lookedAt: body.looked_at },
    }),
  }),
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
  params: AlikeSchema,
  body: TogetherBodySchema,
  replies: {
    200: {
      is: 'What became of each: its status, or the code of why the decision does not count.',
      body: TogetherReplySchema,
    },
  },
  errors: ['approval.not_looked_at', 'plan.tampered', 'rate.limited', 'store.unavailable'],
  handler: async (context, { person, session, params, body }) => {
    // Each is an entry in the log.
    await context.decisionRate.take(person.id, body.items.length);
    const { agent: agentId, action } = params;
    const group = { person, agentId, action, items: body.items };
    if (body.decision === 'approve') {
      const asked = { ...group, lookedAt: body.looked_at };
      const decided = await approveTogether(context, asked, body.passkey, decisionRules(context));
      return { status: 200, body: await answer(context, decided) };
    }
    const proof = proofAtDoor(session);
    const asked = { ...group, proof, reason: body.reason } as const;
    const decided = await rejectTogether(context, asked, decisionRules(context));
    return { status: 200, body: await answer(context, decided) };
  },
});
