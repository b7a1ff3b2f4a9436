import type { ActionRequest } from '../contracts/action-request.ts';
import { ERRORS, GatewayError } from '../core/errors.ts';
import type { AgentRecord, RequestRecord } from '../core/records.ts';
import { isResting, isTerminal } from '../core/request-state.ts';
import { requestIdFor } from '../gate/ids.ts';
import type { ApiContext } from './api-context.ts';

export interface Submission {
  readonly agent: AgentRecord;
  readonly idempotencyKey: string;
  readonly body: ActionRequest;
  readonly bodyHash: string;
  /** `Prefer: wait=N`, ms; undefined when not asked for. */
  readonly preferredWaitMs: number | undefined;
  readonly signal: AbortSignal;
}

/** A read that failed for a passing reason may be tried again on the same key. */
const READ_ATTEMPTS_MAX = 100;
const RETRY_AFTER_SECONDS = 2;

const mayTryAgain = (request: RequestRecord): boolean =>
  request.risk === 'read' && request.code !== null && ERRORS[request.code].retryable;

interface Place {
  readonly requestId: string;
  readonly onRecord: RequestRecord | undefined;
}

/** The request this key stands for now. Throws `idempotency.mismatch` for another body under the same key. */
async function findPlace(context: ApiContext, of: Submission): Promise<Place> {
  for (let attempt = 0; attempt < READ_ATTEMPTS_MAX; attempt += 1) {
    const requestId = requestIdFor(of.agent.id, of.idempotencyKey, attempt);
    const onRecord = await context.store.requests.get(requestId);
    if (onRecord !== undefined) assertSameBody(onRecord, of);
    if (onRecord === undefined || !mayTryAgain(onRecord)) return { requestId, onRecord };
  }
  throw new GatewayError('rate.limited', { detail: 'too many tries on one Idempotency-Key' });
}

function assertSameBody(request: RequestRecord, of: Submission): void {
  if (request.bodyHash !== of.bodyHash) throw new GatewayError('idempotency.mismatch');
}

/**
 * Starts the request unless it is on record, then answers from the record: at once when it rests
 * (ended, or waiting for people), else after the caller's patience. Throws `engine.unavailable` when
 * nothing is on record by then: nothing was accepted.
 */
export async function submitRequest(context: ApiContext, of: Submission): Promise<RequestRecord> {
  const { store, engine, settings } = context;
  const { requestId, onRecord } = await findPlace(context, of);
  if (onRecord === undefined) {
    const { agent, body, bodyHash } = of;
    const made = { agentId: agent.id, connection: settings.connection, bodyHash, body };
    const mac = context.attester.submission(requestId, made);
    await engine.start({ requestId, submission: { ...made, mac } });
  }
  const isDone =
    of.preferredWaitMs === undefined
      ? (request: RequestRecord) => isResting(request.status)
      : (request: RequestRecord) => isTerminal(request.status);
  const waitMs = of.preferredWaitMs ?? settings.answerWaitMs;
  const request = await store.waitForRequest(requestId, isDone, waitMs, of.signal);
  if (request === undefined) {
    throw new GatewayError('engine.unavailable', { retryAfterSeconds: RETRY_AFTER_SECONDS });
  }
  assertSameBody(request, of);
  return request;
}
