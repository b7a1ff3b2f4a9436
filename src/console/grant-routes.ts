import { type Request, Router } from 'express';
import { z } from 'zod';
import { GrantIdSchema, RequestIdSchema } from '../contracts/ids.ts';
import { formAbout, step } from './step-routes.ts';
import { type House, ownForm } from './visit.ts';

const Anything = z.unknown();
const PART = '/console/agents';

const grantIn = ({ params }: Request): string | undefined =>
  GrantIdSchema.safeParse(params['grant']).data;

/** Allowing ahead and ending it: forms of the reader's own page, then asked of the API. */
export function grantRoutes(house: House): Router {
  const router = Router();
  router.post('/grants', async (request, response) => {
    const { form, api } = ownForm(house, request);
    const from = RequestIdSchema.safeParse(form['from']).data;
    const back = from === undefined ? PART : `/console/approvals/${from}`;
    await step(response, back, async () => {
      const { agent, action, hours, max_uses: uses } = form;
      const body = { agent, action, hours: Number(hours), max_uses: Number(uses) };
      await api({ method: 'POST', path: '/v1/grants', body, answer: Anything });
      return 'grant.given';
    });
  });
  router.post(
    '/grants/:grant/end',
    formAbout(house, grantIn, async ({ api }, grant, response) => {
      await step(response, PART, async () => {
        await api({ method: 'DELETE', path: `/v1/grants/${grant}`, answer: Anything });
        return 'grant.ended';
      });
    }),
  );
  return router;
}
