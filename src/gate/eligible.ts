import type { ErrorCode } from '../core/errors.ts';
import type { AgentRecord, DecisionRecord, PersonRecord, RequestRecord } from '../core/records.ts';
import type { Policy } from '../policy/policy.ts';
import { mayDecide } from '../policy/requirement.ts';
import { approverOf, approversOf, isRequester, policyQueryFor } from './policy-query.ts';

/** A request that waits and everything that tells who may decide on it. */
export interface Waiting {
  readonly request: RequestRecord;
  readonly agent: AgentRecord | undefined;
  readonly people: readonly PersonRecord[];
  readonly earlier: readonly DecisionRecord[];
  readonly policy: Policy;
  readonly now: Date;
}

/**
 * Why this person cannot decide on it now, in the order of `decisions.ts`; undefined when they can, with a
 * passkey where policy asks for one. What a door shows, never what counts: the decision itself asks again.
 */
export function whyNotDecide(of: Waiting, person: PersonRecord): ErrorCode | undefined {
  const { request, agent, people, earlier, policy, now } = of;
  if (request.status !== 'awaiting_approval') return 'approval.closed';
  if (request.expiresAt !== null && request.expiresAt <= now) return 'approval.expired';
  if (agent === undefined || person.revokedAt !== null) return 'approval.not_eligible';
  const { submission, connection } = request;
  if (isRequester(submission.userId, person)) return 'approval.own_request';
  if (earlier.some(({ personId }) => personId === person.id)) return 'approval.already_decided';
  const present = request.card?.seen ?? [];
  const query = policyQueryFor({ agent, connection, submission, present }, people);
  const valid = earlier.filter(
    ({ decision, validUntil }) => decision === 'approve' && validUntil > now,
  );
  const approvers = approversOf(submission.userId, valid, people);
  const isEligible = mayDecide(policy, query, approverOf(person, 'passkey'), approvers);
  return isEligible ? undefined : 'approval.not_eligible';
}
