import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { AlertListSchema } from '../contracts/alert.ts';
import { type Approval, ApprovalSchema } from '../contracts/approval.ts';
import { type Scorecard, ScorecardSchema } from '../contracts/drill.ts';
import { IncidentIdSchema } from '../contracts/ids.ts';
import { INCIDENT_LIMITS, IncidentSchema, type IncidentView } from '../contracts/incident.ts';
import { AgentListSchema } from '../contracts/roster-view.ts';
import { type ApiClient, ApiProblem } from './api-client.ts';
import { alertsPage } from './pages/alerts.ts';
import { drillPage } from './pages/drill.ts';
import { incidentPage } from './pages/incident.ts';
import { incidentsPage } from './pages/incidents.ts';
import { postMortemPage } from './pages/post-mortem.ts';
import { reads } from './pages-routes.ts';
import { step } from './step-routes.ts';
import { type House, ownForm, type Visit, visitOf } from './visit.ts';

const ListSchema = z.strictObject({ incidents: z.array(IncidentSchema) });
const DrillsSchema = z.strictObject({ drills: z.array(ScorecardSchema) });
const PostMortemSchema = z.strictObject({ markdown: z.string() });

const idIn = (request: Request): string | undefined =>
  IncidentIdSchema.safeParse(request.params['id']).data;

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
      const id = idIn(request);
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
      const id = idIn(request);
      if (id === undefined) return undefined;
      return postMortemPage(frame, id, (await postMortemOf(visit, id)).markdown);
    }),
  );
  router.get('/incidents/:id/post-mortem.md', async (request, response, next) => {
    const visit = visitOf(house, request);
    const id = idIn(request);
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

const reasonIn = (form: Readonly<Record<string, string>>): string =>
  (form['reason'] ?? '').trim().slice(0, INCIDENT_LIMITS.reasonMaxChars);

/** What the API says of a form in general, in the words of this one. */
async function inWords<T>(codes: Readonly<Record<string, string>>, work: () => Promise<T>) {
  try {
    return await work();
  } catch (error) {
    const code = error instanceof ApiProblem ? codes[error.code] : undefined;
    throw code === undefined ? error : new ApiProblem(409, code, undefined);
  }
}

const FORBIDDEN = { 'person.forbidden': 'incident.forbidden' } as const;

type Take = (api: ApiClient, id: string, form: Readonly<Record<string, string>>) => Promise<string>;

/** One step of a person on one incident, and back to its page with what became of it. */
const stepOn =
  (house: House, take: Take): RequestHandler =>
  async (request, response, next) => {
    const { api, form } = ownForm(house, request);
    const id = idIn(request);
    if (id === undefined) next();
    else await step(response, `/console/incidents/${id}`, () => take(api, id, form));
  };

const post = (api: ApiClient, path: string, body?: object): Promise<unknown> =>
  api({ method: 'POST', path, ...(body === undefined ? {} : { body }), answer: z.unknown() });

async function open(house: House, request: Request, response: Response): Promise<void> {
  const { api, form } = ownForm(house, request);
  const reason = reasonIn(form);
  const back = (id = ''): string => (id === '' ? '/console/incidents' : `/console/incidents/${id}`);
  if (reason === '') {
    await step(response, back(), () => Promise.resolve('incident.reason_missing'));
    return;
  }
  const call = { method: 'POST', path: '/v1/incidents', body: { reason } } as const;
  const { id } = await api({ ...call, answer: IncidentSchema });
  await step(response, back(id), () => Promise.resolve('incident.opened'));
}

function personSteps(house: House, router: Router): void {
  router.post('/incidents', (request, response) => open(house, request, response));
  router.post(
    '/incidents/:id/key',
    stepOn(house, async (api, id, form) => {
      const malformed = { 'request.malformed': 'incident.key_malformed' };
      // Blanks around it come with a paste and are no part of any key.
      const key = (form['key'] ?? '').trim();
      const codes = { ...FORBIDDEN, ...malformed };
      await inWords(codes, () => post(api, `/v1/incidents/${id}/key`, { key }));
      return 'incident.key_stored';
    }),
  );
  router.post(
    '/incidents/:id/false-alarm',
    stepOn(house, async (api, id, form) => {
      const reason = reasonIn(form);
      if (reason === '') return 'incident.reason_missing';
      await inWords(FORBIDDEN, () => post(api, `/v1/incidents/${id}/false-alarm`, { reason }));
      return 'incident.false_alarm';
    }),
  );
  router.post(
    '/incidents/:id/resume',
    stepOn(house, async (api, id) => {
      await inWords(FORBIDDEN, () => post(api, `/v1/incidents/${id}/resume`));
      return 'incident.resumed';
    }),
  );
}

/** The incident's pages and steps: the API's own, with the reader's session. */
export function incidentRoutes(house: House): Router {
  const router = Router();
  lists(house, router);
  pages(house, router);
  personSteps(house, router);
  return router;
}
