import { ERRORS, type ErrorCode } from '../core/errors.ts';
import { type GatewayError, isTampered } from '../core/gateway-error.ts';
import type { AuditEvent, RequestRecord } from '../core/records.ts';
import { isTerminal, type RequestStatus } from '../core/request-state.ts';
import { accountAfter, executedSteps } from '../core/steps.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { entryOf, hasAlert, isStepOpen, readLogged } from './logged.ts';
import { endKind, oweFurther } from './notices.ts';
import { requestEntry } from './request-entry.ts';
import { unlessTampered } from './unless-tampered.ts';

/** How a request ends without success. */
export interface Ending {
  readonly status: Extract<
    RequestStatus,
    'failed' | 'refused' | 'rejected' | 'expired' | 'withdrawn' | 'changed'
  >;
  readonly code: ErrorCode;
  readonly detail?: string | undefined;
  /** What came of it all the same. */
  readonly result?: unknown;
  /** When the same may be asked again. */
  readonly retryAfterSeconds?: number | undefined;
}

/** Whose doing it was, and facts for the log beside the code. */
export interface EndingCause {
  readonly event: AuditEvent['event'];
  readonly actor: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

type Closable = Pick<RequestRecord, 'id' | 'agentId' | 'status' | 'digest' | 'plan' | 'result'>;

/** When some steps were executed, the whole is neither done nor undone: it ends with the account of each. */
function endingFor(
  request: Closable,
  ending: Ending,
): Ending & { readonly result?: unknown; readonly executed: number } {
  const account = accountAfter(request, ending);
  const executed = executedSteps(request);
  if (account === undefined) return { ...ending, executed };
  const result = { steps: account.steps };
  if (executed === 0) return { ...ending, result, executed };
  return { status: 'failed', code: 'outcome.partial', detail: account.text, result, executed };
}

/**
 * Ends a request in the caller's transaction, with its log entry. Ending an ended request does
 * nothing, so every path may call it twice.
 */
export async function closeRequest(
  tx: StoreTransaction,
  request: Closable,
  given: Ending,
  cause: EndingCause,
): Promise<void> {
  if (isTerminal(request.status)) return;
  const ending = endingFor(request, given);
  const { retryAfterSeconds: after } = ending;
  await tx.requests.update(request.id, {
    status: ending.status,
    code: ending.code,
    detail: ending.detail ?? null,
    ...(ending.result === undefined ? {} : { result: ending.result }),
    retryAt: after === undefined ? null : new Date(tx.now.getTime() + after * 1_000),
  });
  await tx.requests.setWake(request.id, null);
  await tx.log.append({
    event: cause.event,
    ...requestEntry(request, cause.actor),
    code: ending.code,
    facts: {
      status: ending.status,
      http_status: ERRORS[ending.code].status,
      ...(ending.executed === 0
        ? {}
        : { steps_executed: ending.executed, failed_with: given.code }),
      ...cause.facts,
    },
  });
  await oweFurther(tx, request.id, endKind(ending.code));
}

/** From now on it is said that nobody knows whether HubSpot did it. Does nothing unless it is executing. */
export async function markUnknown(
  tx: StoreTransaction,
  request: Pick<RequestRecord, 'id' | 'agentId' | 'status' | 'digest'>,
  answer: string,
): Promise<void> {
  if (request.status !== 'executing') return;
  await tx.requests.update(request.id, { status: 'outcome_unknown' });
  await tx.log.append({
    event: 'hubspot.lost',
    ...requestEntry(request),
    code: 'outcome.unknown',
    facts: { purpose: 'execute', answer },
  });
}

interface Standing extends Pick<RequestRecord, 'status' | 'code' | 'detail'> {
  /** The log says so already: as its end, or by an alert of before that still holds. */
  readonly isTold: boolean;
}

/** Where the log says that a request stands whose row cannot be believed. */
async function trueStanding(
  tx: StoreTransaction,
  requestId: string,
  place: string | undefined,
): Promise<Standing> {
  const untouched = { status: 'failed', code: 'plan.tampered' } as const;
  const unknown = { status: 'outcome_unknown', code: null, detail: null } as const;
  try {
    const logged = await readLogged(tx, requestId);
    const { end, doneStep, isAlerted } = logged;
    if (end !== undefined) return { ...end, detail: null, isTold: isAlerted };
    if (isStepOpen(logged)) return { ...unknown, isTold: isAlerted };
    const executed = doneStep === 0 ? '' : `; steps executed before: ${doneStep}`;
    // An alert of before that left it open is no end, and without one in the log it could be begun again.
    return { ...untouched, detail: `${place ?? 'the row'}${executed}`, isTold: false };
  } catch (error) {
    // Somebody was at the log too, so nothing says that HubSpot was not called.
    if (isTampered(error)) return { ...unknown, isTold: await hasAlert(tx, requestId) };
    throw error;
  }
}

/** Tables whose rows are of no single request: people, keys, what stands. */
const SHARED_TABLES: ReadonlySet<string> = new Set([
  ...['people', 'agents', 'passkeys', 'connections', 'credentials', 'slack_users'],
  ...['webhook_signers', 'absences', 'grants', 'freezes', 'incidents'],
]);

/** Whether this place, as the store names one that does not open, is of no single request. */
const isSharedPlace = (place: string): boolean => SHARED_TABLES.has(place.split(' ')[0] ?? '');

/** What became of it: `elsewhere`, it is as it was and goes on once the damage is mended; `unknown`, there is no such row. */
export type TamperedEnd = 'closed' | 'elsewhere' | 'unknown';

/** So many of the newest alerts are looked through for one of the same place. */
const ALERTS_LOOKED_AT = 200;
/** Damage that lasts is told of again. */
const TOLD_AGAIN_MS = 3_600_000;

/**
 * Damage to what is of no single request: whatever needs it waits until it is restored, and the row of this one is as
 * it was. One alert for each place, and hour.
 */
async function leaveOpen(
  tx: StoreTransaction,
  requestId: string,
  place: string,
): Promise<TamperedEnd> {
  const newest = await tx.log.newest('store.tampered', { limit: ALERTS_LOOKED_AT });
  const since = tx.now.getTime() - TOLD_AGAIN_MS;
  const isTold = newest
    .map(({ leaf }) => entryOf(leaf))
    .some(({ facts, timestamp }) => facts['place'] === place && Date.parse(timestamp) > since);
  if (!isTold)
    await tx.log.append({
      event: 'store.tampered',
      actor: 'gateway',
      code: 'plan.tampered',
      facts: { place, status: null },
    });
  return (await tx.requests.status(requestId)) === undefined ? 'unknown' : 'elsewhere';
}

/**
 * Ends a request whose row is not what this gateway wrote: somebody changed the file. It is put where
 * the log says it stands: ended as it had ended, failed when nothing was sent, and unknown when it was
 * begun, since HubSpot may have done it. One alert in the log names the place.
 */
export async function closeTampered(
  tx: StoreTransaction,
  requestId: string,
  place: string | undefined,
): Promise<TamperedEnd> {
  if (place !== undefined && isSharedPlace(place)) return leaveOpen(tx, requestId, place);
  const { isTold, ...standing } = await trueStanding(tx, requestId, place);
  // Of a status that is none there is nothing to be known.
  const before = await unlessTampered(tx.requests.status(requestId), undefined);
  if (!(await tx.requests.settleTampered(requestId, standing))) return 'unknown';
  // Whether HubSpot did it has to be looked at, once; its workflow may still be waiting for people.
  const isLost = standing.status === 'outcome_unknown' && before !== 'outcome_unknown';
  await tx.requests.setWake(requestId, isLost ? tx.now : null);
  await oweFurther(tx, requestId, 'settled', 'tampered');
  if (isTold) return 'closed';
  await tx.log.append({
    event: 'store.tampered',
    requestId,
    actor: 'gateway',
    code: 'plan.tampered',
    facts: { place: place ?? null, status: standing.status },
  });
  return 'closed';
}

/**
 * Ends a request that somebody has changed, or leaves it open where it is something shared that is damaged. Returns what
 * whoever asked for it is told: that it has to wait, then.
 */
export async function endTampered(
  tx: StoreTransaction,
  requestId: string,
  { detail }: Pick<GatewayError, 'detail'>,
): Promise<'plan.tampered' | 'store.unavailable'> {
  const end = await closeTampered(tx, requestId, detail);
  return end === 'elsewhere' ? 'store.unavailable' : 'plan.tampered';
}

/** The good end of a request, with its log entry, in the caller's transaction. */
export async function recordSuccess(
  tx: StoreTransaction,
  request: Pick<RequestRecord, 'id' | 'agentId' | 'digest'>,
  result: unknown,
): Promise<void> {
  await tx.requests.update(request.id, { status: 'succeeded', result });
  await tx.requests.setWake(request.id, null);
  await tx.log.append({
    event: 'request.completed',
    ...requestEntry(request),
    facts: { status: 'succeeded' },
    personal: { result },
  });
}
