import type { SeenRecord } from '../contracts/card.ts';
import type { AgentRecord, PersonRecord, RequestRecord } from '../core/records.ts';
import { isPlain } from '../core/together.ts';
import type { Policy } from '../policy/policy.ts';
import { mayDecide, requirementFor, satisfied } from '../policy/requirement.ts';
import { isOwnAgent } from './own-agent.ts';
import { approverOf, policyQueryFor } from './policy-query.ts';
import type { Requester } from './requester.ts';

/** A request and all that tells whether it may be approved without anybody looking at it. */
export interface LookedAt {
  readonly request: RequestRecord;
  readonly agent: AgentRecord;
  readonly people: readonly PersonRecord[];
  readonly requester: Requester;
  readonly policy: Policy;
  /** The records as they are now. */
  readonly present: readonly SeenRecord[];
}

/**
 * Whether what this person has allowed ahead covers this very request: one ordinary write that policy, as it
 * is now, lets this person decide alone and without a passkey, asked for by somebody else.
 */
export function isCoveredAhead(of: LookedAt, giver: PersonRecord): boolean {
  const { request, agent, people, policy, present, requester } = of;
  const { card, submission, connection } = request;
  if (card === null || !isPlain(card)) return false;
  if (isOwnAgent(agent.id) || giver.revokedAt !== null) return false;
  if (requester.has(giver.id)) return false;
  const query = policyQueryFor({ agent, connection, submission, present, requester }, people);
  const needs = requirementFor(policy, query);
  if (needs?.approvals !== 1 || needs.passkey) return false;
  const approver = approverOf(giver, 'grant');
  return (
    mayDecide(policy, query, approver, []) && satisfied(policy, { ...query, approvers: [approver] })
  );
}
