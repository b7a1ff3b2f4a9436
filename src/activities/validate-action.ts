import { isWrite, type Plan } from '../contracts/plan.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { RequestRecord } from '../core/records.ts';
import { isTerminal, type RequestStatus } from '../core/request-state.ts';
import { planDigest } from '../gate/digest.ts';
import { markUnknown } from '../gate/close.ts';
import { judgeSubmission } from '../gate/judge.ts';
import { isStepOpen, readLogged } from '../gate/logged.ts';
import { submissionOf } from '../gate/new-request.ts';
import { recordRefusal, recordWrite } from '../gate/record-request.ts';
import type { AgentActionInput, SignedSubmission } from '../ports/engine.ts';
import type { ActivityDependencies, Timing } from './dependencies.ts';

/** A read's plan on its way to `callHubSpot`, which records it with its intent in one commit. */
export interface ReadPlan {
  readonly plan: Plan;
  readonly digest: string;
  /** That this gateway made it (`gate/attest.ts`). */
  readonly mac: string;
}

/** What the workflow does next. */
export type Verdict =
  | { readonly kind: 'ended' }
  | { readonly kind: 'read'; readonly connection: string; readonly read: ReadPlan }
  | {
      readonly kind: 'write';
      readonly connection: string;
      readonly status: RequestStatus;
      readonly timing: Timing;
    };

/**
 * A workflow that starts has nothing under way: what is still said to be was left by one that is gone. Said here, for
 * where there is no credential to look for it, a person can settle it only then.
 */
async function statusOf(
  { store }: ActivityDependencies,
  request: RequestRecord,
): Promise<RequestStatus> {
  if (request.status !== 'executing') return request.status;
  // What the unit asks of the log is looked up here, where nobody waits for it.
  await store.log.trace(request.id);
  return store.commit(async (tx) => {
    const now = (await tx.requests.get(request.id)) ?? request;
    if (now.status !== 'executing' || !isStepOpen(await readLogged(tx, now.id))) return now.status;
    await markUnknown(tx, now, 'worker lost');
    return 'outcome_unknown';
  });
}

/** Where a request that is on record goes on, so that a workflow can start again from the record alone. */
async function resume(request: RequestRecord, deps: ActivityDependencies): Promise<Verdict> {
  const { timing, attester } = deps;
  if (isTerminal(request.status)) return { kind: 'ended' };
  if (request.risk !== 'read') {
    const status = await statusOf(deps, request);
    return { kind: 'write', connection: request.connection, status, timing };
  }
  const { plan, digest } = request;
  // A write that was made a read in the file would end as one, and nobody would ask the log whether it was begun.
  if (plan === null || digest === null || plan.operations.some(isWrite))
    throw new GatewayError('plan.tampered', { detail: 'the risk is not the one in the log' });
  const read = { plan, digest, mac: attester.plan(digest) };
  return { kind: 'read', connection: request.connection, read };
}

/**
 * Step 1: schema, prompt checks, policy → plan and verdict. Writes and refusals are recorded here,
 * reads with their intent in step 4. Runs again safely: a request on record is resumed, not judged.
 * Errors: `request.forged`, `agent.unauthenticated` (its agent is gone), `plan.tampered`, `store.unavailable`.
 */
export function createValidateAction(deps: ActivityDependencies) {
  async function judge(requestId: string, submission: SignedSubmission): Promise<Verdict> {
    const { agentId, connection } = submission;
    const agent = await deps.store.agents.get(agentId);
    if (agent === undefined) throw new GatewayError('agent.unauthenticated');
    const judgement = judgeSubmission({
      requestId,
      connection,
      submission: submissionOf(submission),
      agent,
      people: await deps.store.people.list(),
      policy: deps.policy(),
      now: deps.clock(),
      uniqueProperties: (await deps.store.connections.get(connection))?.uniqueProperties ?? {},
    });
    const of = { requestId, submission };
    if (judgement.kind === 'refused') {
      await deps.store.commit((tx) => recordRefusal(tx, of, judgement));
      return { kind: 'ended' };
    }
    const { plan, action } = judgement;
    if (action.risk === 'read') {
      const digest = planDigest({ requestId, agentId, connection, plan });
      return { kind: 'read', connection, read: { plan, digest, mac: deps.attester.plan(digest) } };
    }
    const { timing, waitingMax } = deps;
    const rules = { approvalMs: timing.approvalMs, waitingMax };
    const status = await deps.store.commit((tx) => recordWrite(tx, of, judgement, rules));
    if (isTerminal(status)) return { kind: 'ended' };
    return { kind: 'write', connection, status, timing: deps.timing };
  }

  /** Of two runs at once one wins; the other goes on from the winner's record. */
  async function resumeWinner(
    { requestId, submission }: AgentActionInput,
    error: unknown,
  ): Promise<Verdict> {
    if (!(error instanceof GatewayError) || error.code !== 'idempotency.mismatch') throw error;
    const winner = await deps.store.requests.get(requestId);
    if (winner?.bodyHash !== submission?.bodyHash || winner === undefined) throw error;
    return resume(winner, deps);
  }

  return async function validateAction(input: AgentActionInput): Promise<Verdict> {
    const onRecord = await deps.store.requests.get(input.requestId);
    if (onRecord !== undefined) return resume(onRecord, deps);
    const { requestId, submission } = input;
    if (submission === undefined) return { kind: 'ended' };
    if (!deps.attester.isSubmission(requestId, submission))
      throw new GatewayError('request.forged');
    return judge(requestId, submission).catch((error: unknown) => resumeWinner(input, error));
  };
}
