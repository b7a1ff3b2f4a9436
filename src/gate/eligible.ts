import type { ErrorCode } from '../core/errors.ts';
import type { AgentRecord, DecisionRecord, PersonRecord, RequestRecord } from '../core/records.ts';
import type { Policy } from '../policy/policy.ts';
import { mayDecide } from '../policy/requirement.ts';
import { approverOf, approversOf, policyQueryFor } from './policy-query.ts';
import type { Requester } from './requester.ts';

/** A request that waits and everything that tells who may decide on it. */
export interface Waiting {
  readonly request: RequestRecord;
  readonly agent: AgentRecord | undefined;
  readonly people: readonly PersonRecord[];
  readonly requester: Requester;
  readonly earlier: readonly DecisionRecord[];
  readonly policy: Policy;
  readonly now: Date;
  /** May remember what it was asked before. */
  readonly askPolicy: AskPolicy;
}

/** Whether this person may decide, as policy stands: a pure function of its four inputs. */
export type AskPolicy = typeof mayDecide;

/** Of what is remembered: the hundred that are counted, for some fifty readers. */
const REMEMBERED_MAX = 5_000;

/**
 * Asks policy once for each question and remembers the answer: the same text, asked the same, answers the same. For
 * pages that look again every few seconds. What a question holds of agent, roles, amount and earlier approvals is its
 * key, so that whatever changes one of them is asked anew. The oldest answers are forgotten first.
 */
export function createAskedOnce(ask: AskPolicy = mayDecide): AskPolicy {
  const answers = new Map<string, boolean>();
  return (policy, query, person, existing) => {
    const key = JSON.stringify([policy.digest, query, person, existing]);
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = ask(policy, query, person, existing);
    answers.set(key, answer);
    const [oldest] = answers.keys();
    if (answers.size > REMEMBERED_MAX && oldest !== undefined) answers.delete(oldest);
    return answer;
  };
}

/**
 * Why this person cannot decide on it now, in the order of `decisions.ts`; undefined when they can, with a
 * passkey where policy asks for one. What a door shows, never what counts: the decision itself asks again.
 */
export function whyNotDecide(of: Waiting, person: PersonRecord): ErrorCode | undefined {
  const { request, agent, people, requester, earlier, policy, now } = of;
  if (request.status !== 'awaiting_approval') return 'approval.closed';
  if (request.expiresAt !== null && request.expiresAt <= now) return 'approval.expired';
  if (agent === undefined || person.revokedAt !== null) return 'approval.not_eligible';
  const { submission, connection } = request;
  if (requester.has(person.id)) return 'approval.own_request';
  if (earlier.some(({ personId }) => personId === person.id)) return 'approval.already_decided';
  const present = request.card?.seen ?? [];
  const query = policyQueryFor({ agent, connection, submission, present, requester }, people);
  const valid = earlier.filter(
    ({ decision, validUntil }) => decision === 'approve' && validUntil > now,
  );
  const approvers = approversOf(requester, valid, people);
  const isEligible = of.askPolicy(policy, query, approverOf(person, 'passkey'), approvers);
  return isEligible ? undefined : 'approval.not_eligible';
}
