import { z } from 'zod';
import { damagedIn } from '../../contracts/damaged.ts';
import {
  AgentListSchema,
  type AgentView,
  HabitListSchema,
  PersonListSchema,
  PersonViewSchema,
} from '../../contracts/roster-view.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { AgentRecord } from '../../core/records.ts';
import { absencesAt } from '../../gate/absences.ts';
import { grantsOfAgent } from '../../gate/explained-agent.ts';
import { isOwnAgent } from '../../gate/own-agent.ts';
import type { ApiContext } from '../api-context.ts';
import { defineRoute } from '../define-route.ts';
import { absenceView, personView } from '../person-view.ts';
import { freezeView } from './freezes.ts';

const DAY_MS = 86_400_000;
const COUNTED_MS = 30 * DAY_MS;
/** A day by anybody's clocks has begun less than two days ago. */
const TODAY_MAX_MS = 2 * DAY_MS;

/** How much it asks: each figure by an index, however long its history. */
async function activityOf(
  { store, clock }: ApiContext,
  { id }: AgentRecord,
  today: Date,
): Promise<Pick<AgentView, 'requests_30_days' | 'requests_today' | 'last_request_at' | 'waiting'>> {
  const { requests } = store;
  const lastMadeAt = await requests.lastMadeAt(id);
  return {
    requests_30_days: await requests.countSince(id, new Date(clock().getTime() - COUNTED_MS)),
    requests_today: await requests.countSince(id, today),
    last_request_at: lastMadeAt?.toISOString() ?? null,
    waiting: await requests.countWaiting(id),
  };
}

async function agentView(context: ApiContext, agent: AgentRecord, today: Date): Promise<AgentView> {
  const { store, policy, settings } = context;
  const { id, name, groups, createdAt, revokedAt } = agent;
  const freeze = await store.freezes.standing([{ kind: 'agent', id }]);
  return {
    id,
    name,
    groups: [...groups],
    is_own: isOwnAgent(id),
    created_at: createdAt.toISOString(),
    revoked_at: revokedAt?.toISOString() ?? null,
    ...(await activityOf(context, agent, today)),
    freeze: freeze === undefined ? null : freezeView(freeze),
    grants:
      revokedAt === null ? grantsOfAgent(policy(), { agent, connection: settings.connection }) : [],
  };
}

function dayBegan(now: Date, since: string | undefined): Date {
  const midnight = Math.floor(now.getTime() / DAY_MS) * DAY_MS;
  const began = since === undefined ? midnight : Date.parse(since);
  if (now.getTime() - began <= TODAY_MAX_MS) return new Date(began);
  throw new GatewayError('request.malformed', { detail: 'since: more than 48 hours ago' });
}

export const listAgents = defineRoute({
  method: 'get',
  path: '/v1/agents',
  summary: 'The agents, how much each asks, and what it may do, found by asking policy.',
  door: 'person',
  query: z.strictObject({
    since: z.iso.datetime({ offset: true }).optional().meta({
      description: 'When the reader’s day began, for `requests_today`: 48 hours ago at most.',
    }),
  }),
  replies: { 200: { is: 'The agents, also the revoked ones.', body: AgentListSchema } },
  errors: ['request.malformed', 'store.unavailable'],
  handler: async (context, { query }) => {
    const today = dayBegan(context.clock(), query.since);
    const { rows, damaged } = await context.store.agents.list();
    const agents = await Promise.all(rows.map((agent) => agentView(context, agent, today)));
    return { status: 200, body: { agents, ...damagedIn(damaged) } };
  },
});

export const listPeople = defineRoute({
  method: 'get',
  path: '/v1/people',
  summary: 'The people on the roster, also those who were revoked.',
  door: 'person',
  replies: { 200: { is: 'The people.', body: PersonListSchema } },
  errors: ['store.unavailable'],
  handler: async ({ store, clock }) => {
    const { rows, damaged } = await store.people.legible();
    const absences = await absencesAt(store, clock());
    const people = rows.map((person) => {
      const own = absences.filter(({ personId }) => personId === person.id);
      return { ...personView(person), absences: own.map(absenceView) };
    });
    return { status: 200, body: { people, ...damagedIn(damaged) } };
  },
});

export const listHabits = defineRoute({
  method: 'get',
  path: '/v1/people/habits',
  summary: 'How often each person approves, and how long they take: of those who decided lately.',
  door: 'person',
  replies: { 200: { is: 'By person; nobody who was revoked.', body: HabitListSchema } },
  errors: ['store.unavailable'],
  handler: async ({ habitsAt, clock }) => {
    const { habits, damaged } = await habitsAt(clock());
    return { status: 200, body: { habits: [...habits], ...damagedIn(damaged) } };
  },
});

export const getMe = defineRoute({
  method: 'get',
  path: '/v1/people/me',
  summary: 'Whose key or session this is.',
  door: 'person',
  replies: { 200: { is: 'The person.', body: PersonViewSchema } },
  errors: ['store.unavailable'],
  handler: (_context, { person }) => Promise.resolve({ status: 200, body: personView(person) }),
});
