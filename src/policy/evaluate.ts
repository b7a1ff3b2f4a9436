import {
  type AuthorizationError,
  type Context,
  type Entities,
  type EntityJson,
  statefulIsAuthorized,
  type TypeAndId,
} from '@cedar-policy/cedar-wasm/nodejs';
import { countableApprovers, countApprovals, countInRole } from './approvals.ts';
import type { Approver, Policy, PolicyAnswer, PolicyQuery, PolicyVocabulary } from './policy.ts';

/** A text that Cedar has parsed and holds under these names. */
export interface PreparedPolicy extends PolicyVocabulary {
  readonly digest: string;
  readonly policySetId: string;
  readonly schemaName: string;
  /** Cedar's policy id -> the policy's own words. */
  readonly reasons: ReadonlyMap<string, string>;
}

/** Cedar's Long is 64 bits; JSON numbers are exact up to here. */
const LONG_MAX = Number.MAX_SAFE_INTEGER;

/** Magnitude, rounded up; what is no number counts as the most there is, so that limits hold. */
function wholeUnits(value: number): number {
  const units = Math.ceil(Math.abs(value));
  return units <= LONG_MAX ? units : LONG_MAX;
}

const uid = (type: string, id: string): TypeAndId => ({ type, id });
const reference = (type: string, id: string): { __entity: TypeAndId } => ({
  __entity: uid(type, id),
});

const rolesOf = (approvers: readonly Approver[]): string[] => [
  ...new Set(approvers.flatMap(({ roles }) => roles)),
];

function contextOf(query: PolicyQuery, approvers: readonly Approver[]): Context {
  return {
    fields: [...query.fields],
    ...countApprovals(approvers),
    approvers: approvers.map(({ id }) => reference('Person', id)),
    approverRoles: rolesOf(approvers).map((role) => reference('Role', role)),
    selfApproval: query.ownCounts === true,
    injectionRisk: wholeUnits(query.injectionRisk),
    ...(query.requester === null ? {} : { requester: reference('Person', query.requester) }),
    ...(query.amount === undefined ? {} : { amount: wholeUnits(query.amount) }),
  };
}

/** Every role the text names is there: a policy about an absent role would fail, and a failed `forbid` forbids nothing. */
function entitiesOf(
  { agent }: PolicyQuery,
  approvers: readonly Approver[],
  namedRoles: readonly string[],
): Entities {
  const roles = new Set([...namedRoles, ...rolesOf(approvers)]);
  return [
    {
      uid: uid('Agent', agent.id),
      attrs: { name: agent.name },
      parents: agent.groups.map((group) => uid('AgentGroup', group)),
    },
    ...[...roles].map((role): EntityJson => ({
      uid: uid('Role', role),
      attrs: { ...countInRole(approvers, role) },
      parents: [],
    })),
  ];
}

const denied = (...reasons: readonly string[]): PolicyAnswer => ({ allowed: false, reasons });

/** Cedar skips a policy whose evaluation fails; skipping a `forbid` would open the gate. */
const deniedByErrors = (
  errors: readonly AuthorizationError[],
  wordsOf: (policyId: string) => string,
): PolicyAnswer =>
  denied(...errors.map(({ policyId }) => `${wordsOf(policyId)} (could not be evaluated)`));

function ask(prepared: PreparedPolicy, query: PolicyQuery): PolicyAnswer {
  const approvers = countableApprovers(query);
  const answer = statefulIsAuthorized({
    principal: uid('Agent', query.agent.id),
    action: uid('Action', query.action),
    resource: uid('Connection', query.connection),
    context: contextOf(query, approvers),
    entities: entitiesOf(query, approvers, prepared.roles),
    preparsedPolicySetId: prepared.policySetId,
    preparsedSchemaName: prepared.schemaName,
    validateRequest: true,
  });
  if (answer.type === 'failure') return denied('The question could not be put to policy.');
  const { decision, diagnostics } = answer.response;
  const wordsOf = (policyId: string): string => prepared.reasons.get(policyId) ?? policyId;
  if (diagnostics.errors.length > 0) return deniedByErrors(diagnostics.errors, wordsOf);
  return { allowed: decision === 'allow', reasons: diagnostics.reason.map(wordsOf).toSorted() };
}

/** "All fields are among these" also holds for no field at all: nothing asked for, nothing granted. */
const askOne = (prepared: PreparedPolicy, query: PolicyQuery): PolicyAnswer =>
  query.fields.length === 0 ? denied() : ask(prepared, query);

/** Every step must be allowed; the reasons are those of the steps that are not, else of all. */
function askAll(prepared: PreparedPolicy, query: PolicyQuery): PolicyAnswer {
  const { agent, connection, injectionRisk, requester, approvers, ownCounts } = query;
  const shared = { agent, connection, injectionRisk, requester, approvers, ownCounts };
  const further = (query.also ?? []).map((asked) => askOne(prepared, { ...shared, ...asked }));
  const answers = [askOne(prepared, query), ...further];
  const refusals = answers.filter(({ allowed }) => !allowed);
  const deciding = refusals.length > 0 ? refusals : answers;
  const reasons = [...new Set(deciding.flatMap((answer) => answer.reasons))];
  return { allowed: refusals.length === 0, reasons };
}

export function createPolicy(prepared: PreparedPolicy): Policy {
  const { digest, roles, mentionsPasskeys, amounts, injectionRisks } = prepared;
  return {
    digest,
    roles,
    mentionsPasskeys,
    amounts,
    injectionRisks,
    decide: (query) => askAll(prepared, query),
  };
}
