import { ERRORS, type ErrorCode } from '../core/errors.ts';
import type { RequestRecord } from '../core/records.ts';
import { hasBegun, isTerminal, type RequestStatus } from '../core/request-state.ts';
import type { Attester } from '../gate/attest.ts';
import { closeRequest, closeTampered, markUnknown, type TamperedEnd } from '../gate/close.ts';
import { isStepOpen, readLogged } from '../gate/logged.ts';
import { newRequest, requestFacts } from '../gate/new-request.ts';
import { placeTouched } from '../gate/untouched.ts';
import { executedSteps } from '../core/steps.ts';
import type { AgentActionInput } from '../ports/engine.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { ActivityDependencies } from './dependencies.ts';

export interface Closing {
  readonly input: AgentActionInput;
  /** Set when a step failed and nobody has written that down yet. */
  readonly failure?: Failure | undefined;
}

interface Failure {
  readonly code: ErrorCode;
  readonly detail?: string | undefined;
}

/** Begun, and not between two of its steps: HubSpot may be at work on it. */
async function isOpen(tx: StoreTransaction, request: RequestRecord): Promise<boolean> {
  if (request.risk === 'read' || !hasBegun(request.status)) return false;
  if (executedSteps(request) === 0) return true;
  return isStepOpen(await readLogged(tx, request.id));
}

/** A read that never began, or a write that was never recorded, with the row that it has not had. */
async function recordUnopened(
  tx: StoreTransaction,
  { requestId, submission }: AgentActionInput,
  failure: Failure,
  attester: Attester,
): Promise<void> {
  if (submission === undefined) return;
  const facts = factsOf(failure);
  // Nothing in it is true, so nothing of it is kept: neither its id nor whose it pretends to be.
  if (!attester.isSubmission(requestId, submission)) {
    const forged = { event: 'request.refused', actor: 'gateway', code: 'request.forged' } as const;
    await tx.log.append({ ...forged, facts });
    return;
  }
  const failed = newRequest({ requestId, submission, status: 'failed', now: tx.now, ...failure });
  await tx.requests.insert(failed);
  await tx.log.append({
    event: 'request.refused',
    ...requestFacts(failed),
    code: failure.code,
    facts: { ...facts, status: 'failed' },
  });
}

/** No freeze ends what waits for people; only where the log has lost an order does one come up here. */
const isPassing = ({ status }: RequestRecord, { code }: Failure): boolean =>
  (!hasBegun(status) && ERRORS[code].retryable) ||
  (status === 'awaiting_approval' && code === 'freeze.active');

/** The end of a request whose workflow failed. */
async function close(
  tx: StoreTransaction,
  request: RequestRecord,
  failure: Failure,
): Promise<void> {
  // HubSpot may have done it: whatever stopped the workflow, the sweep has it settled by a new one.
  if (await isOpen(tx, request)) {
    await markUnknown(tx, request, `workflow stopped: ${failure.code}`);
    return;
  }
  // The row says that nothing was sent; the log has the last word, or its alert the place. What failed may have failed by it.
  const place = hasBegun(request.status) ? undefined : await placeTouched(tx, request);
  if (place !== undefined) {
    await closeTampered(tx, request.id, place);
    return;
  }
  // People were asked for it, or are about to be: what passes ends no such write, and the sweep starts its workflow again.
  if (isPassing(request, failure)) {
    await tx.requests.setWake(request.id, new Date(tx.now.getTime() + AGAIN_AFTER_MS.passing));
    return;
  }
  await closeFailed(tx, request, failure);
}

const closeFailed = (tx: StoreTransaction, request: RequestRecord, failure: Failure) =>
  closeRequest(
    tx,
    request,
    { status: 'failed', ...failure },
    { event: 'request.completed', actor: 'gateway', facts: factsOf(failure) },
  );

/** When the sweep starts a workflow again that has ended by something else than its request. */
const AGAIN_AFTER_MS = { passing: 10_000, damaged: 60_000 } as const;

/** Where only what it needs is damaged, a write goes on once that is restored; nobody waits so long for a read. */
async function endOrPutOff(
  tx: StoreTransaction,
  requestId: string,
  failure: Failure,
): Promise<TamperedEnd> {
  const end = await closeTampered(tx, requestId, failure.detail);
  if (end !== 'elsewhere') return end;
  const request = await tx.requests.get(requestId);
  if (request === undefined || isTerminal(request.status)) return end;
  if (request.risk === 'read') await closeFailed(tx, request, failure);
  else await tx.requests.setWake(requestId, new Date(tx.now.getTime() + AGAIN_AFTER_MS.damaged));
  return end;
}

const factsOf = ({ code }: Failure) => ({ at: 'workflow', http_status: ERRORS[code].status });

/** By a door or an incident, whose commits leave a wake for the workflow. */
const ENDED_BY_OTHERS: ReadonlySet<RequestStatus> = new Set([
  'rejected',
  'withdrawn',
  'changed',
  'failed',
]);

/**
 * Step 6, the last of every path: makes sure that the request's ending and its log entry are on
 * record. Most paths have closed it already, in the transaction that decided; then there is nothing to
 * do. A read that failed before its begin gets its row here, and a row that somebody has changed is
 * ended by its id. Safe to repeat. Errors: `store.unavailable`.
 */
export function createRecordAudit(deps: ActivityDependencies) {
  /** Whoever ends a request owes its workflow a message; now that it has come, nothing is owed. */
  async function settleWake(requestId: string, status: RequestStatus): Promise<void> {
    if (!ENDED_BY_OTHERS.has(status)) return;
    await deps.store.commit((tx) => tx.requests.setWake(requestId, null));
  }

  return async function recordAudit({
    input,
    failure,
  }: Closing): Promise<RequestStatus | undefined> {
    const { requestId } = input;
    // What the units below ask of the log is looked up here, where nobody waits for it.
    if (failure !== undefined) await deps.store.log.trace(requestId);
    if (failure?.code === 'plan.tampered') {
      const end = await deps.store.commit((tx) => endOrPutOff(tx, requestId, failure));
      if (end !== 'unknown') return deps.store.requests.status(requestId);
    }
    const status = await deps.store.requests.status(requestId);
    if (status !== undefined && isTerminal(status)) await settleWake(requestId, status);
    else if (failure !== undefined)
      await deps.store.commit(async (tx) => {
        const request = await tx.requests.get(requestId);
        if (request === undefined) await recordUnopened(tx, input, failure, deps.attester);
        else await close(tx, request, failure);
      });
    return deps.store.requests.status(requestId);
  };
}
