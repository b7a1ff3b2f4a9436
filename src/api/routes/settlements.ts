import { z } from 'zod';
import { RequestIdSchema, TimestampSchema } from '../../contracts/ids.ts';
import { SettlementBodySchema } from '../../contracts/settlement.ts';
import { REQUEST_STATUSES } from '../../core/request-state.ts';
import { settleByHand } from '../../gate/settle.ts';
import { damagedIn, DamagedSchema } from '../../contracts/damaged.ts';
import { defineRoute } from '../define-route.ts';

const IdParams = z.object({ id: RequestIdSchema });
const LostSchema = z
  .strictObject({
    id: RequestIdSchema,
    action: z.string(),
    agent_id: z.string(),
    since: TimestampSchema,
    /** Of the card; null for a write that needed nobody's approval. */
    sentence: z.string().nullable(),
  })
  .meta({ id: 'LostRequest' });
const SettledSchema = z.strictObject({ id: RequestIdSchema, status: z.enum(REQUEST_STATUSES) });

const PAGE_MAX = 100;

export const listLost = defineRoute({
  method: 'get',
  path: '/v1/settlements',
  summary: 'Writes whose answer was lost and of which it is not known yet what became of them.',
  door: 'person',
  replies: {
    200: {
      is: `The newest ${PAGE_MAX}. Most settle by themselves within minutes.`,
      body: z.strictObject({ requests: z.array(LostSchema), damaged: DamagedSchema }),
    },
  },
  errors: ['store.unavailable'],
  handler: async ({ store }) => {
    const { rows: lost, damaged } = await store.requests.list({
      statuses: ['outcome_unknown'],
      limit: PAGE_MAX,
    });
    const requests = lost.map(({ id, action, agentId, updatedAt, card }) => ({
      id,
      action,
      agent_id: agentId,
      since: updatedAt.toISOString(),
      sentence: card?.sentence ?? null,
    }));
    return { status: 200, body: { requests, ...damagedIn(damaged) } };
  },
});

export const settleRequest = defineRoute({
  method: 'post',
  path: '/v1/settlements/{id}',
  summary:
    'Say what became of a write whose answer was lost, after looking in HubSpot. For those that reading cannot settle.',
  door: 'person',
  params: IdParams,
  body: SettlementBodySchema,
  replies: {
    200: {
      is: 'Recorded. `executing` means that a further step of the request goes on.',
      body: SettledSchema,
    },
  },
  errors: [
    'approval.not_found',
    'approval.own_request',
    'outcome.not_open',
    'outcome.too_early',
    'outcome.record_needed',
    'plan.tampered',
    'store.unavailable',
  ],
  handler: async ({ store, settings, quietWatch }, { person, params, body }) => {
    const of = { requestId: params.id, person, ...body };
    const { quietMs } = settings;
    const status = await store.commit(async (tx) => {
      await settleByHand(tx, of, { ...quietWatch, quietMs });
      return tx.requests.status(params.id);
    });
    return { status: 200, body: { id: params.id, status } };
  },
});
