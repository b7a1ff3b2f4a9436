import type { Problem } from '../contracts/problem.ts';
import { ERRORS, type ErrorCode } from '../core/errors.ts';

/** Where each code is explained: the API serves the page itself (`error-pages.ts`). */
const ERROR_DOCS = '/errors#';

/** When to try again what a neighbour's trouble refused and nobody has said it better. */
const RETRY_AFTER_SECONDS = 2;

/** `Retry-After` (RFC 9110, 10.2.3; RFC 6585, 4) of every 429 and 503 that may be tried again, and where it is known otherwise. */
export function retryHeaders(code: ErrorCode, seconds?: number): Record<string, string> {
  const { status, retryable } = ERRORS[code];
  const after =
    seconds ?? ((status === 503 || status === 429) && retryable ? RETRY_AFTER_SECONDS : undefined);
  return after === undefined ? {} : { 'Retry-After': String(after) };
}

/** Ours -> RFC 9457. `requestId`: the request (`act_…`) where there is one, else the HTTP exchange. */
export function problemOf(
  code: ErrorCode,
  of: {
    readonly requestId: string;
    readonly detail?: string | null | undefined;
    /** Of a request that was changed. */
    readonly successor?: string | undefined;
  },
): Problem {
  const { title, status, retryable } = ERRORS[code];
  return {
    type: `${ERROR_DOCS}${code}`,
    title,
    status,
    ...(of.detail == null ? {} : { detail: of.detail }),
    code,
    request_id: of.requestId,
    retryable,
    ...(of.successor === undefined ? {} : { successor: of.successor }),
  };
}
