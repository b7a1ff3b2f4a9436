import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { FreezeIdSchema } from '../contracts/ids.ts';
import { DECISION_LIMITS } from '../contracts/decision.ts';
import { ApiProblem } from './api-client.ts';
import { isJson } from './form-json.ts';
import { hasNote } from './notes.ts';
import { idIn } from './pages-routes.ts';
import { comeBack, type Form, type House, ownForm, type Visit } from './visit.ts';

/** The answers of these are not looked into: what became of it is read again from the record. */
const Anything = z.unknown();

/**
 * Back to the page, or to where its note belongs, with what became of the step. What the API refused without words of
 * its own is a page of trouble.
 */
export async function step(
  response: Response,
  path: string | ((note: string) => string),
  work: () => Promise<string>,
): Promise<void> {
  const back = (note: string): void => {
    comeBack(response, typeof path === 'string' ? path : path(note), note);
  };
  try {
    back(await work());
  } catch (error) {
    if (!(error instanceof ApiProblem) || !hasNote(error.code)) throw error;
    back(error.code);
  }
}

function decisionBody(form: Form, decision: 'approve' | 'reject'): Record<string, unknown> {
  const passkey = form['passkey'] ?? '';
  const proof = passkey === '' ? {} : { passkey: JSON.parse(passkey) as unknown };
  return { decision, digest: form['digest'] ?? '', ...proof };
}

/** The chosen reason and the person's own words, as the agent receives them. */
export function reasonIn(form: Form): string {
  const parts = [form['reason'] ?? '', (form['words'] ?? '').trim()].filter((part) => part !== '');
  return parts.join(': ').slice(0, DECISION_LIMITS.reasonMaxChars);
}

const decide = (visit: Visit, id: string, body: object): Promise<unknown> =>
  visit.api({ method: 'POST', path: `/v1/approvals/${id}/decisions`, body, answer: Anything });

/** A form about what its path names, checked as one of the reader's own page first; a path that names nothing is no page. */
export const formAbout =
  <T>(
    house: House,
    named: (request: Request) => T | undefined,
    take: (made: ReturnType<typeof ownForm>, about: T, response: Response) => Promise<void>,
  ): RequestHandler =>
  async (request, response, next) => {
    const made = ownForm(house, request);
    const about = named(request);
    if (about === undefined) next();
    else await take(made, about, response);
  };

function approvalSteps(house: House, router: Router): void {
  router.post(
    '/approvals/:id/approve',
    formAbout(house, idIn, async ({ form, ...visit }, id, response) => {
      await step(response, `/console/approvals/${id}`, async () => {
        const passkey = form['passkey'] ?? '';
        if (passkey !== '' && !isJson(passkey)) return 'approval.unproven';
        await decide(visit, id, decisionBody(form, 'approve'));
        return '';
      });
    }),
  );
  router.post(
    '/approvals/:id/reject',
    formAbout(house, idIn, async ({ form, ...visit }, id, response) => {
      await step(response, `/console/approvals/${id}`, async () => {
        const reason = reasonIn(form);
        if (reason === '') return 'reason.missing';
        const { digest } = form;
        await decide(visit, id, { decision: 'reject', digest: digest ?? '', reason });
        return '';
      });
    }),
  );
  router.post(
    '/approvals/:id/passkey-options',
    formAbout(house, idIn, async (visit, id, response) => {
      const path = `/v1/approvals/${id}/passkey-options`;
      response.json(await visit.api({ method: 'POST', path, answer: Anything }));
    }),
  );
}

const freezeIn = ({ params }: Request): string | undefined =>
  FreezeIdSchema.safeParse(params['freeze']).data;

function freezeSteps(house: House, router: Router): void {
  router.post('/freezes', async (request, response) => {
    const { form, api } = ownForm(house, request);
    const agent = form['agent'] ?? '';
    const back = agent === '' ? '/console' : '/console/agents';
    await step(response, back, async () => {
      const target = agent === '' ? {} : { agent };
      const body = { ...target, reason: 'Frozen in the console.' };
      await api({ method: 'POST', path: '/v1/freezes', body, answer: Anything });
      return 'freeze.placed';
    });
  });
  router.post(
    '/freezes/:freeze/lift',
    formAbout(house, freezeIn, async ({ api }, freeze, response) => {
      await step(response, '/console', async () => {
        await api({ method: 'DELETE', path: `/v1/freezes/${freeze}`, answer: Anything });
        return 'freeze.lifted';
      });
    }),
  );
}

/** Everything that changes something: checked as a form of the reader's own page, then asked of the API. */
export function stepRoutes(house: House): Router {
  const router = Router();
  approvalSteps(house, router);
  freezeSteps(house, router);
  return router;
}
