import type { ErrorRequestHandler, Request, Response } from 'express';
import { ACTION_REQUEST_LIMITS } from '../contracts/action-request.ts';
import { ERRORS, type ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { ApiContext } from './api-context.ts';
import { type Caller, recognise } from './authenticate.ts';
import { exchangeIdOf } from './exchange.ts';
import { problemOf, retryHeaders } from './problem.ts';

/** What Express's own body reader throws. */
const BODY_ERRORS: Readonly<Record<string, ErrorCode>> = {
  'entity.too.large': 'request.too_large',
  'encoding.unsupported': 'request.unsupported_media',
  'request.aborted': 'request.malformed',
  'request.size.invalid': 'request.malformed',
};

const TOO_LARGE = `at most ${ACTION_REQUEST_LIMITS.bodyMaxBytes} bytes are taken`;

function typeOf(error: unknown): string {
  const isTyped = typeof error === 'object' && error !== null && 'type' in error;
  return isTyped ? String(error.type) : '';
}

function toGatewayError(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  const code = BODY_ERRORS[typeOf(error)];
  const detail = code === 'request.too_large' ? TOO_LARGE : undefined;
  if (code !== undefined) return new GatewayError(code, { detail });
  // Express throws these for a path whose percent-encoding is broken.
  if (error instanceof URIError) return new GatewayError('request.not_found');
  return new GatewayError('internal.unexpected', { cause: error });
}

const NOBODY = 'unknown';

function actorOf({ agent, person }: Caller): { actor: string; agentId?: string } {
  if (agent !== undefined) return { actor: `agent:${agent.id}`, agentId: agent.id };
  return { actor: person === undefined ? NOBODY : `person:${person.id}` };
}

/** These are in the log already where they were decided, or say nothing about anybody's intent. */
const NOT_LOGGED = /^(?:gateway\.|store\.|log\.|engine\.|approval\.(?!not_found)|internal\.)/;
/** Strangers who look around must not grow the log; what somebody with a key looks for in vain is in it. */
const LOOKING_AROUND = /^request\.(?:not_found|method_not_allowed)$/;

async function note(
  context: ApiContext,
  request: Request,
  response: Response,
  code: ErrorCode,
): Promise<void> {
  if (NOT_LOGGED.test(code)) return;
  const isLookingAround = LOOKING_AROUND.test(code);
  let caller = response.locals['caller'] as Caller | undefined;
  // A path that is none has asked nobody who they are.
  if (isLookingAround) caller ??= await recognise(context, request.headers.authorization);
  const { actor, agentId } = actorOf(caller ?? {});
  if (isLookingAround && actor === NOBODY) return;
  const route = (request.route as { path?: string } | undefined)?.path ?? 'unknown';
  await context.edgeRefusals.note({ code, route, actor, agentId });
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
      await note(context, request, response, code);
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
