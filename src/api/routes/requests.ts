import { z } from 'zod';
import { AuditEntrySchema } from '../../contracts/audit-entry.ts';
import { damagedIn } from '../../contracts/damaged.ts';
import { RequestIdSchema } from '../../contracts/ids.ts';
import {
  type RequestCounts,
  RequestCountsSchema,
  RequestDetailSchema,
  RequestHistorySchema,
  type RequestSummary,
  type TimeLineEntry,
  type SettlementView,
  TimeLineEntrySchema,
} from '../../contracts/request-history.ts';
import { changedTo } from '../../core/changed.ts';
import { GatewayError } from '../../core/gateway-error.ts';
import type { AgentRecord, AuditRecord, PersonRecord, RequestRecord } from '../../core/records.ts';
import { type RequestStatus, REQUEST_STATUSES } from '../../core/request-state.ts';
import { settlementsIn } from '../../gate/settlements.ts';
import type { RequestTally, Store } from '../../ports/store.ts';
import { decisionViews } from '../approval-view.ts';
import { defineRoute } from '../define-route.ts';

const PAGE_MAX = 100;
const SEARCH_MAX_CHARS = 200;
/** The words of a request lie sealed, so a search opens row after row: this many and no more. */
const LOOKED_THROUGH_MAX = 500;
/** Each request of that time is counted when somebody asks. */
const COUNTED_MAX_MS = 31 * 86_400_000;

const summaryOf = (
  request: RequestRecord,
  agents: ReadonlyMap<string, AgentRecord>,
): RequestSummary => ({
  id: request.id,
  status: request.status,
  action: request.action,
  risk: request.risk,
  sentence: request.card?.sentence ?? null,
  agent: { id: request.agentId, name: agents.get(request.agentId)?.name ?? request.agentId },
  user_id: request.submission.userId,
  created_at: request.createdAt.toISOString(),
  updated_at: request.updatedAt.toISOString(),
  code: request.code,
});

async function agentsById(store: Store): Promise<ReadonlyMap<string, AgentRecord>> {
  const { rows } = await store.agents.list();
  return new Map(rows.map((agent) => [agent.id, agent]));
}

/** Everything of a request that a person may look for. */
function textOf({ id, digest, action, submission, card }: RequestRecord): string {
  const values = (card?.changes ?? []).flatMap(({ after, after_name: name = '' }) => [after, name]);
  const shown = card === null ? [] : [card.sentence, ...values];
  const words = [id, digest ?? '', action, submission.userId, submission.prompt, ...shown];
  return words.join('\n').toLowerCase();
}

interface Search {
  readonly statuses?: readonly RequestStatus[];
  readonly agentId?: string;
  readonly isAsked?: true;
  readonly words: string;
  readonly limit: number;
  readonly before?: string;
}

interface Found {
  readonly found: readonly RequestRecord[];
  readonly damaged: readonly string[];
  readonly looked: number;
  readonly next: string | undefined;
}

async function search(store: Store, { words, limit, before, ...filter }: Search): Promise<Found> {
  // Each row is opened: without words no more are than are asked for.
  const size = words === '' ? limit : PAGE_MAX;
  const found: RequestRecord[] = [];
  const damaged: string[] = [];
  let last = before;
  let looked = 0;
  for (;;) {
    const from = last === undefined ? {} : { before: last };
    const page = await store.requests.list({ ...filter, ...from, limit: size });
    damaged.push(...page.damaged);
    for (const request of page.rows) {
      last = request.id;
      looked += 1;
      if (textOf(request).includes(words)) found.push(request);
      if (found.length === limit) return { found, damaged, looked, next: last };
    }
    const isEnd = page.rows.length + page.damaged.length < size;
    if (isEnd) return { found, damaged, looked, next: undefined };
    if (looked >= LOOKED_THROUGH_MAX || page.rows.length === 0)
      return { found, damaged, looked, next: last };
  }
}

