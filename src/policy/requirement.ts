import type { Requirement } from '../contracts/card.ts';
import type { Approver, Policy, PolicyQuery } from './policy.ts';

/** No request can need more people than this; a text that asks for more denies. */
export const APPROVALS_MAX = 3;

type Question = Omit<PolicyQuery, 'approvers'>;

/**
 * People who do not exist yet, each with these roles. Their ids hold letters that no person's id has
 * (`contracts/ids.ts`), so none of them is ever the requester or someone who has already approved.
 */
const hypothetical = (count: number, roles: readonly string[], passkey: boolean): Approver[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `per_hypothetical${index + 1}`,
    roles,
    passkey,
  }));

/** Which roles such people may hold: all, none, one alone, all but one (a text may forbid by role). */
function roleSets({ roles }: Policy): readonly (readonly string[])[] {
  const single = roles.map((role) => [role]);
  const allButOne = roles.map((role) => roles.filter((other) => other !== role));
  const sets = [roles, [], ...single, ...allButOne];
  return [...new Map(sets.map((set) => [JSON.stringify(set), set])).values()];
}

/** A number of people of whom each approves in the same way. */
interface Level {
  readonly approvals: number;
  readonly passkey: boolean;
}

/** Fewer people first, and an approval without a passkey before one with it. */
function levelsOf(policy: Policy): Level[] {
  const counts = Array.from({ length: APPROVALS_MAX }, (_, index) => index + 1);
  const passkeys = policy.mentionsPasskeys ? [false, true] : [false];
  const withPeople = counts.flatMap((approvals) =>
    passkeys.map((passkey) => ({ approvals, passkey })),
  );
  return [{ approvals: 0, passkey: false }, ...withPeople];
}

/** The one place where a question is put with hypothetical people. */
const answerAt = (
  policy: Policy,
  question: Question,
  { approvals, passkey }: Level,
  roles: readonly string[],
): ReturnType<Policy['decide']> =>
  policy.decide({ ...question, approvers: hypothetical(approvals, roles, passkey) });

/** Taking roles away one by one for as long as the rest is enough. */
function fewestRoles(roles: readonly string[], isEnough: (roles: readonly string[]) => boolean) {
  return roles.reduce<readonly string[]>((kept, role) => {
    const fewer = kept.filter((other) => other !== role);
    return isEnough(fewer) ? fewer : kept;
  }, roles);
}

/** Roles of which any one is enough; those needed together when none is enough alone. */
function rolesNeeded(
  policy: Policy,
  question: Question,
  level: Level,
  found: readonly string[],
): string[] {
  const isEnough = (roles: readonly string[]): boolean =>
    answerAt(policy, question, level, roles).allowed;
  if (level.approvals === 0 || isEnough([])) return [];
  const alone = policy.roles.filter((role) => isEnough([role]));
  return [...(alone.length > 0 ? alone : fewestRoles(found, isEnough))];
}

/**
 * What policy asks for before this may run: the question is put with nobody's approval, then with one
 * eligible person, then two, three, and the first yes is the requirement. `reasons` hold the rules that
 * forbade it with fewer, then those that permit it. `undefined`: denied whoever approves (`policy.denied`).
 */
export function requirementFor(policy: Policy, query: PolicyQuery): Requirement | undefined {
  const forbidding: string[] = [];
  for (const level of levelsOf(policy)) {
    const sets = level.approvals === 0 ? [policy.roles] : roleSets(policy);
    for (const [index, roles] of sets.entries()) {
      const { allowed, reasons } = answerAt(policy, query, level, roles);
      if (allowed) {
        return {
          ...level,
          roles: rolesNeeded(policy, query, level, roles),
          reasons: [...new Set([...forbidding, ...reasons])],
        };
      }
      // The first set is the strongest: what forbids even that is about their number.
      if (index === 0) forbidding.push(...reasons);
    }
  }
  return undefined;
}

/**
 * Which of `fields` the agent may read beside `query.fields` (what it needs in any case), with the
 * approvals in `query` (none, for a read). Policy is asked about all of them together, and otherwise
 * one after the other, so that what is granted is also granted together: two rules that each permit a
 * part do not permit the whole, and the earlier field wins.
 */
export function grantedFields(
  policy: Policy,
  query: PolicyQuery,
  fields: readonly string[],
): string[] {
  const isGranted = (more: readonly string[]): boolean =>
    policy.decide({ ...query, fields: [...new Set([...query.fields, ...more])] }).allowed;
  if (isGranted(fields)) return [...fields];
  return fields.reduce<string[]>(
    (granted, field) => (isGranted([...granted, field]) ? [...granted, field] : granted),
    [],
  );
}

/**
 * Whether policy allows it with the people who really approved (`query.approvers`). The requester's
 * own approval and a second one by the same person never count, whatever the text says.
 */
export function satisfied(policy: Policy, query: PolicyQuery): boolean {
  return policy.decide(query).allowed;
}

/** Whether the approval turns a no into a yes, alone or together with some number of further people. */
function makesTheDifference(
  policy: Policy,
  query: PolicyQuery,
  person: Approver,
  others: readonly Approver[],
): boolean {
  const isAllowed = (approvers: readonly Approver[]): boolean =>
    policy.decide({ ...query, approvers }).allowed;
  const further = Array.from({ length: APPROVALS_MAX }, (_, count) => count);
  const crowds = further.flatMap((count) => {
    const sets = count === 0 ? [[]] : roleSets(policy);
    return sets.map((roles) => hypothetical(count, roles, policy.mentionsPasskeys));
  });
  return crowds.some(
    (crowd) => isAllowed([...others, person, ...crowd]) && !isAllowed([...others, ...crowd]),
  );
}

/**
 * Whether this person may decide: their approval could be what makes the difference, given those who
 * have approved already (or given nobody, when those are enough without them). The requester never may.
 * Says nothing about whether the person has decided before.
 */
export function mayDecide(
  policy: Policy,
  query: PolicyQuery,
  person: Approver,
  existing: readonly Approver[],
): boolean {
  if (person.id === query.requester && query.ownCounts !== true) return false;
  const others = existing.filter(({ id }) => id !== person.id);
  const enoughWithout = policy.decide({ ...query, approvers: others }).allowed;
  return makesTheDifference(policy, query, person, enoughWithout ? [] : others);
}
