import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { authenticate } from '../auth.ts';
import {
  bodyTooLarge,
  HubSpotError,
  methodNotAllowed,
  missingScopes,
  unknownRoute,
  unsupportedMediaType,
} from '../errors.ts';
import type { Faults } from '../faults.ts';
import { LIMITS } from '../limits.ts';
import type { LoggedRequest, RequestLog } from '../request-log.ts';
import { isGranted } from '../scopes.ts';
import { sha256Hex } from '../state/token-store.ts';
import type { TokenRecord } from '../state/types.ts';
import { answerBefore, answerInstead } from './fault-answers.ts';
import { parseJson } from './input.ts';
import type { ApiVersion, Call, Reply, Route, World } from './route.ts';
import { sendReply } from './send.ts';

export type Pipeline = { world: World; faults: Faults; log: RequestLog };

/** What the router found: a route, or a path that knows only other methods, or nothing. */
export type Target =
  | { kind: 'route'; route: Route; version: ApiVersion; params: Record<string, string> }
  | { kind: 'wrong_method'; allowed: string[] }
  | { kind: 'nothing' };

const NOBODY: TokenRecord = {
  id: '',
  sha256: '',
  kind: 'private_app',
  appId: 0,
  userId: 0,
  scopes: [],
  state: 'active',
  createdAt: '',
};

/** @throws HubSpotError 413 once more than the limit has arrived */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = chunk as Buffer;
    size += bytes.length;
    if (size > LIMITS.requestBodyBytesMax) throw bodyTooLarge();
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/**
 * The way of every request: log, read, disturb if ordered, authenticate, count, authorise, parse,
 * answer. Handlers are synchronous and durable when they return, so a fault placed after them finds
 * the effect already on disk.
 */
export async function handleRequest(
  pipeline: Pipeline,
  request: IncomingMessage,
  response: ServerResponse,
  target: Target,
): Promise<void> {
  const { world, faults, log } = pipeline;
  const method = request.method ?? 'GET';
  const url = new URL(request.url ?? '/', 'http://simulator');
  const authorization = request.headers.authorization;
  const entry = log.open({
    method,
    path: url.pathname,
    query: url.search,
    authorized: authorization !== undefined,
  });
  const rawBody = await readBody(request).catch((error: unknown) => error);
  const body = Buffer.isBuffer(rawBody) ? rawBody.toString('utf8') : '';
  const fault = faults.take({ method, path: url.pathname, body });
  if (fault) {
    entry.fault = fault.mode;
    if (fault.delay_ms > 0) await sleep(fault.delay_ms);
    if (answerBefore(fault, response, entry)) return;
  }
  const reply = runCall(entry, rawBody, {
    world,
    target,
    request,
    url,
    method,
    nowMs: Date.now(),
  });
  if (fault && answerInstead(fault, response, entry, reply)) return;
  sendReply(response, entry, reply);
}

type Arrival = {
  world: World;
  target: Target;
  request: IncomingMessage;
  url: URL;
  method: string;
  nowMs: number;
};

function runCall(entry: LoggedRequest, rawBody: unknown, arrival: Arrival): Reply {
  let headers: Record<string, string> = {};
  const addHeaders = (more: Record<string, string>): void => {
    headers = { ...headers, ...more };
  };
  try {
    if (!Buffer.isBuffer(rawBody)) throw rawBody;
    const reply = answer(entry, rawBody, arrival, addHeaders);
    return { ...reply, headers: { ...headers, ...reply.headers } };
  } catch (error) {
    if (error instanceof HubSpotError)
      return {
        status: error.status,
        body: error.toBody(),
        headers: { ...headers, ...error.headers },
      };
    process.stderr.write(
      `simulator: ${error instanceof Error ? (error.stack ?? '') : String(error)}\n`,
    );
    const fields = { message: 'internal error', category: 'INTERNAL_ERROR' };
    return { status: 500, body: new HubSpotError(500, fields).toBody(), headers };
  }
}

function answer(
  entry: LoggedRequest,
  rawBody: Buffer,
  arrival: Arrival,
  addHeaders: (headers: Record<string, string>) => void,
): Reply {
  const { world, target, request, url, method, nowMs } = arrival;
  if (target.kind === 'nothing') throw unknownRoute(url.pathname);
  if (target.kind === 'wrong_method') throw methodNotAllowed(method, target.allowed);
  const { route, version, params } = target;
  const { authorization } = request.headers;
  const token = route.auth === 'bearer' ? authenticate(world.tokens, authorization, nowMs) : NOBODY;
  const bodySha256 = sha256Hex(rawBody);
  entry.token_sha256 = token.sha256 === '' ? null : token.sha256.slice(0, 12);
  entry.body_sha256 = rawBody.length > 0 ? bodySha256 : null;
  try {
    addHeaders(world.limits.take(route.budget, token, nowMs));
  } catch (error) {
    addHeaders(world.limits.headersFor(route.budget, token, nowMs));
    throw error;
  }
  const call: Call = {
    ...{ world, method, path: url.pathname, version, params, query: url.searchParams },
    ...{ rawBody, bodySha256, authorization, token, nowMs, body: undefined },
  };
  assertScopes(route, call);
  call.body = parseRouteBody(route, request.headers['content-type'] ?? '', rawBody);
  return route.handler(call);
}

function assertScopes(route: Route, call: Call): void {
  if (route.auth === 'none') return;
  const required = typeof route.scopes === 'function' ? route.scopes(call) : route.scopes;
  if (isGranted(required, call.token.scopes)) return;
  throw missingScopes([...new Set(required.flat())]);
}

function parseRouteBody(route: Route, contentType: string, rawBody: Buffer): unknown {
  if (route.body === 'none') return undefined;
  const wanted = route.body === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';
  if (!contentType.toLowerCase().startsWith(wanted)) throw unsupportedMediaType(wanted);
  if (route.body === 'json') return parseJson(rawBody);
  return Object.fromEntries(new URLSearchParams(rawBody.toString('utf8')));
}
