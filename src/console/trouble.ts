import type { ErrorRequestHandler, Request } from 'express';
import { ApiProblem, ApiUnreachable } from './api-client.ts';
import { detourPage } from './pages/door.ts';
import { troublePage, troubleWords } from './pages/trouble.ts';
import { markRefused } from './refusals.ts';
import { endSession } from './session.ts';
import { ForeignForm, type House, sendPage, SignInNeeded } from './visit.ts';

const UNAUTHENTICATED = 'person.unauthenticated';

interface Trouble {
  readonly status: number;
  /** One of `docs/errors.md`, where the gateway named one. */
  readonly code?: string;
  /** For the operator's log, where there is no code. */
  readonly reason?: string;
}

/** HTTP status and code of what was thrown. */
function troubleOf(error: unknown): Trouble {
  if (error instanceof ApiProblem) return { status: error.status, code: error.code };
  if (error instanceof ApiUnreachable) return { status: 502, reason: 'api.unreachable' };
  if (error instanceof ForeignForm) return { status: 403, reason: 'form.foreign' };
  if (error instanceof SignInNeeded) return { status: 401, code: UNAUTHENTICATED };
  const status = (error as { status?: unknown }).status;
  return { status: typeof status === 'number' && status >= 400 && status < 500 ? status : 500 };
}

/** A visit by a link on another site: the strict cookie stays away from it, also where there is one. */
const isFromAfar = ({ headers, method }: Request): boolean =>
  method === 'GET' && headers['sec-fetch-site'] === 'cross-site';

/** What no door of ours has a name for. */
const unnamed = (status: number): string =>
  status < 500 ? 'form.unreadable' : 'internal.unexpected';

const isForScript = (request: Request): boolean =>
  request.method !== 'GET' && request.is('application/json') === 'application/json';

/** Where somebody goes on after the door: the page itself, or for a form the page that it stood on. */
function pageOf({ originalUrl }: Request): string {
  const path = (originalUrl.split('?')[0] ?? '').replace(
    /\/(?:approve|reject|change|revoke|add|key|false-alarm|resume)$/,
    '',
  );
  return /^\/console\/(?:approvals|groups|requests|agents|away|incidents|alerts|drills|log)[\w/-]*$/.test(
    path,
  )
    ? path
    : '/console';
}

/** In plain words, to whoever asked: a page, or for a browser module its sentence. */
export function answerTrouble(house: House): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const { status, code, reason } = troubleOf(error);
    markRefused(response, code ?? reason ?? unnamed(status));
    const isAtDoor = code === UNAUTHENTICATED;
    const isEnded = isAtDoor && error instanceof ApiProblem;
    if (isEnded) endSession(response, house.origin);
    if (isForScript(request)) {
      const says = troubleWords(status, code);
      response.status(status).json({ code: code ?? 'internal.unexpected', says });
    } else if (!isAtDoor) {
      sendPage(response, troublePage(house.assets, status, code), status);
    } else if (isFromAfar(request)) {
      sendPage(response, detourPage(house.assets, pageOf(request)));
    } else {
      const query = { next: pageOf(request), ...(isEnded ? { ended: '1' } : {}) };
      response.redirect(303, `/console/sign-in?${new URLSearchParams(query).toString()}`);
    }
  };
}
