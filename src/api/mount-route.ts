import express, { type Request, type RequestHandler, type Response } from 'express';
import type { z } from 'zod';
import { ACTION_REQUEST_LIMITS } from '../contracts/action-request.ts';
import { describeIssues } from '../contracts/issues.ts';
import type { ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { authenticate, type Caller } from './authenticate.ts';
import type { ApiContext } from './api-context.ts';
import type { Call, Door, Reply, Route } from './define-route.ts';
import { exchangeIdOf } from './exchange.ts';
import { parseStrictJson } from './strict-json.ts';

type AnyCall = Call<Door, unknown, unknown, unknown, unknown>;

function parsePart(schema: z.ZodType | undefined, value: unknown, code: ErrorCode): unknown {
  if (schema === undefined) return {};
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new GatewayError(code, { detail: describeIssues(parsed.error) });
}

/** A body that Express read as raw bytes; a route without a body takes none. */
function parseBody(route: Route, request: Request): unknown {
  if (route.body === undefined) return {};
  if (!request.is('application/json') || !Buffer.isBuffer(request.body)) {
    throw new GatewayError('request.unsupported_media');
  }
  const value = parseStrictJson(request.body, { depthMax: ACTION_REQUEST_LIMITS.bodyMaxDepth });
  return parsePart(route.body, value, 'request.malformed');
}

/** The bytes as they came: a signature is over them, not over what a parser makes of them. */
function rawBody({ raw }: Route, request: Request): Uint8Array {
  if (raw === undefined) return new Uint8Array();
  if (!request.is(raw.type) || !Buffer.isBuffer(request.body))
    throw new GatewayError('request.unsupported_media', { detail: `send ${raw.type}` });
  return request.body;
}

/** An id that is no id names nothing, and a query or header that cannot be is malformed. */
function parseCall(route: Route, request: Request): Omit<AnyCall, 'exchangeId' | 'signal'> {
  return {
    params: parsePart(route.params, request.params, 'request.not_found'),
    query: parsePart(route.query, request.query, 'request.malformed'),
    headers: parsePart(route.headers, request.headers, 'request.malformed'),
    body: parseBody(route, request),
    raw: rawBody(route, request),
  };
}

function send(response: Response, reply: Reply): void {
  response.status(reply.status).set(reply.headers ?? {});
  const isProblem =
    reply.status >= 400 && typeof reply.body === 'object' && 'code' in (reply.body ?? {});
  if (isProblem) response.type('application/problem+json');
  if (reply.body === undefined) response.end();
  else response.send(JSON.stringify(reply.body));
}

/** Proof of who asks comes before anything of the request is looked at: a stranger's body is not even read. */
function knock(context: ApiContext, { door }: Route): RequestHandler {
  return async (request, response, next) => {
    if (door === 'stranger')
      await context.strangerRate.take(request.socket.remoteAddress ?? 'unknown');
    response.locals['caller'] = await authenticate(context, door, request.headers.authorization);
    next();
  };
}

const readBody = express.raw({
  type: () => true,
  limit: ACTION_REQUEST_LIMITS.bodyMaxBytes,
  inflate: false,
});

function handle(context: ApiContext, route: Route): RequestHandler {
  return async (request, response) => {
    const hangUp = new AbortController();
    response.once('close', () => {
      hangUp.abort();
    });
    const call = {
      ...(response.locals['caller'] as Caller),
      ...parseCall(route, request),
      exchangeId: exchangeIdOf(response),
      signal: hangUp.signal,
    } as AnyCall as never;
    response.type('application/json');
    try {
      send(response, await route.handler(context, call));
    } catch (error) {
      // Nobody is there to be told, and a wait that its caller ended is no failure.
      if (!hangUp.signal.aborted || error !== hangUp.signal.reason) throw error;
    }
  };
}

/**
 * Authenticate, read and parse, handle, reply: the same steps for every route. A body is waited for only
 * where one is read: an announced one that never comes holds no other answer.
 */
export function mountRoute(context: ApiContext, route: Route): RequestHandler[] {
  const isRead = route.body !== undefined || route.raw !== undefined;
  const reading = isRead ? [readBody] : [];
  return [knock(context, route), ...reading, handle(context, route)];
}

/** `/v1/actions/{id}` -> Express's `/v1/actions/:id`. */
export const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');
