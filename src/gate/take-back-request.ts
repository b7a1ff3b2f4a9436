import { canonicalBytes } from '../audit/leaf.ts';
import { TAKE_BACK } from '../actions/take-back-writes.ts';
import type { ActionRequest } from '../contracts/action-request.ts';
import type { Undo } from '../contracts/undo.ts';
import type { ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { AgentRecord, RequestRecord } from '../core/records.ts';
import { isTerminal } from '../core/request-state.ts';
import type { RequestReads, StoreTransaction } from '../ports/store.ts';
import type { Policy } from '../policy/policy.ts';
import { bodyHash } from './digest.ts';
import { endGrantsOfAgent } from './grants.ts';
import { requestIdFor } from './ids.ts';
import { judgeSubmission } from './judge.ts';
import { submissionOf } from './new-request.ts';
import { ensureOwnAgent } from './own-agent.ts';
import { planChanges, type TakeBackDependencies } from './take-back-plan.ts';
import { recordRefusal, recordWrite } from './record-request.ts';

export interface TakeBackRules {
  readonly policy: Policy;
  /** How long a write waits for people, ms. */
  readonly approvalMs: number;
  readonly clock: () => Date;
}

export interface TakeBackOrder {
  /** The request whose writes these are; null for what is not ours. */
  readonly of: string | null;
  readonly undo: readonly Undo[];
  /** Who asks: id or e-mail of a person, who may not approve it then (law 9). */
  readonly userId: string;
  readonly reason: string;
  /** As the log names actors: `operator`, `person:…`, `gateway`. */
  readonly by: string;
  /** What else is to be so when this is asked for (grants end at any revert), in the same commit. */
  readonly together?: ((tx: StoreTransaction, requestId: string) => Promise<void>) | undefined;
}

export type TakeBackAsked =
  | { readonly kind: 'asked' | 'waiting'; readonly requestId: string }
  /** It was taken back by this request, and nothing of it stands again. */
  | { readonly kind: 'nothing'; readonly requestId: string }
  | {
      readonly kind: 'refused';
      readonly requestId: string;
      readonly code: ErrorCode;
      readonly detail: string | undefined;
    };

/** There may be no engine here: the next sweep of the running gateway starts its workflow. */
const OVERDUE = new Date(0);

/** Of one thing to take back; more would be a loop somewhere. */
const ATTEMPTS_MAX = 100;

const bodyOf = ({ of, undo, userId, reason }: TakeBackOrder): ActionRequest => ({
  user_id: userId,
  agent_prompt: reason,
  action: { action: TAKE_BACK, of, undo: [...undo] },
});

/** The same values of the same write are one thing to take back, whoever asks for it and why. */
const placeOf = (agent: AgentRecord, { of, undo }: TakeBackOrder, attempt: number): string =>
  requestIdFor(agent.id, Buffer.from(canonicalBytes({ of, undo })).toString('utf8'), attempt);

interface Place {
  readonly requestId: string;
  /** How the one before ended; undefined of the first. */
  readonly before: RequestRecord | undefined;
  /** It is not ended yet. */
  readonly open: RequestRecord | undefined;
}

async function findPlace(
  { requests }: { readonly requests: Pick<RequestReads, 'get'> },
  agent: AgentRecord,
  order: TakeBackOrder,
): Promise<Place> {
  let before: RequestRecord | undefined;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const requestId = placeOf(agent, order, attempt);
    const known = await requests.get(requestId);
    if (known === undefined) return { requestId, before, open: undefined };
    if (!isTerminal(known.status)) return { requestId, before, open: known };
    before = known;
  }
  throw new GatewayError('rate.limited', { detail: 'too many tries to take one thing back' });
}

/** Who takes a write back trusts its agent no more as before: its next writes are looked at one by one. */
async function endAllowedAhead(tx: StoreTransaction, { of, by }: TakeBackOrder): Promise<void> {
  if (of === null) return;
  const taken = await tx.requests.get(of);
  if (taken !== undefined) await endGrantsOfAgent(tx, taken.agentId, { cause: 'revert', by });
}

async function record(
  tx: StoreTransaction,
  { connection }: TakeBackDependencies,
  rules: TakeBackRules,
  order: TakeBackOrder,
): Promise<TakeBackAsked> {
  const agent = await ensureOwnAgent(tx);
  await endAllowedAhead(tx, order);
  const { requestId, open } = await findPlace(tx, agent, order);
  if (open !== undefined) return { kind: 'waiting', requestId };
  const body = bodyOf(order);
  const submission = { agentId: agent.id, connection, bodyHash: bodyHash(body), body };
  const judgement = judgeSubmission({
    requestId,
    connection,
    submission: submissionOf(submission),
    agent,
    people: await tx.people.list(),
    policy: rules.policy,
    now: rules.clock(),
    uniqueProperties: {},
  });
  const facts = { by: order.by, of: order.of };
  if (judgement.kind === 'refused') {
    await recordRefusal(tx, { requestId, submission, facts }, judgement);
    const { code, detail } = judgement;
    return { kind: 'refused', requestId, code, detail };
  }
  const { approvalMs } = rules;
  const limits = { approvalMs, waitingMax: Infinity };
  const status = await recordWrite(tx, { requestId, submission, facts }, judgement, limits);
  if (status === 'refused') return refusedNow(tx, requestId);
  await tx.requests.setWake(requestId, OVERDUE);
  await order.together?.(tx, requestId);
  return { kind: 'asked', requestId };
}

async function refusedNow(tx: StoreTransaction, requestId: string): Promise<TakeBackAsked> {
  const request = await tx.requests.get(requestId);
  const code = request?.code ?? 'internal.unexpected';
  return { kind: 'refused', requestId, code, detail: request?.detail ?? undefined };
}

/**
 * Records the request that takes this back, for people to decide on, as any submission is recorded; the
 * sweep starts its workflow. Asked for twice it is one; asked for again after it was done it is none,
 * unless what it took back stands in HubSpot once more. Throws `store.unavailable`, and what
 * `planChanges` throws.
 */
export async function requestTakeBack(
  deps: TakeBackDependencies,
  rules: TakeBackRules,
  order: TakeBackOrder,
): Promise<TakeBackAsked> {
  const agent = await deps.store.commit(ensureOwnAgent);
  const { before, open } = await findPlace(deps.store, agent, order);
  if (open === undefined && before?.status === 'succeeded') {
    const wanted = order.undo.map((undo) => ({ of: order.of, undo }));
    const plan = await planChanges(deps, wanted);
    if (plan.to_take_back.length === 0) return { kind: 'nothing', requestId: before.id };
  }
  return deps.store.commit((tx) => record(tx, deps, rules, order));
}
