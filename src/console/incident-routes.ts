import { Router } from 'express';
import { z } from 'zod';
import { AlertListSchema } from '../contracts/alert.ts';
import { type Approval, ApprovalSchema } from '../contracts/approval.ts';
import { type Scorecard, ScorecardSchema } from '../contracts/drill.ts';
import { IncidentSchema, type IncidentView } from '../contracts/incident.ts';
import { AgentListSchema } from '../contracts/roster-view.ts';
import { type ApiClient, ApiProblem } from './api-client.ts';
import { incidentIdIn, incidentSteps } from './incident-step-routes.ts';
import { alertsPage } from './pages/alerts.ts';
import { drillPage } from './pages/drill.ts';
import { incidentPage } from './pages/incident.ts';
import { incidentsPage } from './pages/incidents.ts';
import { postMortemPage } from './pages/post-mortem.ts';
import { reads } from './pages-routes.ts';
import { type House, type Visit, visitOf } from './visit.ts';

const ListSchema = z.strictObject({ incidents: z.array(IncidentSchema) });
const DrillsSchema = z.strictObject({ drills: z.array(ScorecardSchema) });
const PostMortemSchema = z.strictObject({ markdown: z.string() });

/** A request has no card while it is being made, and none when its row does not open: its own page says which. */
async function approvalOf(api: ApiClient, id: string): Promise<Approval | undefined> {
  try {
    return await api({ method: 'GET', path: `/v1/approvals/${id}`, answer: ApprovalSchema });
  } catch (error) {
    if (error instanceof ApiProblem && /^(?:approval.not_found|plan.tampered)$/.test(error.code))
      return undefined;
    throw error;
  }
}

async function agentNames(
  api: ApiClient,
  { findings }: IncidentView,
): Promise<ReadonlyMap<string, string>> {
  if (findings === null || findings.exposures.length === 0) return new Map();
  const { agents } = await api({ method: 'GET', path: '/v1/agents', answer: AgentListSchema });
  return new Map(agents.map(({ id, name }) => [id, name]));
}

const incidentOf = ({ api }: Visit, id: string): Promise<IncidentView> =>
  api({ method: 'GET', path: `/v1/incidents/${id}`, answer: IncidentSchema });

const drillsOf = async (api: ApiClient): Promise<readonly Scorecard[]> =>
  (await api({ method: 'GET', path: '/v1/drills', answer: DrillsSchema })).drills;

const alertsOf = (api: ApiClient, query: Readonly<Record<string, string>>) =>
  api({
    method: 'GET',
    path: `/v1/alerts?${new URLSearchParams(query).toString()}`,
    answer: AlertListSchema,
  });

const postMortemOf = ({ api }: Visit, id: string) =>
  api({ method: 'GET', path: `/v1/incidents/${id}/post-mortem`, answer: PostMortemSchema });

/** What there was: incidents, alerts, drills. */
function lists(house: House, router: Router): void {
  router.get(
    '/incidents',
    reads(house, async ({ visit: { api }, frame }) => {
      const path = '/v1/incidents';
      const [{ incidents }, drills, { alerts }] = await Promise.all([
        api({ method: 'GET', path, answer: ListSchema }),
        drillsOf(api),
        alertsOf(api, { limit: '1' }),
      ]);
      return incidentsPage(frame, incidents, { drills, alerts });
    }),
  );
  router.get(
    ['/alerts', '/alerts/:index'],
    reads(house, async ({ visit: { api }, request, frame }) => {
      // From this one on: it is the first of the list.
      const { index } = request.params;
      if (index !== undefined && !/^\d{1,15}$/.test(String(index))) return undefined;
      const from = index === undefined ? {} : { before: String(Number(index) + 1) };
      const [found, { agents }] = await Promise.all([
        alertsOf(api, from),
        api({ method: 'GET', path: '/v1/agents', answer: AgentListSchema }),
      ]);
      return alertsPage(frame, found, new Map(agents.map(({ id, name }) => [id, name])));
    }),
  );
  router.get(
    '/drills/:id',
    reads(house, async ({ visit: { api }, request, frame }) => {
      const drills = await drillsOf(api);
      const card = drills.find(({ id }) => id === request.params['id']);
      return card === undefined ? undefined : drillPage(frame, card);
    }),
  );
}

function pages(house: House, router: Router): void {
  router.get(
    '/incidents/:id',
    reads(house, async ({ visit, request, frame }) => {
      const id = incidentIdIn(request);
      if (id === undefined) return undefined;
      const incident = await incidentOf(visit, id);
      const [takeBacks, agents] = await Promise.all([
        Promise.all(
          incident.take_backs.map(async (one) => ({
            id: one,
            approval: await approvalOf(visit.api, one),
          })),
        ),
        agentNames(visit.api, incident),
      ]);
      return incidentPage(frame, { incident, takeBacks, agents });
    }),
  );
  router.get(
    '/incidents/:id/post-mortem',
    reads(house, async ({ visit, request, frame }) => {
      const id = incidentIdIn(request);
      if (id === undefined) return undefined;
      return postMortemPage(frame, id, (await postMortemOf(visit, id)).markdown);
    }),
  );
  router.get('/incidents/:id/post-mortem.md', async (request, response, next) => {
    const visit = visitOf(house, request);
    const id = incidentIdIn(request);
    if (id === undefined) {
      next();
      return;
    }
    const { markdown } = await postMortemOf(visit, id);
    response
      .set('Content-Type', 'text/markdown; charset=utf-8')
      .attachment(`${id}.md`)
      .set('Content-Type', 'text/markdown; charset=utf-8')
      .send(markdown);
  });
}

/** The incident's pages and steps: the API's own, with the reader's session. */
export function incidentRoutes(house: House): Router {
  const router = Router();
  lists(house, router);
  pages(house, router);
  incidentSteps(house, router);
  return router;
}
