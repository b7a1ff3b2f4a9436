import type { ActionDefinition } from '../actions/define-action.ts';
import type { Requirement } from '../contracts/card.ts';
import type { AgentRecord, PersonRecord } from '../core/records.ts';
import type { Policy, PolicyQuery } from './policy.ts';
import { mayDecide, requirementFor } from './requirement.ts';

export type ExplainedAgent = Pick<AgentRecord, 'id' | 'name' | 'groups'>;
export type ExplainedPerson = Pick<PersonRecord, 'id' | 'name' | 'roles'>;

/** What something takes; `undefined` is "denied whoever approves". */
type Needs = Requirement | undefined;

/** From this amount, or this injection risk, on it takes something else. */
export interface Change {
  readonly of: 'amount' | 'injectionRisk';
  readonly from: number;
  readonly needs: Needs;
}

/** Fields of one action that take the same. */
export interface Grant {
  readonly action: string;
  readonly fields: readonly string[];
  readonly needs: Needs;
  readonly changes: readonly Change[];
  /** Names of people whose approval could count. */
  readonly approvers: readonly string[];
}

interface Subject {
  readonly policy: Policy;
  readonly agent: ExplainedAgent;
  readonly connection: string;
  readonly people: readonly ExplainedPerson[];
}

function queryOf({ agent, connection }: Subject, action: string, field: string): PolicyQuery {
  const { id, name, groups } = agent;
  return {
    agent: { id, name, groups },
    connection,
    action,
    fields: [field],
    ...(field === 'amount' ? { amount: 0 } : {}),
    injectionRisk: 0,
    requester: null,
    approvers: [],
  };
}

/** Requirements that read the same are the same; reasons aside. */
const keyOf = (needs: Needs): string =>
  needs === undefined ? 'denied' : JSON.stringify([needs.approvals, needs.passkey, needs.roles]);

/** Asks at every number that the text compares with, and right above it: nothing can change in between. */
function changesOf(policy: Policy, query: PolicyQuery, of: Change['of']): Change[] {
  const limits = of === 'amount' ? policy.amounts : policy.injectionRisks;
  const points = [...new Set(limits.flatMap((limit) => [limit, limit + 1]))];
  const changes: Change[] = [];
  let last = keyOf(requirementFor(policy, query));
  for (const from of points.toSorted((one, other) => one - other)) {
    const needs = requirementFor(policy, { ...query, [of]: from });
    if (keyOf(needs) !== last) changes.push({ of, from, needs });
    last = keyOf(needs);
  }
  return changes;
}

function approversFor({ policy, people }: Subject, query: PolicyQuery, needs: Needs): string[] {
  if (needs === undefined || needs.approvals === 0) return [];
  return people
    .filter(({ id, roles }) => mayDecide(policy, query, { id, roles, passkey: needs.passkey }, []))
    .map(({ name }) => name);
}

function grantOf(subject: Subject, action: string, fields: readonly string[], needs: Needs): Grant {
  const { policy } = subject;
  const query = queryOf(subject, action, fields[0] ?? '');
  const amount = fields.includes('amount')
    ? changesOf(policy, queryOf(subject, action, 'amount'), 'amount')
    : [];
  const changes = [...amount, ...changesOf(policy, query, 'injectionRisk')];
  return { action, fields, needs, changes, approvers: approversFor(subject, query, needs) };
}

/** What one agent may do with one action, field by field, by asking policy. */
function grantsOf(subject: Subject, action: ActionDefinition): Grant[] {
  const needsOf = (field: string): Needs =>
    requirementFor(subject.policy, queryOf(subject, action.name, field));
  const answers = action.fields.map((field) => ({ field, needs: needsOf(field) }));
  return [...Map.groupBy(answers, ({ needs }) => keyOf(needs)).values()].map((alike) =>
    grantOf(
      subject,
      action.name,
      alike.map(({ field }) => field),
      alike[0]?.needs,
    ),
  );
}

export interface ExplainOptions {
  /** What an agent can ask for, where that is not what the others can. */
  readonly actionsFor?: (agent: ExplainedAgent) => readonly ActionDefinition[];
  readonly people?: readonly ExplainedPerson[];
  readonly connection?: string;
}

/** Every action in the order of the catalogue, every field once. A few milliseconds per field. */
export function explainAgent(
  policy: Policy,
  actions: readonly ActionDefinition[],
  agent: ExplainedAgent,
  { people = [], connection = 'main' }: ExplainOptions = {},
): Grant[] {
  const subject: Subject = { policy, agent, connection, people };
  return actions.flatMap((action) => grantsOf(subject, action));
}
