import type { RequestStatus } from '../core/request-state.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { freezeDetail, stoppingFreeze } from './callable.ts';
import { planDigest } from './digest.ts';
import type { Judgement } from './judge.ts';
import { newRequest, requestFacts, type Submitted } from './new-request.ts';
import { isOwnAgent } from './own-agent.ts';

type Planned = Extract<Judgement, { kind: 'planned' }>;

interface RecordRules {
  /** How long a write waits for people, ms. */
  readonly approvalMs: number;
  /** Writes of one agent that may wait for people at once. */
  readonly waitingMax: number;
}

interface ToRecord {
  readonly requestId: string;
  readonly submission: Submitted;
  /** Whose doing it is, as the log names actors; its agent's if absent. */
  readonly actor?: string | undefined;
  /** Further facts for its entry. */
  readonly facts?: Readonly<Record<string, unknown>> | undefined;
}

/** A request that was refused, with its log entry. */
export async function recordRefusal(
  tx: StoreTransaction,
  of: ToRecord,
  refusal: Extract<Judgement, { kind: 'refused' }> & { readonly retryAt?: Date },
): Promise<void> {
  const request = newRequest({ ...of, ...refusal, status: 'refused', now: tx.now });
  await tx.requests.insert(request);
  await tx.log.append({
    event: 'request.refused',
    ...requestFacts(request),
    code: refusal.code,
    facts: {
      at: 'validation',
      action: request.action,
      risk: request.risk,
      status: 'refused',
      ...of.facts,
    },
  });
}

/** People decide within minutes at best. */
const QUEUE_RETRY_MS = 60_000;

/** What stands against a new write: a freeze, or a flood that would hide the requests of others from people. */
async function refusalOf(
  tx: StoreTransaction,
  { agentId, connection }: Submitted,
  { needsCard }: Planned,
  waitingMax: number,
): Promise<Parameters<typeof recordRefusal>[2] | undefined> {
  const freeze = await stoppingFreeze(tx, { connection, agentId });
  if (freeze !== undefined)
    return { kind: 'refused', code: 'freeze.active', detail: freezeDetail(freeze) };
  // What an operator takes back is no flood, however much there is of it.
  if (!needsCard || isOwnAgent(agentId)) return undefined;
  if ((await tx.requests.countWaiting(agentId)) < waitingMax) return undefined;
  const retryAt = new Date(tx.now.getTime() + QUEUE_RETRY_MS);
  const detail = `${waitingMax} writes of one agent may wait`;
  return { kind: 'refused', code: 'approval.queue_full', detail, retryAt };
}

/** The write's row with its log entry; refused instead when connection or agent is frozen, or too much waits. */
export async function recordWrite(
  tx: StoreTransaction,
  of: ToRecord,
  planned: Planned,
  { approvalMs, waitingMax }: RecordRules,
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
  // Until its card is made, which may shorten it.
  const expiresAt = new Date(tx.now.getTime() + approvalMs);
  const made = { plan, digest, requirement, expiresAt };
  const request = newRequest({ ...of, ...made, status, now: tx.now });
  await tx.requests.insert(request);
  await tx.log.append({
    event: 'request.accepted',
    ...requestFacts(request),
    ...(of.actor === undefined ? {} : { actor: of.actor }),
    facts: {
      action: request.action,
      risk: request.risk,
      approvals: requirement.approvals,
      ...of.facts,
    },
  });
  return status;
}
