import type { ErrorCode } from '../core/errors.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type {
  AbsenceRecord,
  AgentRecord,
  DecisionRecord,
  PersonRecord,
  RequestRecord,
} from '../core/records.ts';
import type { Policy } from '../policy/policy.ts';
import { mayDecide } from '../policy/requirement.ts';
import { approverOf, approversOf, policyQueryFor } from './policy-query.ts';
import { type Place, placesOf } from './places.ts';
import type { Requester } from './requester.ts';
import { type Asked, assertMayDecideOwn, ownApproval } from './self-approval.ts';

/** A request that waits and everything that tells who may decide on it. */
export interface Waiting {
  readonly request: RequestRecord;
  readonly agent: AgentRecord | undefined;
  readonly people: readonly PersonRecord[];
  readonly requester: Requester;
  readonly earlier: readonly DecisionRecord[];
  /** Not ended and not over. */
  readonly absences: readonly AbsenceRecord[];
  readonly policy: Policy;
  /** `self-approval.ts`. */
  readonly selfApprovalMs: number | undefined;
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

/** A place to decide from; for who asked, also from when on the approval counts that they made, or how long after it. */
export interface Standing extends Place {
  readonly own?:
    | { readonly isMade: true; readonly countsFrom: Date }
    | { readonly isMade: false; readonly delayMs: number };
}

/** Of who asked, by the dial for firms of one person. */
function ownStanding(
  { request, policy, selfApprovalMs, askPolicy, now }: Waiting,
  asked: Asked,
  person: PersonRecord,
  valid: readonly DecisionRecord[],
): Standing | ErrorCode {
  const rules = { policy, selfApprovalMs };
  const made = ownApproval(rules, asked, valid, askPolicy);
  const place = { holder: person, absence: null };
  if (made !== undefined) return { ...place, own: { countsFrom: made.countsFrom, isMade: true } };
  const hasApproved = valid.some(({ personId }) => personId === person.id);
  const by = { person, proof: 'passkey', decision: 'approve', hasApproved } as const;
  try {
    const countsFrom = assertMayDecideOwn(
      rules,
      { ...asked, ...by, expiresAt: request.expiresAt, now },
      askPolicy,
    );
    const delayMs = countsFrom.getTime() - now.getTime();
    return { ...place, own: { isMade: false, delayMs } };
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    return error.code;
  }
}

/**
 * The place from which this person may decide on it now, with a passkey where policy asks for one; or why they
 * cannot, in the order of `decisions.ts`. What a door shows, never what counts: the decision itself asks again.
 */
export function placeToDecide(of: Waiting, person: PersonRecord): Standing | ErrorCode {
  const { request, agent, people, requester, earlier, absences, policy, now } = of;
  if (request.status !== 'awaiting_approval') return 'approval.closed';
  if (request.expiresAt !== null && request.expiresAt <= now) return 'approval.expired';
  if (agent === undefined || person.revokedAt !== null) return 'approval.not_eligible';
  const { submission, connection } = request;
  const present = request.card?.seen ?? [];
  const query = policyQueryFor({ agent, connection, submission, present, requester }, people);
  const valid = earlier.filter(
    ({ decision, validUntil }) => decision === 'approve' && validUntil > now,
  );
  if (requester.has(person.id)) return ownStanding(of, { query, people, requester }, person, valid);
  if (earlier.some(({ personId }) => personId === person.id)) return 'approval.already_decided';
  const approvers = approversOf(requester, valid, people);
  const taken = new Set(approvers.map(({ id }) => id));
  if (taken.has(person.id)) return 'approval.already_decided';
  const free = placesOf(person, { people, requester, absences, taken, now });
  const found = free.find(({ holder }) =>
    of.askPolicy(policy, query, approverOf(holder, 'passkey'), approvers),
  );
  return found ?? 'approval.not_eligible';
}
