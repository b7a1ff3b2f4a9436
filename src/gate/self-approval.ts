import { GatewayError } from '../core/gateway-error.ts';
import type { DecisionRecord, PersonRecord } from '../core/records.ts';
import type { Approver, Policy, PolicyQuery } from '../policy/policy.ts';
import { mayDecide, satisfied } from '../policy/requirement.ts';
import { approverOf } from './policy-query.ts';
import type { Requester } from './requester.ts';

/**
 * The dial for firms of one person: somebody's own approval of what they asked for counts, after a delay in which they
 * or the agent can stop it, as long as nobody else on the roster could decide.
 */
export interface OwnRules {
  readonly policy: Policy;
  /** Undefined: the dial is off, and nobody's own approval ever counts. */
  readonly selfApprovalMs?: number | undefined;
}

export interface Asked {
  readonly query: PolicyQuery;
  readonly people: readonly PersonRecord[];
  readonly requester: Requester;
}

/** Whether nobody but who asked could decide on this, as policy stands. Who is away is there all the same. */
export const isAlone = (
  policy: Policy,
  { query, people, requester }: Asked,
  ask: typeof mayDecide = mayDecide,
): boolean =>
  !people.some(
    (person) =>
      person.revokedAt === null &&
      !requester.has(person.id) &&
      ask(policy, query, approverOf(person, 'passkey'), []),
  );

/** An approval by who asked, which counts from then on. */
export interface OwnApproval {
  readonly approver: Approver;
  readonly countsFrom: Date;
}

/** Who asked has approved it, the dial is on, and nobody else could decide: that approval, and when its delay is over. */
export function ownApproval(
  rules: OwnRules,
  asked: Asked,
  standing: readonly DecisionRecord[],
  ask?: typeof mayDecide,
): OwnApproval | undefined {
  const { selfApprovalMs } = rules;
  if (selfApprovalMs === undefined) return undefined;
  const rows = asked.people.filter(
    ({ id, revokedAt }) => revokedAt === null && asked.requester.has(id),
  );
  const made = standing.find(
    ({ personId, inPlaceOf }) => inPlaceOf === null && rows.some(({ id }) => id === personId),
  );
  const person = rows.find(({ id }) => id === made?.personId);
  if (made === undefined || person === undefined) return undefined;
  if (!isAlone(rules.policy, asked, ask)) return undefined;
  const countsFrom = new Date(made.decidedAt.getTime() + selfApprovalMs);
  return { approver: approverOf(person, made.proof), countsFrom };
}

interface Owning extends Asked {
  readonly person: PersonRecord;
  readonly proof: DecisionRecord['proof'];
  readonly decision: DecisionRecord['decision'];
  readonly hasApproved: boolean;
  readonly expiresAt: Date | null;
  readonly now: Date;
}

/**
 * From when on this person's decision on what they asked for counts; a rejection counts at once, also of what they
 * have approved before. Throws why it does not count at all.
 */
export function assertMayDecideOwn(
  { policy, selfApprovalMs }: OwnRules,
  of: Owning,
  ask?: typeof mayDecide,
): Date {
  const { query, person, proof, now } = of;
  if (selfApprovalMs === undefined) throw new GatewayError('approval.own_request');
  if (of.hasApproved && of.decision === 'approve')
    throw new GatewayError('approval.already_decided');
  if (of.decision === 'reject' && of.hasApproved) return now;
  if (!isAlone(policy, of, ask))
    throw new GatewayError('approval.own_request', { detail: 'somebody else can decide' });
  const isEnough = (by: DecisionRecord['proof']): boolean =>
    satisfied(policy, { ...query, approvers: [approverOf(person, by)], ownCounts: true });
  if (!isEnough('passkey'))
    throw new GatewayError('approval.own_request', {
      detail: 'policy does not take one’s own approval for this, or not it alone',
    });
  if (of.decision === 'reject') return now;
  if (!isEnough(proof)) throw new GatewayError('approval.passkey_required');
  const countsFrom = new Date(now.getTime() + selfApprovalMs);
  if (of.expiresAt !== null && of.expiresAt <= countsFrom)
    throw new GatewayError('approval.delay_too_long', {
      detail: `its time ends at ${of.expiresAt.toISOString()}`,
    });
  return countsFrom;
}
