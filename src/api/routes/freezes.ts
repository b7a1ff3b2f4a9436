import { z } from 'zod';
import { FreezeIdSchema } from '../../contracts/ids.ts';
import { type Freeze, FreezeBodySchema, FreezeSchema } from '../../contracts/freeze.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import { isOperator } from '../../core/roles.ts';
import type { FreezeRecord, FreezeTarget } from '../../core/records.ts';
import { liftFreeze, placeFreeze } from '../../gate/freezes.ts';
import { defineRoute } from '../define-route.ts';

export const freezeView = (freeze: FreezeRecord): Freeze => ({
  id: freeze.id,
  target: { ...freeze.target },
  reason: freeze.reason,
  placed_by: freeze.placedBy,
  placed_at: freeze.placedAt.toISOString(),
  lifted_at: freeze.liftedAt?.toISOString() ?? null,
});

export const placeFreezeRoute = defineRoute({
  method: 'post',
  path: '/v1/freezes',
  summary: 'Stop a connection or an agent at once. Anyone on the roster may.',
  door: 'person',
  body: FreezeBodySchema,
  replies: { 201: { is: 'Frozen. No call starts from now on.', body: FreezeSchema } },
  errors: ['request.not_found', 'store.unavailable'],
  handler: async ({ store, settings }, { person, body }) => {
    const target: FreezeTarget =
      body.agent === undefined
        ? { kind: 'connection', id: body.connection ?? settings.connection }
        : { kind: 'agent', id: body.agent };
    const { connection: configured } = settings;
    const of = { target, reason: body.reason, by: `person:${person.id}`, configured };
    const freeze = await store.commit((tx) => placeFreeze(tx, of));
    return { status: 201, body: freezeView(freeze) };
  },
});

export const listFreezes = defineRoute({
  method: 'get',
  path: '/v1/freezes',
  summary: 'All freezes, standing and lifted.',
  door: 'person',
  replies: {
    200: { is: 'The freezes.', body: z.strictObject({ freezes: z.array(FreezeSchema) }) },
  },
  errors: ['store.unavailable'],
  handler: async ({ store }) => {
    const freezes = await store.freezes.list();
    return { status: 200, body: { freezes: freezes.map(freezeView) } };
  },
});

export const liftFreezeRoute = defineRoute({
  method: 'delete',
  path: '/v1/freezes/{id}',
  summary: 'Lift a freeze. Needs the role operator.',
  door: 'person',
  params: z.object({ id: FreezeIdSchema }),
  replies: { 204: { is: 'Lifted.', body: null } },
  errors: ['person.forbidden', 'request.not_found', 'store.unavailable'],
  handler: async ({ store }, { person, params }) => {
    if (!isOperator(person)) throw new GatewayError('person.forbidden');
    const of = { freezeId: params.id, by: `person:${person.id}` };
    await store.commit((tx) => liftFreeze(tx, of));
    return { status: 204 };
  },
});
