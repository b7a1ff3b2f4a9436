import type { ActionRequest } from '../contracts/action-request.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { AgentRecord, PersonRecord, RequestRecord, Submission } from '../core/records.ts';
import type { Policy } from '../policy/policy.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { assertNotFrozen, assertSameAccount } from './callable.ts';
import { bodyHash } from './digest.ts';
import { successorIdFor } from './ids.ts';
import { type Judgement, judgeSubmission } from './judge.ts';
import { submissionOf, type Submitted } from './new-request.ts';
import { recordWrite } from './record-request.ts';

/** The request that a person puts in another's place, and all that it comes to, before anything is written. */
export interface Successor {
  readonly id: string;
  readonly submission: Submitted;
  readonly planned: Extract<Judgement, { kind: 'planned' }>;
}

/** There may be no engine here: the next sweep of a running gateway starts its workflow. */
const OVERDUE = new Date(0);

/** Ids that are tried: a row that somebody put in its place must not keep it from being made. */
const PLACES_MAX = 10;

async function freePlace(tx: StoreTransaction, original: string, key: string): Promise<string> {
  for (let attempt = 0; attempt < PLACES_MAX; attempt += 1) {
    const id = successorIdFor(original, key, attempt);
    if ((await tx.requests.status(id)) === undefined) return id;
  }
  throw new GatewayError('rate.limited', { detail: 'no place is free for its successor' });
}

/** Nothing is asked anew that could not begin: the agent stopped or gone, the account another one. */
async function assertStillAsked(
  tx: StoreTransaction,
  request: RequestRecord,
): Promise<AgentRecord> {
  const { agentId, connection } = request;
  await assertNotFrozen(tx, { connection, agentId });
  // Its successor is younger: without this it could be for an account whose records these ids never meant.
  await assertSameAccount(tx, request);
  const agent = await tx.agents.get(agentId);
  if (agent === undefined || agent.revokedAt !== null)
    throw new GatewayError('policy.denied', { detail: 'the agent was revoked' });
  return agent;
}

/**
 * What comes of asking this in the original's place, for the same agent and in the same name, judged by policy as it
 * is now. `key` tells one successor of a request from another. Throws `freeze.active`, `connection.portal_changed`,
 * `policy.denied`, and what judging refuses with.
 */
export async function judgeSuccessor(
  tx: StoreTransaction,
  request: RequestRecord,
  of: {
    readonly key: string;
    readonly action: Submission['action'];
    readonly people: readonly PersonRecord[];
    readonly policy: Policy;
  },
): Promise<Successor> {
  const agent = await assertStillAsked(tx, request);
  const { connection, agentId, submission: asked } = request;
  const id = await freePlace(tx, request.id, of.key);
  const { action, people, policy } = of;
  const body: ActionRequest = { user_id: asked.userId, agent_prompt: asked.prompt, action };
  const submission = { agentId, connection, bodyHash: bodyHash(body), body };
  const planned = judgeSubmission({
    requestId: id,
    connection,
    submission: submissionOf(submission),
    agent,
    people,
    policy,
    now: tx.now,
    uniqueProperties: (await tx.connections.get(connection))?.uniqueProperties ?? {},
  });
  if (planned.kind === 'refused') throw new GatewayError(planned.code, { detail: planned.detail });
  return { id, submission, planned };
}

/** Its row with its entry; its workflow is started by the door, and by the sweep should this process die before. */
export async function recordSuccessor(
  tx: StoreTransaction,
  { id: requestId, submission, planned }: Successor,
  of: {
    readonly actor: string;
    readonly facts: Readonly<Record<string, unknown>>;
    readonly approvalMs: number;
  },
): Promise<void> {
  const { approvalMs, ...by } = of;
  // It takes the place of one that waited: there is no more of this agent's than before.
  const rules = { approvalMs, waitingMax: Infinity };
  await recordWrite(tx, { requestId, submission, ...by }, planned, rules);
  await tx.requests.setWake(requestId, OVERDUE);
}
