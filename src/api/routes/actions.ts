import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { findAction } from '../../actions/catalogue.ts';
import { ACTION_REQUEST_LIMITS, ActionRequestSchema } from '../../contracts/action-request.ts';
import { damagedIn, DamagedSchema } from '../../contracts/damaged.ts';
import { RequestIdSchema } from '../../contracts/ids.ts';
import { RequestViewSchema } from '../../contracts/request-view.ts';
import { type ErrorCode, ERRORS } from '../../core/errors.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { RequestRecord } from '../../core/records.ts';
import { REQUEST_STATUSES } from '../../core/request-state.ts';
import { bodyHash } from '../../gate/digest.ts';
import { wakeLater } from '../../gate/wake-later.ts';
import { withdrawRequest } from '../../gate/withdrawals.ts';
import type { ApiContext } from '../api-context.ts';
import { defineRoute } from '../define-route.ts';
import { answerFor, viewOf } from '../request-view.ts';
import { submitRequest } from '../submit.ts';
import { waitForEnd } from '../wait-for-end.ts';

const WAIT_MAX_SECONDS = 60;
const PAGE_MAX = 100;

const WaitSchema = z.coerce
  .number()
  .int()
  .min(0)
  .max(WAIT_MAX_SECONDS)
  .meta({ description: 'Seconds to wait for the end of the request.' });

const SubmitHeadersSchema = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7e]+$/)
    .max(ACTION_REQUEST_LIMITS.idempotencyKeyMaxChars)
    .optional()
    .meta({
      description:
        'Needed for writes; made up for reads. The same key finds the same request for as long as it is kept. Only what was never ' +
        'done is tried anew on its key: a read that failed for a passing reason, and a write that did so before it was ' +
        'accepted or that was told `approval.queue_full`.',
    }),
  prefer: z
    .string()
    .max(100)
    .optional()
    .meta({
      description:
        '`wait=N`: hold the answer up to N seconds for the end of the request; minimum 0, maximum 60, more counts as 60. ' +
        'Other preferences and other values are ignored (RFC 7240).',
    }),
});

/** RFC 7240 `wait`; other preferences are ignored, as the RFC says. */
function preferredWaitMs(prefer: string | undefined): number | undefined {
  const seconds = /(?:^|,)\s*wait=(\d+)\s*(?:$|[,;])/.exec(prefer ?? '')?.[1];
  return seconds === undefined ? undefined : Math.min(Number(seconds), WAIT_MAX_SECONDS) * 1000;
}

/** Reads may come without a key; what is not in the catalogue is refused by validation, key or not. */
function keyFor(action: string, given: string | undefined): string {
  const risk = findAction(action)?.risk ?? 'read';
  if (given === undefined && risk !== 'read') throw new GatewayError('idempotency.key_required');
  return given ?? `made-up:${randomUUID()}`;
}

const IdParams = z.object({ id: RequestIdSchema });
const View = { is: 'The request as it is now.', body: RequestViewSchema };

/** Codes a request can end with: the answer to `POST` is then that problem. */
const ENDINGS = (Object.keys(ERRORS) as ErrorCode[]).filter((code) =>
  /^(action|prompt|policy|freeze|approval|record|hubspot|outcome|credential|secret|plan)\./.test(
    code,
  ),
);

export const submitAction = defineRoute({
  method: 'post',
  path: '/v1/actions',
  summary: 'Submit one action. A write waits for a person.',
  door: 'agent',
  headers: SubmitHeadersSchema,
  body: ActionRequestSchema,
  replies: {
    200: { is: 'Done.', body: RequestViewSchema },
    202: { is: 'Accepted and not ended yet; a write waits for approval.', body: RequestViewSchema },
  },
  errors: [
    'idempotency.key_required',
    'idempotency.mismatch',
    'rate.limited',
    'gateway.busy',
    'gateway.stopping',
    'engine.unavailable',
    'store.unavailable',
    ...ENDINGS,
  ],
  handler: async (context, { agent, headers, body, signal }) => {
    const idempotencyKey = keyFor(body.action.action, headers['idempotency-key']);
    await context.submissionRate.take(agent.id);
    const request = await submitRequest(context, {
      agent,
      idempotencyKey,
      body,
      bodyHash: bodyHash(body),
      preferredWaitMs: preferredWaitMs(headers.prefer),
      signal,
    });
    return answerFor(request);
  },
});

/** Another agent's request is as absent as one that never was. */
async function ownRequest(
  context: ApiContext,
  id: string,
  agentId: string,
): Promise<RequestRecord> {
  const request = await context.store.requests.get(id);
  if (request?.agentId !== agentId) throw new GatewayError('request.not_found');
  return request;
}

export const getAction = defineRoute({
  method: 'get',
  path: '/v1/actions/{id}',
  summary: 'One request of this agent, after waiting for its end if asked to.',
  door: 'agent',
  params: IdParams,
  query: z.strictObject({ wait: WaitSchema.optional() }),
  replies: { 200: View },
  errors: ['request.not_found', 'store.unavailable'],
  handler: async (context, { agent, params, query, signal }) => {
    const request = await ownRequest(context, params.id, agent.id);
    const now = await waitForEnd(context, request, (query.wait ?? 0) * 1000, signal);
    return { status: 200, body: viewOf(now) };
  },
});

export const listActions = defineRoute({
  method: 'get',
  path: '/v1/actions',
  summary: "This agent's requests, newest first.",
  door: 'agent',
  query: z.strictObject({
    status: z.enum(REQUEST_STATUSES).optional(),
    limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(20),
    before: RequestIdSchema.optional().meta({ description: 'Go on after this request.' }),
  }),
  replies: {
    200: {
      is: 'A page of requests; a full page may be followed by another.',
      body: z.strictObject({ requests: z.array(RequestViewSchema), damaged: DamagedSchema }),
    },
  },
  errors: ['store.unavailable'],
  handler: async (context, { agent, query }) => {
    const { rows, damaged } = await context.store.requests.list({
      agentId: agent.id,
      limit: query.limit,
      ...(query.status === undefined ? {} : { statuses: [query.status] }),
      ...(query.before === undefined ? {} : { before: query.before }),
    });
    return { status: 200, body: { requests: rows.map(viewOf), ...damagedIn(damaged) } };
  },
});

export const withdrawAction = defineRoute({
  method: 'delete',
  path: '/v1/actions/{id}',
  summary: 'Withdraw a request that is not decided yet.',
  door: 'agent',
  params: IdParams,
  replies: { 200: View },
  errors: ['request.not_found', 'request.not_withdrawable', 'store.unavailable'],
  handler: async (context, { agent, params }) => {
    const of = { requestId: params.id, agentId: agent.id };
    // What the unit asks of the log is looked up here, where nobody waits for it.
    await context.store.log.trace(params.id);
    await context.store.commit((tx) => withdrawRequest(tx, of));
    await wakeLater(context, params.id);
    return { status: 200, body: viewOf(await ownRequest(context, params.id, agent.id)) };
  },
});
