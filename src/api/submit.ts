import type { ActionRequest } from '../contracts/action-request.ts';
import { ERRORS } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { AgentRecord, RequestRecord } from '../core/records.ts';
import { isResting } from '../core/request-state.ts';
import { requestIdFor } from '../gate/ids.ts';
import type { ApiContext } from './api-context.ts';
import { waitForEnd } from './wait-for-end.ts';

/** `POST /v1/actions` as it came, its agent proven. */
interface PostedAction {
  readonly agent: AgentRecord;
  readonly idempotencyKey: string;
  readonly body: ActionRequest;
  readonly bodyHash: string;
  /** `Prefer: wait=N`, ms; undefined when not asked for. */
  readonly preferredWaitMs: number | undefined;
  readonly signal: AbortSignal;
}

/** How often one key may be tried again. */
const KEY_ATTEMPTS_MAX = 100;
const RETRY_AFTER_SECONDS = 2;
/** What keeps a write from its card for longer than this may do so for long. */
const PASSING_MS = 1_500;

/**
 * A read that failed for a passing reason, a write that did so before it was accepted, and one that found no room with
 * people: nothing was done of it.
 */
function mayTryAgain({ risk, digest, code }: RequestRecord): boolean {
  if (code === null) return false;
  if (code === 'approval.queue_full') return true;
  return ERRORS[code].retryable && (risk === 'read' || digest === null);
}

interface Place {
  readonly requestId: string;
  readonly onRecord: RequestRecord | undefined;
}

/** The request this key stands for now. Throws `idempotency.mismatch` for another body under the same key. */
async function findPlace(context: ApiContext, of: PostedAction): Promise<Place> {
  for (let attempt = 0; attempt < KEY_ATTEMPTS_MAX; attempt += 1) {
    const requestId = requestIdFor(of.agent.id, of.idempotencyKey, attempt);
    const onRecord = await context.store.requests.get(requestId);
    if (onRecord !== undefined) assertSameBody(onRecord, of);
    if (onRecord === undefined || !mayTryAgain(onRecord)) return { requestId, onRecord };
  }
  throw new GatewayError('rate.limited', { detail: 'too many tries on one Idempotency-Key' });
}

function assertSameBody(request: RequestRecord, of: PostedAction): void {
  if (request.bodyHash !== of.bodyHash) throw new GatewayError('idempotency.mismatch');
}

const isDone = ({ status }: RequestRecord): boolean => isResting(status);

/** Also a write that says what it waits for. A read that is asked again for a limit's sake has its end soon, which is its answer. */
const isTelling = (now: RequestRecord): boolean =>
  isDone(now) || (now.risk !== 'read' && now.code !== null);

/**
 * Waits until it rests (ended, or waiting for people), says what it waits for, or the usual time is over; a caller who
 * prefers less waits less, once it is on record. Undefined where it is not on record by then.
 */
async function waitUntilTelling(
  { store, settings: { answerWaitMs } }: ApiContext,
  { preferredWaitMs = answerWaitMs, signal }: PostedAction,
  requestId: string,
): Promise<RequestRecord | undefined> {
  const wait = (until: (now: RequestRecord) => boolean, ms: number) =>
    store.waitForRequest(requestId, until, ms, signal);
  const restMs = Math.min(preferredWaitMs, answerWaitMs);
  const firstMs = Math.min(restMs, PASSING_MS);
  const early = await wait(isDone, firstMs);
  if (early !== undefined && isTelling(early)) return early;
  const later = await wait(isTelling, restMs - firstMs);
  return later ?? wait(() => true, answerWaitMs - restMs);
}

/** Starts the request unless it is on record, and answers with it as soon as it has something to tell. */
async function startRequest(context: ApiContext, of: PostedAction): Promise<RequestRecord> {
  const { requestId, onRecord } = await findPlace(context, of);
  if (onRecord === undefined) {
    const { agent, body, bodyHash } = of;
    const made = { agentId: agent.id, connection: context.settings.connection, bodyHash, body };
    const mac = context.attester.submission(requestId, made);
    await context.engine.start({ requestId, submission: { ...made, mac } });
  }
  const request = await waitUntilTelling(context, of, requestId);
  if (request === undefined) {
    throw new GatewayError('engine.unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
  assertSameBody(request, of);
  return request;
}

/**
 * The request this submission stands for, from the record: as it rests, or at its end if the caller
 * prefers to wait for that. Throws `gateway.busy`, `gateway.stopping`, and `engine.unavailable` when
 * nothing is on record in the usual time: nothing was accepted.
 */
export async function submitRequest(context: ApiContext, of: PostedAction): Promise<RequestRecord> {
  const since = performance.now();
  const request = await context.inFlight.run(() => startRequest(context, of));
  const leftMs = (of.preferredWaitMs ?? 0) - (performance.now() - since);
  return waitForEnd(context, request, leftMs, of.signal);
}
