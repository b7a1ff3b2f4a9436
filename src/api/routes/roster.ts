import { damagedIn } from '../../contracts/damaged.ts';
import {
  AgentListSchema,
  type AgentView,
  HabitListSchema,
  PersonListSchema,
  PersonViewSchema,
} from '../../contracts/roster-view.ts';
import type { AgentRecord } from '../../core/records.ts';
import { absencesAt } from '../../gate/absences.ts';
import { grantsOfAgent } from '../../gate/explained-agent.ts';
import { isOwnAgent } from '../../gate/own-agent.ts';
import type { ApiContext } from '../api-context.ts';
import { defineRoute } from '../define-route.ts';
import { absenceView, personView } from '../person-view.ts';
import { freezeView } from './freezes.ts';

const COUNTED_MS = 30 * 86_400_000;

async function agentView(
  { store, policy, settings }: ApiContext,
  agent: AgentRecord,
): Promise<AgentView> {
  const { id, name, groups, createdAt, revokedAt } = agent;
  const freeze = await store.freezes.standing([{ kind: 'agent', id }]);
  return {
    id,
    name,
    groups: [...groups],
    is_own: isOwnAgent(id),
    created_at: createdAt.toISOString(),
    revoked_at: revokedAt?.toISOString() ?? null,
    requests_30_days: await store.requests.countSince(id, new Date(Date.now() - COUNTED_MS)),
    freeze: freeze === undefined ? null : freezeView(freeze),
    grants:
      revokedAt === null ? grantsOfAgent(policy(), { agent, connection: settings.connection }) : [],
  };
}

export const listAgents = defineRoute({
  method: 'get',
  path: '/v1/agents',
  summary: 'The agents and what each may do, found by asking policy.',
  door: 'person',
  replies: { 200: { is: 'The agents, also the revoked ones.', body: AgentListSchema } },
  errors: ['store.unavailable'],
  handler: async (context) => {
    const { rows, damaged } = await context.store.agents.list();
    const agents = await Promise.all(rows.map((agent) => agentView(context, agent)));
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
