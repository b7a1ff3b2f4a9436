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

/**
 * Whether an agent's `user_id` names this person: by id or e-mail, whatever their row. Somebody who was
 * revoked and enrolled again has two rows and is still one requester.
 */
export function isRequester(userId: string, person: PersonRecord): boolean {
  const claimed = userId.trim().toLowerCase();
  return person.email.toLowerCase() === claimed || person.id === claimed;
}

/** The person on whose behalf the agent acts, when we know that person; one who may still act first. */
function requesterOf(userId: string, people: readonly PersonRecord[]): PersonRecord | undefined {
  const named = people.filter((person) => isRequester(userId, person));
  return named.find(({ revokedAt }) => revokedAt === null) ?? named[0];
}

export const approverOf = (person: PersonRecord, proof: Proof): Approver => ({
  id: person.id,
  roles: person.roles,
  passkey: proof === 'passkey',
});

/**
 * The people behind these decisions as they are now: the revoked count no more, roles are today's, and
 * nobody counts for a request of their own.
 */
export const approversOf = (
  userId: string,
  decisions: readonly DecisionRecord[],
  people: readonly PersonRecord[],
): Approver[] =>
  people.flatMap((person) => {
    const made = decisions.find(({ personId }) => personId === person.id);
    const counts = person.revokedAt === null && !isRequester(userId, person);
    return made === undefined || !counts ? [] : [approverOf(person, made.proof)];
  });

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
    requester: requesterOf(of.submission.userId, people)?.id ?? null,
    approvers: [],
  };
}

/** What policy asks for now, on the records as they are; `undefined`: denied whoever approves. */
export const requirementOf = (
  policy: Policy,
  of: AskedFor,
  people: readonly PersonRecord[],
): Requirement | undefined => requirementFor(policy, policyQueryFor(of, people));
