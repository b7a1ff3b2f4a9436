import { findAction } from '../actions/catalogue.ts';
import type { PresentRecord } from '../actions/define-action.ts';
import type { Requirement } from '../contracts/card.ts';
import type { Asked } from '../core/asked.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { promptRisk } from '../core/prompt-rules.ts';
import type { Proof } from '../core/proofs.ts';
import type { AgentRecord, DecisionRecord, PersonRecord, Submission } from '../core/records.ts';
import type { Approver, Policy, PolicyQuery } from '../policy/policy.ts';
import { requirementFor } from '../policy/requirement.ts';
import { wordsOf } from './own-agent.ts';
import { type Requester, rowsOfRequester } from './requester.ts';

/** The person on whose behalf the agent acts, when we know that person; one who may still act first. */
function requesterOf(
  { submission, requester }: AskedFor,
  people: readonly PersonRecord[],
): PersonRecord | undefined {
  const rows = requester ?? rowsOfRequester(submission.userId, people);
  const named = people.filter(({ id }) => rows.has(id));
  return named.find(({ revokedAt }) => revokedAt === null) ?? named[0];
}

export const approverOf = (person: PersonRecord, proof: Proof): Approver => ({
  id: person.id,
  roles: person.roles,
  passkey: proof === 'passkey',
});

/**
 * Those in whose places these decisions were made, as they are now: the revoked count no more, neither as voters nor
 * as those who are stood in for, roles are today's, nobody counts for a request of their own, and one place, like
 * one person, counts once.
 */
export function approversOf(
  requester: Requester,
  decisions: readonly DecisionRecord[],
  people: readonly PersonRecord[],
): Approver[] {
  const standing = (id: string): PersonRecord | undefined =>
    people.find((one) => one.id === id && one.revokedAt === null && !requester.has(id));
  const byPlace = new Map<string, Approver>();
  const voters = new Set<string>();
  for (const { personId, inPlaceOf, proof } of decisions) {
    const holder = standing(inPlaceOf ?? personId);
    const counts = standing(personId) !== undefined && !voters.has(personId);
    if (holder === undefined || !counts || byPlace.has(holder.id)) continue;
    voters.add(personId);
    byPlace.set(holder.id, approverOf(holder, proof));
  }
  return [...byPlace.values()];
}

/** Each thing that a submission asks for: its steps, or itself. */
function askedBy(
  { action: submitted }: Submission,
  present: readonly PresentRecord[] | undefined,
): readonly [Asked, ...Asked[]] {
  const action = findAction(submitted.action);
  if (action === undefined) return [{ action: submitted.action, fields: [] }];
  const input = action.input.safeParse(submitted);
  // It was parsed when it was accepted, so somebody has changed it since.
  if (!input.success) throw new GatewayError('plan.tampered', { detail: 'the submission' });
  const { needs, amount, steps } = action.touches(input.data, present);
  const [first, ...others] = steps ?? [];
  if (first !== undefined) return [first, ...others];
  return [{ action: action.name, fields: needs, ...(amount === undefined ? {} : { amount }) }];
}

interface AskedFor {
  readonly agent: AgentRecord;
  readonly connection: string;
  readonly submission: Submission;
  /** The records as the card has them; absent before there is a card. */
  readonly present?: readonly PresentRecord[] | undefined;
  /** Who asked, where it was looked up (`requester.ts`); by `user_id` alone otherwise. */
  readonly requester?: Requester | undefined;
}

/** What policy is asked about a request: derived from the accepted input, never from later words. */
export function policyQueryFor(of: AskedFor, people: readonly PersonRecord[]): PolicyQuery {
  const [asked, ...also] = askedBy(of.submission, of.present);
  return {
    agent: { id: of.agent.id, name: of.agent.name, groups: of.agent.groups },
    connection: of.connection,
    ...asked,
    ...(also.length === 0 ? {} : { also }),
    injectionRisk: promptRisk(wordsOf(of.agent.id, of.submission)),
    requester: requesterOf(of, people)?.id ?? null,
    approvers: [],
  };
}

/** What policy asks for now, on the records as they are; `undefined`: denied whoever approves. */
export const requirementOf = (
  policy: Policy,
  of: AskedFor,
  people: readonly PersonRecord[],
): Requirement | undefined => requirementFor(policy, policyQueryFor(of, people));
