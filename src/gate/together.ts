import type { Assertion, RequestOptions } from '../contracts/passkey.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { isHighRisk } from '../core/high-risk.ts';
import type { PersonRecord, RequestRecord } from '../core/records.ts';
import { canGoTogether, TOGETHER_LIMITS } from '../core/together.ts';
import type { Store, StoreTransaction } from '../ports/store.ts';
import { requirementFor } from '../policy/requirement.ts';
import type { Attester } from './attest.ts';
import { openBallot } from './ballot.ts';
import { challengeOver } from './challenges.ts';
import {
  type Decided,
  type DecisionRules,
  type ProvenDecision,
  recordDecision,
  refuseDecision,
} from './decisions.ts';
import { newId } from './ids.ts';
import {
  type PasskeyDependencies,
  signingOptions,
  usePasskey,
  verifyOwnPasskey,
} from './passkeys.ts';

/** One of a group, as the person saw it. */
export interface Alike {
  readonly id: string;
  readonly digest: string;
}

/** Writes of one agent and one action that one person decides together. */
export interface Together {
  readonly person: PersonRecord;
  readonly agentId: string;
  readonly action: string;
  readonly items: readonly Alike[];
}

export interface ApprovedTogether extends Together {
  /** Those that the person has looked at by themselves, also those that were left out then. */
  readonly lookedAt: readonly string[];
}

export interface DecidedTogether {
  readonly id: string;
  readonly decided: Decided;
}

interface TogetherDependencies extends PasskeyDependencies {
  readonly attester: Pick<Attester, 'lot'>;
}

/** Which of these this person looks at one by one. */
export function sampleOf(
  { lot }: Pick<Attester, 'lot'>,
  { id: personId }: PersonRecord,
  requestIds: readonly string[],
): string[] {
  return [...new Set(requestIds)]
    .map((id) => ({ id, lot: lot(personId, id) }))
    .toSorted((one, other) => (one.lot < other.lot ? -1 : 1))
    .slice(0, TOGETHER_LIMITS.sampled)
    .map(({ id }) => id);
}

const isAlike = (
  request: RequestRecord | undefined,
  { agentId, action }: Pick<Together, 'agentId' | 'action'>,
): boolean =>
  request?.card != null &&
  request.agentId === agentId &&
  request.action === action &&
  canGoTogether(request.card);

/** Those of the ids that are of the group: made-up ones would take the places of the sample. */
async function ofGroup(
  { store }: TogetherDependencies,
  group: ApprovedTogether,
  ids: readonly string[],
): Promise<string[]> {
  const found = await Promise.all(ids.map((id) => store.requests.get(id)));
  return ids.filter((_, at) => isAlike(found[at], group));
}

/**
 * What is left out after a look is drawn with the others: else leaving out what is wrong would bring in another one
 * unseen. Returns the sample; throws `approval.not_looked_at` with the ids that are missing, `plan.tampered`.
 */
async function assertLookedAt(
  deps: TogetherDependencies,
  group: ApprovedTogether,
): Promise<readonly string[]> {
  const { person, items, lookedAt } = group;
  const ids = items.map(({ id }) => id);
  const leftOut = await ofGroup(
    deps,
    group,
    lookedAt.filter((id) => !ids.includes(id)),
  );
  const sample = sampleOf(deps.attester, person, [...ids, ...leftOut]);
  const unseen = sample.filter((id) => !lookedAt.includes(id));
  if (unseen.length > 0)
    throw new GatewayError('approval.not_looked_at', { detail: unseen.join() });
  return sample;
}

/** What a passkey signs: all of these digests, as one approval, of this agent and action. Good for nothing else. */
const challengeOf = ({ agentId, action, items }: Together): string =>
  challengeOver({
    purpose: 'approve_together',
    ...{ agent: agentId, action },
    items: items.toSorted((one, other) => (one.id < other.id ? -1 : 1)),
  });

/**
 * What the browser is asked to sign for all of them. Throws `approval.not_looked_at`, `passkey.missing`,
 * `plan.tampered`, `store.unavailable`.
 */
