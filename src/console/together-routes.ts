import { type Request, type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { RequestIdSchema } from '../contracts/ids.ts';
import {
  type Alike,
  AlikeSchema,
  ApprovalGroupSchema,
  TogetherReplySchema,
} from '../contracts/together.ts';
import { ApiProblem } from './api-client.ts';
import { isJson } from './form-json.ts';
import { hasNote } from './notes.ts';
import { groupPath, ITEM, LEFT_OUT, LOOKED, togetherPage } from './pages/together.ts';
import { reads } from './pages-routes.ts';
import { formAbout, reasonIn, step } from './step-routes.ts';
import { type Form, type House, type Visit } from './visit.ts';

/** The answer goes to the browser as it is. */
const Anything = z.unknown();

const alikeIn = ({ params }: Request): Alike | undefined => AlikeSchema.safeParse(params).data;

const apiPath = ({ agent, action }: Alike): string => `/v1/approval-groups/${agent}/${action}`;

/** What the form says of one request each, by the name of its control. */
const chosenIn = (form: Form, prefix: string) =>
  Object.entries(form).flatMap(([name, digest]) => {
    const id = name.startsWith(prefix)
      ? RequestIdSchema.safeParse(name.slice(prefix.length)).data
      : undefined;
    return id === undefined ? [] : [{ id, digest }];
  });

/** Throws where nothing is left of it. */
function askedIn(form: Form) {
  const looked = chosenIn(form, LOOKED);
  const right = looked.filter(({ digest }) => digest !== LEFT_OUT);
  const items = [...right, ...chosenIn(form, ITEM)];
  if (items.length === 0) throw new ApiProblem(422, 'group.nothing', undefined);
  return { items, looked_at: looked.map(({ id }) => id) };
}

/** One word for all that became of them; why none counts where it is the same for all. */
function noteFor({ results }: z.infer<typeof TogetherReplySchema>, done: string): string {
  const codes = new Set(results.map(({ code }) => code));
  const [only, ...more] = codes;
  if (codes.has(undefined)) return codes.size === 1 ? done : 'group.partly';
  return more.length === 0 && only !== undefined && hasNote(only) ? only : 'group.none';
}

interface Made extends Visit {
  readonly form: Form;
}

async function approve({ api, form }: Made, alike: Alike): Promise<string> {
  const asked = askedIn(form);
  const given = form['passkey'] ?? '';
  if (!isJson(given)) return 'approval.unproven';
  const passkey = JSON.parse(given) as unknown;
  const body = { decision: 'approve', ...asked, passkey };
  const path = `${apiPath(alike)}/decisions`;
  const answer = await api({ method: 'POST', path, body, answer: TogetherReplySchema });
  return noteFor(answer, 'group.approved');
}

async function reject({ api, form }: Made, alike: Alike): Promise<string> {
  const reason = reasonIn(form);
  if (reason === '') return 'reason.missing';
  const body = { decision: 'reject', items: chosenIn(form, ITEM), reason };
  const path = `${apiPath(alike)}/decisions`;
  const answer = await api({ method: 'POST', path, body, answer: TogetherReplySchema });
  return noteFor(answer, 'group.rejected');
}

/** After it one is back among what waits; what was refused is told where it was tried. */
const DONE = /^group\.(?:approved|rejected|partly|none)$/;

const steps = (house: House, take: (made: Made, alike: Alike) => Promise<string>): RequestHandler =>
  formAbout(house, alikeIn, async (made, alike, response) => {
    const back = (note: string): string => (DONE.test(note) ? '/console' : groupPath(alike));
    await step(response, back, () => take(made, alike));
  });

/** Writes that are alike: their page, and what comes of it. */
export function togetherRoutes(house: House): Router {
  const router = Router();
  router.get(
    '/groups/:agent/:action',
    reads(house, async ({ visit, request, frame }) => {
      const alike = alikeIn(request);
      if (alike === undefined) return undefined;
      const answer = ApprovalGroupSchema;
      return togetherPage(frame, await visit.api({ method: 'GET', path: apiPath(alike), answer }));
    }),
  );
  router.post('/groups/:agent/:action/approve', steps(house, approve));
  router.post('/groups/:agent/:action/reject', steps(house, reject));
  router.post(
    '/groups/:agent/:action/passkey-options',
    formAbout(house, alikeIn, async ({ form, api }, alike, response) => {
      const path = `${apiPath(alike)}/passkey-options`;
      response.json(await api({ method: 'POST', path, body: askedIn(form), answer: Anything }));
    }),
  );
  return router;
}
