import type { Problem } from '../contracts/problem.ts';
import { ERRORS, type ErrorCode } from '../core/errors.ts';

/** Where each code is explained: the API serves the page itself (`routes/errors.ts`). */
const ERROR_DOCS = '/errors#';

/** Ours -> RFC 9457. `requestId`: the request (`act_…`) where there is one, else the HTTP exchange. */
export function problemOf(
  code: ErrorCode,
  of: { readonly requestId: string; readonly detail?: string | null | undefined },
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
  };
}
