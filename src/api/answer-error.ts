import type { ErrorRequestHandler, Response } from 'express';
import { ERRORS, type ErrorCode, GatewayError } from '../core/errors.ts';
import type { ApiContext } from './api-context.ts';
import { exchangeIdOf } from './exchange.ts';
import { problemOf, retryHeaders } from './problem.ts';

/** What Express's own body reader throws. */
const BODY_ERRORS: Readonly<Record<string, ErrorCode>> = {
  'entity.too.large': 'request.too_large',
  'encoding.unsupported': 'request.unsupported_media',
  'request.aborted': 'request.malformed',
  'request.size.invalid': 'request.malformed',
};

function typeOf(error: unknown): string {
  const isTyped = typeof error === 'object' && error !== null && 'type' in error;
  return isTyped ? String(error.type) : '';
}

function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const code = BODY_ERRORS[typeOf(error)];
  if (code !== undefined) return new GatewayError(code);
  // Express throws these for a path whose percent-encoding is broken.
  if (error instanceof URIError) return new GatewayError('request.not_found');
  return new GatewayError('internal.unexpected', { cause: error });
}

interface Caller {
  readonly agent?: { readonly id: string };
  readonly person?: { readonly id: string };
}

function actorOf({ agent, person }: Caller): { actor: string; agentId?: string } {
  if (agent !== undefined) return { actor: `agent:${agent.id}`, agentId: agent.id };
  return { actor: person === undefined ? 'unknown' : `person:${person.id}` };
}

/** These say nothing about anybody's intent, or are in the log already where they were decided. */
const NOT_LOGGED =
  /^(?:request\.(?:not_found|method_not_allowed)|gateway\.|store\.|log\.|engine\.|approval\.|internal\.)/;

async function note(
  context: ApiContext,
  response: Response,
  code: ErrorCode,
  route: string,
): Promise<void> {
  if (NOT_LOGGED.test(code)) return;
  const caller = (response.locals['caller'] ?? {}) as Caller;
  await context.edgeRefusals.note({ code, route, ...actorOf(caller) });
}

/** The last handler: every error leaves as application/problem+json with a code of the table. */
export function answerErrors(context: ApiContext): ErrorRequestHandler {
  return async (thrown: unknown, request, response, next) => {
    if (response.headersSent) {
      next(thrown);
      return;
    }
    const error = toGatewayError(thrown);
    const { code, detail, retryAfterSeconds } = error;
    const requestId = exchangeIdOf(response);
    if (ERRORS[code].status >= 500) {
      context.logger.error('a request failed', { requestId, code, error: error.cause ?? error });
    }
    try {
      const route = (request.route as { path?: string } | undefined)?.path ?? 'unknown';
      await note(context, response, code, route);
    } catch (cause) {
      context.logger.error('a refusal could not be logged', { requestId, code, error: cause });
    }
    const isBearer = code === 'agent.unauthenticated' || code === 'person.unauthenticated';
    response
      .status(ERRORS[code].status)
      .set(retryHeaders(code, retryAfterSeconds))
      .set(isBearer ? { 'WWW-Authenticate': 'Bearer realm="sallyport"' } : {})
      .type('application/problem+json')
      .send(JSON.stringify(problemOf(code, { requestId, detail })));
  };
}
