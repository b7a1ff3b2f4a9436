import { type Request, Router } from 'express';
import { z } from 'zod';
import { NewSessionSchema } from '../contracts/passkey.ts';
import { ApiProblem } from './api-client.ts';
import { deviceIn } from './device.ts';
import { type Arrival, enrolPage, signInPage } from './pages/door.ts';
import { endSession, startSession } from './session.ts';
import { assertOwnPage, comeBack, type House, openApi, ownForm, sendPage } from './visit.ts';

const Anything = z.unknown();

/** Only a place in the console, or a sign-in could send people anywhere. */
export const placeInConsole = (next: unknown): string =>
  typeof next === 'string' && /^\/console(?:\/[\w/-]*)?$/.test(next) ? next : '/console';

/** What the browser modules send: a passkey's answer, as JSON. */
const jsonIn = (request: Request): Record<string, unknown> =>
  z.record(z.string(), z.unknown()).safeParse(request.body).data ?? {};

const ARRIVALS = ['ended', 'enrolled', 'left'] as const;

const arrivalIn = ({ query }: Request): Arrival => ARRIVALS.find((name) => query[name] === '1');

function signIn(house: House, router: Router): void {
  const api = openApi(house);
  router.get('/sign-in', (request, response) => {
    const { origin } = house;
    const next = placeInConsole(request.query['next']);
    const of = { origin, next, arrival: arrivalIn(request) };
    sendPage(response, signInPage(house.assets, of));
  });
  router.post('/sign-in/options', async (request, response) => {
    assertOwnPage(house, request);
    response.json(await api({ method: 'POST', path: '/v1/sessions/options', answer: Anything }));
  });
  router.post('/sign-in', async (request, response) => {
    assertOwnPage(house, request);
    const body = jsonIn(request);
    const answer = NewSessionSchema;
    const { token } = await api({ method: 'POST', path: '/v1/sessions', body, answer });
    startSession(response, house.origin, token);
    response.json({ ok: true });
  });
}

function signOut(house: House, router: Router): void {
  router.post('/sign-out', async (request, response) => {
    const { api } = ownForm(house, request);
    endSession(response, house.origin);
    try {
      await api({ method: 'DELETE', path: '/v1/sessions/current', answer: Anything });
    } catch (error) {
      // The cookie is gone in any case; a session that is none any more needs no end.
      if (!(error instanceof ApiProblem)) throw error;
    }
    comeBack(response, '/console/sign-in?left=1');
  });
}

function enrol(house: House, router: Router): void {
  const api = openApi(house);
  router.get('/enrol', (request, response) => {
    const { origin } = house;
    const device = deviceIn(request.get('user-agent'));
    sendPage(response, enrolPage(house.assets, { origin, device }));
  });
  for (const [place, path] of [
    ['/enrol/options', '/v1/passkeys/options'],
    ['/enrol', '/v1/passkeys'],
  ] as const) {
    router.post(place, async (request, response) => {
      assertOwnPage(house, request);
      const body = jsonIn(request);
      response.json(await api({ method: 'POST', path, body, answer: Anything }));
    });
  }
}

/** The door: sign-in, sign-out, and a first passkey by a one-time link. */
export function doorRoutes(house: House): Router {
  const router = Router();
  signIn(house, router);
  signOut(house, router);
  enrol(house, router);
  return router;
}