export const listRequests = defineRoute({
  method: 'get',
  path: '/v1/requests',
  summary: 'All requests of all agents for people, newest first; search and filters.',
  door: 'person',
  query: z.strictObject({
    status: z.enum(REQUEST_STATUSES).optional(),
    agent: z.string().max(40).optional(),
    only: z
      .literal('asked')
      .optional()
      .meta({ description: 'Writes that people were asked about, or allowed ahead.' }),
    q: z
      .string()
      .max(SEARCH_MAX_CHARS)
      .optional()
      .meta({ description: `Looks through ${LOOKED_THROUGH_MAX} requests at a time.` }),
    limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(25),
    before: RequestIdSchema.optional().meta({ description: 'Go on after this request.' }),
  }),
  replies: { 200: { is: 'A page of requests.', body: RequestHistorySchema } },
  errors: ['store.unavailable'],
  handler: async ({ store }, { query }) => {
    const agents = await agentsById(store);
    const { found, damaged, looked, next } = await search(store, {
      words: (query.q ?? '').trim().toLowerCase(),
      ...(query.only === 'asked' ? { isAsked: true } : {}),
      limit: query.limit,
      ...(query.status === undefined ? {} : { statuses: [query.status] }),
      ...(query.agent === undefined ? {} : { agentId: query.agent }),
      ...(query.before === undefined ? {} : { before: query.before }),
    });
    return {
      status: 200,
      body: {
        requests: found.map((request) => summaryOf(request, agents)),
        ...damagedIn([...new Set(damaged)]),
        looked_through: looked,
        ...(next === undefined ? {} : { next_before: next }),
      },
    };
  },
});

/** Those that people said yes to and that did not fail since. */
const APPROVED: readonly RequestStatus[] = [
  'approved',
  'executing',
  'outcome_unknown',
  'succeeded',
];

function countsOf(tally: readonly RequestTally[]): Omit<RequestCounts, 'since'> {
  const sum = (is: (of: RequestTally) => boolean): number =>
    tally.filter(is).reduce((total, { count }) => total + count, 0);
  return {
    read: sum(({ risk, status }) => risk === 'read' && status === 'succeeded'),
    approved: sum(({ risk, status }) => risk !== 'read' && APPROVED.includes(status)),
    rejected: sum(({ status }) => status === 'rejected'),
    refused: sum(({ status, code }) => status === 'refused' && code === 'policy.denied'),
  };
}

export const countRequests = defineRoute({
  method: 'get',
  path: '/v1/requests/counts',
  summary: 'How much was asked for since a moment, and what became of it.',
  door: 'person',
  query: z.strictObject({
    since: z.iso.datetime({ offset: true }).meta({ description: '31 days ago at most.' }),
  }),
  replies: { 200: { is: 'The counts.', body: RequestCountsSchema } },
  errors: ['request.malformed', 'store.unavailable'],
  handler: async ({ store, clock }, { query }) => {
    const since = new Date(query.since);
    if (clock().getTime() - since.getTime() > COUNTED_MAX_MS)
      throw new GatewayError('request.malformed', { detail: 'since: more than 31 days ago' });
    const counts = countsOf(await store.requests.tallySince(since));
    return { status: 200, body: { since: since.toISOString(), ...counts } };
  },
});

function timeLineEntry({ leaf }: AuditRecord): TimeLineEntry {
  const entry = AuditEntrySchema.parse(JSON.parse(new TextDecoder().decode(leaf)));
  return TimeLineEntrySchema.strip().parse(entry);
}

const settlementViews = (
  records: readonly AuditRecord[],
  people: readonly PersonRecord[],
): SettlementView[] =>
  settlementsIn(records).map(({ index, personId, outcome, settledAt, reason }) => {
    const name = people.find(({ id }) => id === personId)?.name;
    return {
      ...{ index, person: personId, outcome, settled_at: settledAt },
      ...(name === undefined ? {} : { name }),
      ...(reason === null ? {} : { reason }),
    };
  });

const successorOf = (request: RequestRecord): { successor?: string } => {
  const changed = changedTo(request);
  return changed === undefined ? {} : { successor: changed.successor };
};

export const getRequest = defineRoute({
  method: 'get',
  path: '/v1/requests/{id}',
  summary: 'One request for people, with its card, its decisions and its entries in the log.',
  door: 'person',
  params: z.object({ id: RequestIdSchema }),
  replies: { 200: { is: 'The request.', body: RequestDetailSchema } },
  errors: ['request.not_found', 'plan.tampered', 'store.unavailable'],
  handler: async ({ store }, { params }) => {
    const request = await store.requests.get(params.id);
    if (request === undefined) throw new GatewayError('request.not_found');
    const { records } = await store.log.trace(params.id);
    const decisions = await store.decisions.of(params.id);
    const people = (await store.people.legible()).rows;
    return {
      status: 200,
      body: {
        ...summaryOf(request, await agentsById(store)),
        prompt: request.submission.prompt,
        digest: request.digest,
        detail: request.detail,
        card: request.card,
        ...successorOf(request),
        decisions: await decisionViews(store, decisions, people),
        settlements: settlementViews(records, people),
        time_line: records.map(timeLineEntry),
      },
    };
  },
});
