import { findAction } from '../actions/catalogue.ts';
import type { Touches } from '../actions/define-action.ts';
import type { Requirement } from '../contracts/card.ts';
import type { Policy, PolicyQuery } from '../policy/policy.ts';
import { grantedFields, requirementFor } from '../policy/requirement.ts';

export type Action = Readonly<Record<string, unknown>> & { readonly action: string };

/** As the scratch gateway will know them: what of an agent policy can look at. */
export interface Likeness {
  readonly name: string;
  readonly groups: readonly string[];
}

const FIRST_CONTACT = 20_001;
const FIRST_DEAL = 40_001;
/** Records of the simulator's demo account. */
const CONTACTS = 170;
const DEALS = 38;

const contact = (turn: number): string => String(FIRST_CONTACT + (turn % CONTACTS));
const deal = (turn: number): string => String(FIRST_DEAL + (turn % DEALS));

/** Writes that hold a text of our own, each time on another record. The simplest first. */
export const WRITES: readonly ((text: string, turn: number) => Action)[] = [
  (text, turn) => ({ action: 'create_note', contact_id: contact(turn), note: text }),
  (text, turn) => ({
    action: 'create_task',
    contact_id: contact(turn),
    subject: text,
    due: '2031-01-06T09:00:00Z',
  }),
  (text) => ({ action: 'create_contact', email: `${text}@prove.test` }),
  (text, turn) => ({ action: 'update_contact', contact_id: contact(turn), jobtitle: text }),
  (text, turn) => ({ action: 'update_contact', contact_id: contact(turn), lastname: text }),
  (text, turn) => ({ action: 'update_deal', deal_id: deal(turn), dealname: text }),
];

/** Reads of the simulator's demo account. */
export const READS: readonly Action[] = [
  { action: 'search_contact', company: 'Acme Corp' },
  { action: 'search_contact', name: 'Fox' },
  { action: 'get_contact', contact_id: contact(0) },
  { action: 'search_company', name: 'Acme Corp' },
  { action: 'search_deal', name: 'Acme' },
  { action: 'get_deal', deal_id: deal(0) },
  { action: 'list_interactions', contact_id: contact(0) },
];

export function touchesOf(action: Action): Touches | undefined {
  const definition = findAction(action.action);
  const input = definition?.input.safeParse(action);
  return input?.success === true ? definition?.touches(input.data) : undefined;
}

export function queryFor(
  agent: Likeness,
  action: Action,
  connection: string,
  injectionRisk = 0,
): PolicyQuery | undefined {
  const touches = touchesOf(action);
  if (touches === undefined) return undefined;
  return {
    agent: { id: 'agt_prove00000000000', ...agent },
    connection,
    action: action.action,
    fields: touches.needs,
    ...(touches.amount === undefined ? {} : { amount: touches.amount }),
    injectionRisk,
    requester: null,
    approvers: [],
  };
}

/** What the user's policy asks for before this agent may do this; `undefined` when it never may. */
export function requirementOf(
  policy: Policy,
  agent: Likeness,
  action: Action,
  connection: string,
  injectionRisk = 0,
): Requirement | undefined {
  const query = queryFor(agent, action, connection, injectionRisk);
  if (query === undefined) return undefined;
  const answers = touchesOf(action)?.answers ?? [];
  const granted = grantedFields(policy, query, answers);
  if (answers.length > 0 && granted.length === 0) return undefined;
  return requirementFor(policy, { ...query, fields: [...query.fields, ...granted] });
}

/** Group names that the policy text speaks of. */
const groupsIn = (policyText: string): readonly string[] =>
  [...policyText.matchAll(/AgentGroup::"([^"\\]+)"/g)].map(([, name = '']) => name);

const LIKENESSES_MAX = 12;

/** Whom scratch agents can be like: the user's own agents by name and groups, then every group of the policy. */
export function likenesses(agents: readonly Likeness[], policyText: string): readonly Likeness[] {
  const all = [
    ...agents,
    ...groupsIn(policyText).map((group) => ({ name: `prove-${group}`, groups: [group] })),
  ];
  const known = new Map(all.map((each) => [JSON.stringify([each.name, each.groups]), each]));
  return [...known.values()].slice(0, LIKENESSES_MAX);
}

/** An agent that the policy lets write with somebody's approval, and how it writes. */
export interface Writer {
  readonly likeness: Likeness;
  readonly write: (text: string, turn: number) => Action;
  readonly requirement: Requirement;
}

/** The first that people decide on with a key alone: nobody can show a passkey here. */
export function findWriter(
  policy: Policy,
  agents: readonly Likeness[],
  connection: string,
  writes = WRITES,
): Writer | undefined {
  for (const write of writes) {
    for (const likeness of agents) {
      const requirement = requirementOf(policy, likeness, write('prove', 0), connection);
      if (requirement !== undefined && requirement.approvals > 0 && !requirement.passkey)
        return { likeness, write, requirement };
    }
  }
  return undefined;
}

export interface Reader {
  readonly likeness: Likeness;
  readonly read: Action;
}

export function findReader(
  policy: Policy,
  agents: readonly Likeness[],
  connection: string,
): Reader | undefined {
  for (const read of READS) {
    for (const likeness of agents) {
      if (requirementOf(policy, likeness, read, connection)?.approvals === 0)
        return { likeness, read };
    }
  }
  return undefined;
}
