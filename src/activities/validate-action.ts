import type { Plan } from '../contracts/plan.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { RequestRecord } from '../core/records.ts';
import { isTerminal, type RequestStatus } from '../core/request-state.ts';
import { freezeDetail, freezeTargets } from '../gate/callable.ts';
import { planDigest } from '../gate/digest.ts';
import { type Judgement, judgeSubmission } from '../gate/judge.ts';
import type { AgentActionInput, SignedSubmission } from '../ports/engine.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { ActivityDependencies, Timing } from './dependencies.ts';
import { newRequest, requestFacts, submissionOf } from './new-request.ts';

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

type Planned = Extract<Judgement, { kind: 'planned' }>;

/** Where a request that is on record goes on, so that a workflow can start again from the record alone. */
function resume(request: RequestRecord, { timing, attester }: ActivityDependencies): Verdict {
  if (isTerminal(request.status)) return { kind: 'ended' };
  if (request.risk !== 'read') {
    return { kind: 'write', connection: request.connection, status: request.status, timing };
  }
  if (request.plan === null || request.digest === null) throw new GatewayError('plan.tampered');
  const { plan, digest } = request;
  const read = { plan, digest, mac: attester.plan(digest) };
  return { kind: 'read', connection: request.connection, read };
}

async function recordRefusal(
  tx: StoreTransaction,
  of: { readonly requestId: string; readonly submission: SignedSubmission },
  refusal: Extract<Judgement, { kind: 'refused' }> & { readonly retryAt?: Date },
): Promise<void> {
  const request = newRequest({ ...of, ...refusal, status: 'refused', now: tx.now });
  await tx.requests.insert(request);
  await tx.log.append({
    event: 'request.refused',
    ...requestFacts(request),
    code: refusal.code,
    facts: { at: 'validation', action: request.action, risk: request.risk, status: 'refused' },
  });
}

/** People decide within minutes at best. */
const QUEUE_RETRY_MS = 60_000;

/** What stands against a new write: a freeze, or a flood that would hide the requests of others from people. */
async function refusalOf(
  tx: StoreTransaction,
  { agentId, connection }: SignedSubmission,
  { needsCard }: Planned,
  waitingMax: number,
): Promise<Parameters<typeof recordRefusal>[2] | undefined> {
  const freeze = await tx.freezes.standing(freezeTargets(connection, agentId));
  if (freeze !== undefined)
    return { kind: 'refused', code: 'freeze.active', detail: freezeDetail(freeze) };
  if (!needsCard || (await tx.requests.countWaiting(agentId)) < waitingMax) return undefined;
  const retryAt = new Date(tx.now.getTime() + QUEUE_RETRY_MS);
  const detail = `${waitingMax} writes of one agent may wait`;
  return { kind: 'refused', code: 'approval.queue_full', detail, retryAt };
}

/** The write's row with its log entry; refused instead when connection or agent is frozen, or too much waits. */
async function recordWrite(
  tx: StoreTransaction,
  of: { readonly requestId: string; readonly submission: SignedSubmission },
  planned: Planned,
  { timing: { approvalMs }, waitingMax }: ActivityDependencies,
): Promise<RequestStatus> {
  const { agentId, connection } = of.submission;
  const refusal = await refusalOf(tx, of.submission, planned, waitingMax);
  if (refusal !== undefined) {
    await recordRefusal(tx, of, refusal);
    return 'refused';
  }
  const { plan, requirement, needsCard } = planned;
  const status = needsCard ? 'planned' : 'approved';
  const digest = planDigest({ requestId: of.requestId, agentId, connection, plan });
  // Until its card is made; that one begins its own time.
  const expiresAt = new Date(tx.now.getTime() + approvalMs);
  const made = { plan, digest, requirement, expiresAt };
  const request = newRequest({ ...of, ...made, status, now: tx.now });
  await tx.requests.insert(request);
  await tx.log.append({
    event: 'request.accepted',
    ...requestFacts(request),
    facts: { action: request.action, risk: request.risk, approvals: requirement.approvals },
  });
  return status;
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
    const status = await deps.store.commit((tx) => recordWrite(tx, of, judgement, deps));
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
