import { findAction } from '../actions/catalogue.ts';
import { promptRisk } from '../core/prompt-rules.ts';
import type { AgentRecord, DecisionRecord, PersonRecord, Submission } from '../core/records.ts';
import type { Approver, PolicyQuery } from '../policy/policy.ts';

/** The person whose `user_id` the agent claims, when we know that person. */
export function requesterOf(
  userId: string,
  people: readonly PersonRecord[],
): PersonRecord | undefined {
  const claimed = userId.trim().toLowerCase();
  return people.find((person) => person.email.toLowerCase() === claimed || person.id === claimed);
}

export const approverOf = (person: PersonRecord, proof: DecisionRecord['proof']): Approver => ({
  id: person.id,
  roles: person.roles,
  passkey: proof === 'passkey',
});

/** The people behind these decisions as they are now: the revoked count no more, roles are today's. */
export const approversOf = (
  decisions: readonly DecisionRecord[],
  people: readonly PersonRecord[],
): Approver[] =>
  people.flatMap((person) => {
    const made = decisions.find(({ personId }) => personId === person.id);
    return made === undefined || person.revokedAt !== null ? [] : [approverOf(person, made.proof)];
  });

/** What policy is asked about a request: derived from the accepted input, never from later words. */
export function policyQueryFor(
  of: {
    readonly agent: AgentRecord;
    readonly connection: string;
    readonly submission: Submission;
  },
  people: readonly PersonRecord[],
): PolicyQuery {
  const action = findAction(of.submission.action.action);
  const input = action?.input.parse(of.submission.action);
  const touches = input === undefined ? undefined : action?.touches(input);
  return {
    agent: { id: of.agent.id, name: of.agent.name, groups: of.agent.groups },
    connection: of.connection,
    action: of.submission.action.action,
    fields: touches?.needs ?? [],
    ...(touches?.amount === undefined ? {} : { amount: touches.amount }),
    injectionRisk: promptRisk(of.submission),
    requester: requesterOf(of.submission.userId, people)?.id ?? null,
    approvers: [],
  };
}
