import { type Request, type RequestHandler, type Response, Router } from 'express';
import { ApprovalPageSchema, ApprovalSchema } from '../contracts/approval.ts';
import { RequestIdSchema } from '../contracts/ids.ts';
import {
  EntryProofSchema,
  RequestDetailSchema,
  RequestHistorySchema,
} from '../contracts/request-history.ts';
import { AgentListSchema } from '../contracts/roster-view.ts';
import { agentsPage } from './pages/agents.ts';
import { cardPage } from './pages/card.ts';
import { historyPage } from './pages/history.ts';
import { queuePage } from './pages/queue.ts';
import { requestPage } from './pages/request.ts';
import { frameOf, type House, sendPage, type Visit, visitOf } from './visit.ts';

/** An id that is none names nothing, and gets into no path of the API. */
export const idIn = (request: Request): string | undefined =>
  RequestIdSchema.safeParse(request.params['id']).data;

const text = (value: unknown, max: number): string =>
  typeof value === 'string' ? value.slice(0, max) : '';

async function history(house: House, visit: Visit, request: Request): Promise<string> {
  const { query } = request;
  const filter = {
    q: text(query['q'], 200),
    status: text(query['status'], 40),
    agent: text(query['agent'], 40),
  };
  const asked = { ...filter, before: text(query['before'], 40) };
  const given = Object.entries(asked).filter(([, value]) => value !== '');
  const search = new URLSearchParams(given).toString();
  const { api } = visit;
  const [frame, found, { agents }] = await Promise.all([
    frameOf(house, visit, request),
    api({ method: 'GET', path: `/v1/requests?${search}`, answer: RequestHistorySchema }),
    api({ method: 'GET', path: '/v1/agents', answer: AgentListSchema }),
  ]);
  return historyPage(frame, filter, found, agents);
}

/** A page that reads: the visit, then what it shows. */
const reads =
  (
    house: House,
    make: (visit: Visit, request: Request) => Promise<string | undefined>,
  ): RequestHandler =>
  async (request, response, next) => {
    const made = await make(visitOf(house, request), request);
    if (made === undefined) next();
    else sendPage(response, made);
  };

async function sendProof(
  visit: Visit,
  of: { readonly id: string; readonly index: string },
  response: Response,
): Promise<void> {
  const answer = EntryProofSchema;
  const proof = await visit.api({ method: 'GET', path: `/v1/audit/${of.index}/proof`, answer });
  response
    .type('application/json')
    .attachment(`${of.id}-entry-${of.index}.json`)
    .send(`${JSON.stringify(proof, null, 2)}\n`);
}

/** Every page that shows and changes nothing. */
export function pageRoutes(house: House): Router {
  const router = Router();
  router.get(
    '/',
    reads(house, async (visit, request) => {
      const [frame, { approvals }] = await Promise.all([
        frameOf(house, visit, request),
        visit.api({ method: 'GET', path: '/v1/approvals', answer: ApprovalPageSchema }),
      ]);
      return queuePage(frame, approvals);
    }),
  );
  router.get(
    '/approvals/:id',
    reads(house, async (visit, request) => {
      const id = idIn(request);
      if (id === undefined) return undefined;
      const path = `/v1/approvals/${id}`;
      const [frame, approval] = await Promise.all([
        frameOf(house, visit, request),
        visit.api({ method: 'GET', path, answer: ApprovalSchema }),
      ]);
      return cardPage(frame, approval);
    }),
  );
  router.get(
    '/requests',
    reads(house, (visit, request) => history(house, visit, request)),
  );
  router.get(
    '/requests/:id',
    reads(house, async (visit, request) => {
      const id = idIn(request);
      if (id === undefined) return undefined;
      const path = `/v1/requests/${id}`;
      const [frame, detail] = await Promise.all([
        frameOf(house, visit, request),
        visit.api({ method: 'GET', path, answer: RequestDetailSchema }),
      ]);
      return requestPage(frame, detail);
    }),
  );
  router.get('/requests/:id/proof/:index', async (request, response, next) => {
    const visit = visitOf(house, request);
    const id = idIn(request);
    const index = /^\d{1,15}$/.exec(request.params['index'])?.[0];
    if (id === undefined || index === undefined) next();
    else await sendProof(visit, { id, index }, response);
  });
  router.get(
    '/agents',
    reads(house, async (visit, request) => {
      const [frame, { agents }] = await Promise.all([
        frameOf(house, visit, request),
        visit.api({ method: 'GET', path: '/v1/agents', answer: AgentListSchema }),
      ]);
      return agentsPage(frame, agents);
    }),
  );
  return router;
}
