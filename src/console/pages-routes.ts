import { type Request, type RequestHandler, type Response, Router } from 'express';
import { ApprovalPageSchema, ApprovalSchema } from '../contracts/approval.ts';
import { RequestIdSchema } from '../contracts/ids.ts';
import {
  EntryProofSchema,
  RequestCountsSchema,
  RequestDetailSchema,
  RequestHistorySchema,
} from '../contracts/request-history.ts';
import { GrantListSchema } from '../contracts/grant.ts';
import { AgentListSchema, HabitListSchema } from '../contracts/roster-view.ts';
import type { Frame } from './frame.ts';
import { agentsPage } from './pages/agents.ts';
import { cardPage } from './pages/card.ts';
import { historyPage } from './pages/history.ts';
import { queuePage, type Quiet } from './pages/queue.ts';
import { requestPage } from './pages/request.ts';
import { frameOf, type House, sendPage, statusOf, tagOf, type Visit, visitOf } from './visit.ts';
import { dayOf, dayStart } from './zone.ts';

const LAST_ASKED_MAX = 3;

/** An id that is none names nothing, and gets into no path of the API. */
export const idIn = (request: Request): string | undefined =>
  RequestIdSchema.safeParse(request.params['id']).data;

/** A field of a query that is text, cut to what the API takes. */
export const textIn = (value: unknown, max: number): string =>
  typeof value === 'string' ? value.slice(0, max) : '';

/** What a page is made of: who visits, and what stands around it. */
export interface Visited {
  readonly visit: Visit;
  readonly request: Request;
  readonly frame: Frame;
}

async function history({ visit: { api }, request: { query }, frame }: Visited): Promise<string> {
  const filter = {
    q: textIn(query['q'], 200),
    status: textIn(query['status'], 40),
    agent: textIn(query['agent'], 40),
  };
  const asked = { ...filter, before: textIn(query['before'], 40) };
  const given = Object.entries(asked).filter(([, value]) => value !== '');
  const search = new URLSearchParams(given).toString();
  const [found, { agents }] = await Promise.all([
    api({ method: 'GET', path: `/v1/requests?${search}`, answer: RequestHistorySchema }),
    api({ method: 'GET', path: '/v1/agents', answer: AgentListSchema }),
  ]);
  return historyPage(frame, filter, found, agents);
}

/** A page that reads. Who looks again and finds nothing new is told so after one question to the API. */
export const reads =
  (house: House, make: (visited: Visited) => Promise<string | undefined>): RequestHandler =>
  async (request, response, next) => {
    const visit = visitOf(house, request);
    const status = await statusOf(visit);
    const tag = tagOf(status, visit, request);
    if (tag !== undefined && request.get('if-none-match') === tag) {
      response.status(304).end();
      return;
    }
    const frame = await frameOf(house, visit, { request, status });
    const made = await make({ visit, request, frame });
    if (made === undefined) next();
    else {
      if (tag !== undefined) response.set('ETag', tag);
      sendPage(response, made);
    }
  };

/** The proof of an entry as a file of that name. */
export async function sendProof(
  visit: Visit,
  of: { readonly name: string; readonly index: string },
  response: Response,
): Promise<void> {
  const answer = EntryProofSchema;
  const proof = await visit.api({ method: 'GET', path: `/v1/audit/${of.index}/proof`, answer });
  response
    .type('application/json')
    .attachment(`${of.name}-entry-${of.index}.json`)
    .send(`${JSON.stringify(proof, null, 2)}\n`);
}

/** Today is the reader's: it began at midnight by their own clocks. */
const todayOf = ({ now, zone }: Frame): string => dayStart(dayOf(now, zone), zone).toISOString();

async function quietOf({ api }: Visit, frame: Frame): Promise<Quiet> {
  const last = `/v1/requests?only=asked&limit=${LAST_ASKED_MAX}`;
  const since = todayOf(frame);
  const [{ requests: lastAsked }, today] = await Promise.all([
    api({ method: 'GET', path: last, answer: RequestHistorySchema }),
    api({
      ...{ method: 'GET', path: `/v1/requests/counts?since=${since}` },
      answer: RequestCountsSchema,
    }),
  ]);
  return { lastAsked, today };
}

/** Every page that shows and changes nothing. */
export function pageRoutes(house: House): Router {
  const router = Router();
  router.get(
    '/',
    reads(house, async ({ visit, request, frame }) => {
      const after = RequestIdSchema.safeParse(request.query['after']).data;
      const path = `/v1/approvals${after === undefined ? '' : `?after=${after}`}`;
      const waiting = await visit.api({ method: 'GET', path, answer: ApprovalPageSchema });
      const isEmpty = waiting.approvals.length === 0;
      return queuePage(frame, waiting, isEmpty ? await quietOf(visit, frame) : undefined);
    }),
  );
  router.get(
    '/approvals/:id',
    reads(house, async ({ visit, request, frame }) => {
      const id = idIn(request);
      if (id === undefined) return undefined;
      const path = `/v1/approvals/${id}`;
      return cardPage(frame, await visit.api({ method: 'GET', path, answer: ApprovalSchema }));
    }),
  );
  router.get('/requests', reads(house, history));
  router.get(
    '/requests/:id',
    reads(house, async ({ visit, request, frame }) => {
      const id = idIn(request);
      if (id === undefined) return undefined;
      const answer = RequestDetailSchema;
      const path = `/v1/requests/${id}`;
      return requestPage(frame, await visit.api({ method: 'GET', path, answer }));
    }),
  );
  router.get('/requests/:id/proof/:index', async (request, response, next) => {
    const visit = visitOf(house, request);
    const id = idIn(request);
    const index = /^\d{1,15}$/.exec(request.params['index'])?.[0];
    if (id === undefined || index === undefined) next();
    else await sendProof(visit, { name: id, index }, response);
  });
  router.get(
    '/agents',
    reads(house, async ({ visit, frame }) => {
      const { api } = visit;
      const [agents, ahead, { habits }] = await Promise.all([
        api({
          ...{ method: 'GET', path: `/v1/agents?since=${todayOf(frame)}` },
          answer: AgentListSchema,
        }),
        api({ method: 'GET', path: '/v1/grants', answer: GrantListSchema }),
        api({ method: 'GET', path: '/v1/people/habits', answer: HabitListSchema }),
      ]);
      return agentsPage(frame, agents, { ahead, habits });
    }),
  );
  return router;
}
