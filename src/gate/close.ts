import { ERRORS, type ErrorCode } from '../core/errors.ts';
import type { AuditEvent, RequestRecord } from '../core/records.ts';
import { isTerminal, type RequestStatus } from '../core/request-state.ts';
import type { StoreTransaction } from '../ports/store.ts';

/** How a request ends without success. */
export interface Ending {
  readonly status: Extract<
    RequestStatus,
    'failed' | 'refused' | 'rejected' | 'expired' | 'withdrawn'
  >;
  readonly code: ErrorCode;
  readonly detail?: string | undefined;
}

/** Whose doing it was, and facts for the log beside the code. */
export interface EndingCause {
  readonly event: AuditEvent['event'];
  readonly actor: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/**
 * Ends a request in the caller's transaction, with its log entry. Ending an ended request does
 * nothing, so every path may call it twice.
 */
export async function closeRequest(
  tx: StoreTransaction,
  request: Pick<RequestRecord, 'id' | 'agentId' | 'status' | 'digest'>,
  ending: Ending,
  cause: EndingCause,
): Promise<void> {
  if (isTerminal(request.status)) return;
  await tx.requests.update(request.id, {
    status: ending.status,
    code: ending.code,
    detail: ending.detail ?? null,
  });
  await tx.requests.setWake(request.id, null);
  await tx.log.append({
    event: cause.event,
    requestId: request.id,
    agentId: request.agentId,
    actor: cause.actor,
    code: ending.code,
    digest: request.digest ?? undefined,
    responseStatus: undefined,
    facts: { status: ending.status, http_status: ERRORS[ending.code].status, ...cause.facts },
  });
}
