import type { RequestView } from '../contracts/request-view.ts';
import type { Problem } from '../contracts/problem.ts';
import type { ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { RequestRecord } from '../core/records.ts';
import { changedTo } from '../core/changed.ts';
import { isTerminal } from '../core/request-state.ts';
import type { Reply } from './define-route.ts';
import { problemOf, retryHeaders } from './problem.ts';

const POLL_AFTER_SECONDS = 5;

function links(request: RequestRecord): RequestView['links'] {
  const self = `/v1/actions/${request.id}`;
  const changed = changedTo(request);
  if (changed !== undefined) return { self, successor: `/v1/actions/${changed.successor}` };
  return request.status === 'awaiting_approval'
    ? { self, approval: `/v1/approvals/${request.id}` }
    : { self };
}

/** The code of a request that has ended is its problem, of an open one what it waits for. */
function waitOrProblem(request: RequestRecord): Pick<RequestView, 'waiting_for' | 'problem'> {
  const { code } = request;
  if (code === null) return {};
  return isTerminal(request.status)
    ? { problem: problemFor(request, code) }
    : { waiting_for: code };
}

const problemFor = (request: RequestRecord, code: ErrorCode): Problem =>
  problemOf(code, {
    requestId: request.id,
    detail: request.detail,
    successor: changedTo(request)?.successor,
  });

/** What it came to; of a changed one that is another request, and said otherwise. */
function resultOf(request: RequestRecord): Pick<RequestView, 'result'> {
  const { result } = request;
  const isNone = result === null || result === undefined || changedTo(request) !== undefined;
  return isNone ? {} : { result };
}

/** A request as its agent may see it. */
export function viewOf(request: RequestRecord): RequestView {
  const { id, requirement, expiresAt } = request;
  return {
    id,
    status: request.status,
    action: request.action,
    created_at: request.createdAt.toISOString(),
    ...resultOf(request),
    ...(request.digest === null || request.risk === 'read' ? {} : { digest: request.digest }),
    ...(expiresAt === null ? {} : { expires_at: expiresAt.toISOString() }),
    ...(requirement === null || request.risk === 'read' ? {} : { requires: requirement }),
    ...waitOrProblem(request),
    links: links(request),
  };
}

/**
 * The answer to whoever submitted the request, from the record alone: the same status and body
 * whenever it is asked again after the end. 200 done, 202 still open, else the problem it ended with.
 */
export function answerFor(request: RequestRecord, now: Date = new Date()): Reply {
  const { status, code, id, retryAt } = request;
  if (status === 'succeeded') return { status: 200, body: viewOf(request) };
  if (!isTerminal(status)) {
    const headers = { Location: `/v1/actions/${id}`, 'Retry-After': String(POLL_AFTER_SECONDS) };
    return { status: 202, body: viewOf(request), headers };
  }
  if (code === null) throw new GatewayError('internal.unexpected');
  const problem = problemFor(request, code);
  const seconds =
    retryAt === null ? undefined : Math.ceil((retryAt.getTime() - now.getTime()) / 1_000);
  const headers = retryHeaders(code, seconds === undefined ? undefined : Math.max(1, seconds));
  return { status: problem.status, body: problem, headers };
}
