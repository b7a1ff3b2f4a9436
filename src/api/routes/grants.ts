import { z } from 'zod';
import { damagedIn } from '../../contracts/damaged.ts';
import {
  GrantBodySchema,
  GrantListSchema,
  type StandingGrant,
  StandingGrantSchema,
} from '../../contracts/grant.ts';
import { GrantIdSchema } from '../../contracts/ids.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { GrantRecord } from '../../core/grants.ts';
import { isOperator } from '../../core/roles.ts';
import { endGrant, giveGrant } from '../../gate/grants.ts';
import type { Store } from '../../ports/store.ts';
import { defineRoute } from '../define-route.ts';

const LISTED_MAX = 100;

/** By name, of agents and people who were revoked too; a row that does not open hides nobody else. */
async function grantViews(store: Store): Promise<(grant: GrantRecord) => StandingGrant> {
  const [agents, people] = await Promise.all([store.agents.list(), store.people.legible()]);
  const named = (rows: readonly { readonly id: string; readonly name: string }[], id: string) => ({
    id,
    name: rows.find((row) => row.id === id)?.name ?? id,
  });
  return (grant) => ({
    id: grant.id,
    agent: named(agents.rows, grant.agentId),
    action: grant.action,
    person: named(people.rows, grant.personId),
    given_at: grant.createdAt.toISOString(),
    ends_at: grant.endsAt.toISOString(),
    max_uses: grant.maxUses,
    uses: grant.uses,
    ended_at: grant.endedAt?.toISOString() ?? null,
    ended_by: grant.endedBy,
  });
}

export const giveGrantRoute = defineRoute({
  method: 'post',
  path: '/v1/grants',
  summary:
    'Allow one action of one agent ahead, for some hours and uses. Covers ordinary writes that you could approve alone; never high-risk ones.',
  door: 'person',
  body: GrantBodySchema,
  replies: { 201: { is: 'Allowed ahead from now on.', body: StandingGrantSchema } },
  errors: [
    'grant.refused',
    'grant.standing',
    'approval.not_eligible',
    'request.not_found',
    'freeze.active',
    'rate.limited',
    'plan.tampered',
    'store.unavailable',
  ],
  handler: async (context, { person, session, body }) => {
    await context.decisionRate.take(person.id);
    const of = {
      ...{ agentId: body.agent, action: body.action, person },
      ...{ hours: body.hours, maxUses: body.max_uses },
      proof: session === undefined ? ('key' as const) : ('session' as const),
      connection: context.settings.connection,
      policy: context.policy(),
    };
    const grant = await context.store.commit((tx) => giveGrant(tx, of));
    const viewOf = await grantViews(context.store);
    return { status: 201, body: viewOf(grant) };
  },
});

export const listGrants = defineRoute({
  method: 'get',
  path: '/v1/grants',
  summary: 'What was allowed ahead, newest first: what stands, and what has ended and why.',
  door: 'person',
  replies: { 200: { is: 'The newest hundred.', body: GrantListSchema } },
  errors: ['freeze.active', 'store.unavailable'],
  handler: async ({ store }) => {
    const { rows, damaged } = await store.grants.list(LISTED_MAX);
    const viewOf = await grantViews(store);
    return { status: 200, body: { grants: rows.map(viewOf), ...damagedIn(damaged) } };
  },
});

export const endGrantRoute = defineRoute({
  method: 'delete',
  path: '/v1/grants/{id}',
  summary:
    'End what was allowed ahead. Whoever gave it may, and the role operator. What it approved and has not begun is refused.',
  door: 'person',
  params: z.object({ id: GrantIdSchema }),
  replies: { 204: { is: 'Ended.', body: null } },
  errors: ['person.forbidden', 'request.not_found', 'freeze.active', 'store.unavailable'],
  handler: async ({ store }, { person, params }) => {
    const given = (await store.grants.standing()).find(({ id }) => id === params.id);
    if (given?.personId !== person.id && !isOperator(person))
      throw new GatewayError('person.forbidden');
    await store.commit((tx) => endGrant(tx, { id: params.id, by: `person:${person.id}` }));
    return { status: 204 };
  },
});