export async function togetherOptions(
  deps: TogetherDependencies,
  asked: ApprovedTogether,
): Promise<RequestOptions> {
  await assertLookedAt(deps, asked);
  return signingOptions(deps, asked.person, challengeOf(asked));
}

/** Throws `approval.not_alike` for what is of another group, or is decided on its card alone. */
async function assertAlike(
  tx: StoreTransaction,
  group: Together,
  id: string,
  rules: DecisionRules,
): Promise<void> {
  const { request, query, requester } = await openBallot(tx, id, rules);
  if (!isAlike(request, group)) throw new GatewayError('approval.not_alike');
  // As policy is now: the card says what it was when it was made.
  const needs = requirementFor(rules.policy, query);
  if (needs !== undefined && isHighRisk({ risk: 'write', requires: needs }))
    throw new GatewayError('approval.not_alike');
  // The dial for firms of one person is for one write at a time.
  if (requester.has(group.person.id)) throw new GatewayError('approval.own_request');
}

async function decideOne(
  tx: StoreTransaction,
  of: { readonly group: Together; readonly made: ProvenDecision },
  rules: DecisionRules,
): Promise<Decided> {
  try {
    await assertAlike(tx, of.group, of.made.requestId, rules);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code === 'store.unavailable') throw error;
    return refuseDecision(tx, of.made, error);
  }
  return recordDecision(tx, of.made, rules);
}

/** Each is a decision of its own: one that does not count keeps none of the others from counting. */
async function decideEach(
  tx: StoreTransaction,
  group: Together,
  decisionOn: (item: Alike) => ProvenDecision,
  rules: DecisionRules,
): Promise<DecidedTogether[]> {
  const all: DecidedTogether[] = [];
  for (const item of group.items) {
    const made = decisionOn(item);
    all.push({ id: item.id, decided: await decideOne(tx, { group, made }, rules) });
  }
  return all;
}

/**
 * Approves all of them with one signature over all of their digests, in one commit. Each is recorded, and checked at
 * begin, like any other decision; with a signature that does not verify each is a refused attempt. Throws
 * `approval.not_looked_at`, `plan.tampered`, `store.unavailable`.
 */
export async function approveTogether(
  deps: TogetherDependencies,
  group: ApprovedTogether,
  assertion: Assertion,
  rules: DecisionRules,
): Promise<DecidedTogether[]> {
  const { person, items } = group;
  const sample = await assertLookedAt(deps, group);
  const challenge = challengeOf(group);
  const verified = await verifyOwnPasskey(deps, { person, challenge, assertion });
  const groupId = newId('grp');
  const decisionOn = ({ id, digest }: Alike): ProvenDecision => ({
    ...{ requestId: id, digest, person, decision: 'approve' },
    ...{ proof: 'passkey', passkeyId: verified?.passkeyId },
    group: { id: groupId, size: items.length, isSampled: sample.includes(id) },
  });
  return deps.store.commit(async (tx) => {
    const used = verified && (await usePasskey(tx, verified));
    if (used?.person.id === person.id) return decideEach(tx, group, decisionOn, rules);
    const unproven = new GatewayError('approval.unproven');
    const refused: DecidedTogether[] = [];
    for (const item of items)
      refused.push({
        id: item.id,
        decided: await refuseDecision(tx, decisionOn(item), unproven),
      });
    return refused;
  });
}

/** Rejects all of them with one reason, which the agent receives for each. Throws `store.unavailable`. */
export function rejectTogether(
  { store }: { readonly store: Store },
  group: Together & { readonly reason: string; readonly proof: 'key' | 'session' },
  rules: DecisionRules,
): Promise<DecidedTogether[]> {
  const { person, items, reason, proof } = group;
  const of = { id: newId('grp'), size: items.length, isSampled: false };
  const decisionOn = ({ id, digest }: Alike): ProvenDecision => ({
    ...{ requestId: id, digest, person, proof, reason },
    ...{ decision: 'reject', group: of },
  });
  return store.commit((tx) => decideEach(tx, group, decisionOn, rules));
}
