import express, { type ErrorRequestHandler, type Request, Router } from 'express';
import { ApiProblem, ApiUnreachable } from './api-client.ts';
import { loadAssets } from './assets.ts';
import { doorRoutes } from './door-routes.ts';
import { pageRoutes } from './pages-routes.ts';
import { detourPage, troublePage } from './pages/door.ts';
import { endSession, guardPages } from './session.ts';
import { stepRoutes } from './step-routes.ts';
import { type ConsoleOptions, ForeignForm, type House, sendPage, SignInNeeded } from './visit.ts';

const FORM_MAX_BYTES = 64 * 1024;

/** A visit by a link on another site: the strict cookie stays away from it, also where there is one. */
const isFromAfar = ({ headers, method }: Request): boolean =>
  method === 'GET' && headers['sec-fetch-site'] === 'cross-site';

const isForScript = (request: Request): boolean =>
  request.method !== 'GET' && request.is('application/json') === 'application/json';

/** HTTP status and code of what was thrown. */
function troubleOf(error: unknown): { readonly status: number; readonly code?: string } {
  if (error instanceof ApiProblem) return { status: error.status, code: error.code };
  if (error instanceof ApiUnreachable) return { status: 502 };
  if (error instanceof ForeignForm) return { status: 403 };
  if (error instanceof SignInNeeded) return { status: 401, code: 'person.unauthenticated' };
  const status = (error as { status?: unknown }).status;
  return { status: typeof status === 'number' && status >= 400 && status < 500 ? status : 500 };
}

const needsSignIn = (error: unknown): boolean =>
  error instanceof SignInNeeded ||
  (error instanceof ApiProblem && error.code === 'person.unauthenticated');

function answerTrouble(house: House): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const { status, code } = troubleOf(error);
    if (isForScript(request)) {
      response.status(status).json({ code: code ?? 'internal.unexpected' });
      return;
    }
    if (!needsSignIn(error)) {
      sendPage(response, troublePage(house.assets, status, code), status);
      return;
    }
    const isVisit = request.method === 'GET';
    const path = isVisit ? (request.originalUrl.split('?')[0] ?? '/console') : '/console';
    if (isFromAfar(request) && /^\/console[\w/-]*$/.test(path)) {
      sendPage(response, detourPage(house.assets, path));
      return;
    }
    const isEnded = error instanceof ApiProblem;
    if (isEnded) endSession(response, house.origin);
    const query = new URLSearchParams({ next: path, ...(isEnded ? { ended: '1' } : {}) });
    response.redirect(303, `/console/sign-in?${query.toString()}`);
  };
}

/**
 * The web console, to be mounted at `/console`: pages made on the server from the public API's answers, with the
 * reader's own token. It holds no state and has no powers: what the API refuses, it cannot do.
 */
export function createConsole(options: ConsoleOptions): Router {
  const house: House = { ...options, assets: loadAssets() };
  const router = Router();
  router.use(guardPages);
  router.get('/assets/:version/:name', house.assets.send);
  router.use(express.urlencoded({ extended: false, limit: FORM_MAX_BYTES }));
  router.use(express.json({ limit: FORM_MAX_BYTES }));
  router.use(doorRoutes(house), pageRoutes(house), stepRoutes(house));
  router.use((_request, response) => {
    sendPage(response, troublePage(house.assets, 404, undefined), 404);
  });
  router.use(answerTrouble(house));
  return router;
}
