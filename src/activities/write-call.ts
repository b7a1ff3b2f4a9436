import type { ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { Operation } from '../contracts/plan.ts';
import { hasBegun, isTerminal, type RequestStatus } from '../core/request-state.ts';
import { stepFact, stepPlan } from '../core/steps.ts';
import { closeTampered } from '../gate/close.ts';
import { answerEntry, callFor } from '../gate/request-calls.ts';
import { type Attempt, type Outcome, readable, recordOutcome } from '../gate/outcome.ts';
import type { CrmAnswer } from '../ports/crm.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { readAndBegin, type WriteCall } from './compare-and-begin.ts';
import type { ActivityDependencies } from './dependencies.ts';

/** What became of a write. `not_begun`: nothing was sent and the step may be tried again later. */
export type WriteOutcome = Outcome | { readonly kind: 'not_begun'; readonly code: ErrorCode };

/** When it was begun, by the clock of the log and by one that nobody sets. */
interface Begin {
  readonly at: Date;
  readonly entry: number;
  readonly turnAtMs: number;
}

/**
 * The quiet time before a resend, at least twice the call's deadline, counts from when another process takes this one
 * for dead. Between begin and wire there may be a quarter of it, the reading of the credential, and the connecting,
 * which have half a deadline each: what leaves later than that could arrive after a resend.
 */
const BEGIN_TO_WIRE_SHARE = 0.25;

/** A second run: what the record says of it. What somebody has put back to before its begin is looked at as well. */
const notDue = (status: RequestStatus): WriteOutcome => ({
  kind: status === 'approved' || hasBegun(status) ? 'unknown' : 'ended',
});

/** Put back by hand to before its begin while it was sent, what HubSpot answered would count for nothing. */
async function putForth(tx: StoreTransaction, requestId: string): Promise<void> {
  const status = await tx.requests.status(requestId);
  if (status === undefined || hasBegun(status) || isTerminal(status)) return;
  await closeTampered(tx, requestId, 'the log says that it was begun before');
}

/**
 * Step 4 of a write: read and compare, begin, one attempt, outcome. Never sends twice: a second run
 * finds the approval consumed and looks at the record instead. Errors: `freeze.active`,
 * `credential.missing`, `secret.unavailable`, `store.unavailable`.
 */
export function createWriteCall(deps: ActivityDependencies) {
  /** Not any more by a process that stood still after its begin: another may be about to send it again. */
  async function callInTime(
    operation: Operation,
    { credential }: WriteCall,
    { at, turnAtMs }: Begin,
  ): Promise<CrmAnswer> {
    const { clock, quietWatch, timing } = deps;
    const stoodMs = Math.max(clock().getTime() - at.getTime(), quietWatch.nowMs() - turnAtMs);
    if (stoodMs > timing.quietMs * BEGIN_TO_WIRE_SHARE)
      return { kind: 'unsent', code: 'hubspot.timeout' };
    return deps.crm.call(operation, credential);
  }

  async function send(call: WriteCall, attempt: Attempt, begin: Begin): Promise<WriteOutcome> {
    const { request, plan, step } = attempt;
    const [operation] = plan.operations;
    if (operation === undefined) throw new GatewayError('plan.tampered');
    const arrived = deps.quietWatch.sending(begin.entry);
    const answer = readable(plan, await callInTime(operation, call, begin).finally(arrived));
    const entry = answerEntry(callFor(request, call.credential, 'execute'), operation, answer);
    return deps.store.commit(async (tx) => {
      await putForth(tx, request.id);
      await tx.log.append({
        ...entry,
        digest: request.digest ?? undefined,
        facts: { ...entry.facts, ...stepFact(request.plan, step) },
      });
      return recordOutcome(tx, attempt, answer);
    });
  }

  return async function writeCall(call: WriteCall): Promise<WriteOutcome> {
    const request = await deps.store.requests.get(call.requestId);
    if (request === undefined) return { kind: 'ended' };
    const begun = await readAndBegin(deps, call, request);
    if (begun.kind === 'waits') return { kind: 'not_begun', code: begun.code };
    if (begun.kind === 'refused') return { kind: 'ended' };
    if (begun.kind === 'not_due') return notDue(begun.status);
    const { request: begunOn, step } = begun;
    const plan = begunOn.plan === null ? undefined : stepPlan(begunOn.plan, step);
    if (plan === undefined) throw new GatewayError('plan.tampered');
    const present = begunOn.seen ?? [];
    const { at: begunAt } = begun;
    const attempt = { request: begunOn, step, plan, present, isResend: call.resend, begunAt };
    return send(call, attempt, begun);
  };
}
