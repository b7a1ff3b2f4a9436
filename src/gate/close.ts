import { ERRORS, type ErrorCode } from '../core/errors.ts';
import type { AuditEvent, RequestRecord } from '../core/records.ts';
import { isTerminal, type RequestStatus } from '../core/request-state.ts';
import type { StoreTransaction } from '../ports/store.ts';

/**
 * Ends a request whose row does not open: somebody changed the file. The log names the place. One that
 * had begun stays unknown, since HubSpot may have done it and the plan that would tell is gone: a
 * person has to settle it.
 */
export async function closeTampered(
  tx: StoreTransaction,
  requestId: string,
  place: string | undefined,
): Promise<Ending> {
  const status = await tx.requests.status(requestId);
  const hasBegun = status === 'executing' || status === 'outcome_unknown';
  const ending = { status: 'failed', code: 'plan.tampered', detail: place } as const;
  if (status !== undefined && !isTerminal(status)) {
    if (status === 'executing') await tx.requests.update(requestId, { status: 'outcome_unknown' });
    if (!hasBegun) await tx.requests.update(requestId, { status: 'failed', code: ending.code });
    await tx.requests.setWake(requestId, null);
    await tx.log.append({
      event: 'store.tampered',
      requestId,
      actor: 'gateway',
      code: ending.code,
      facts: { place: place ?? null, status: hasBegun ? 'outcome_unknown' : 'failed' },
    });
  }
  return ending;
}

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
