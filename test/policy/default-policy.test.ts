import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { POLICY_ACTIONS } from '../../src/actions/catalogue.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { PolicyQuery } from '../../src/policy/policy.ts';
import { grantedFields, requirementFor, satisfied } from '../../src/policy/requirement.ts';
import { askFor, person } from './support.ts';

const file = 'policy/default.cedar';
const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const policy = loadPolicy({ text, file, actions: POLICY_ACTIONS });

/** What the default is meant to be, as a table: written apart from the Cedar text and read without Cedar. */
const READABLE: Record<string, Record<string, readonly string[]>> = {
  assistants: {
    search_contact: ['firstname', 'lastname', 'email', 'last_contacted', 'company'],
    get_contact: [
      ...['firstname', 'lastname', 'email', 'last_contacted', 'company'],
      ...['jobtitle', 'lifecyclestage'],
    ],
    search_company: ['name', 'domain', 'last_contacted'],
    get_company: [
      ...['name', 'domain', 'city', 'country', 'industry', 'lifecyclestage', 'last_contacted'],
    ],
    search_deal: ['dealname', 'amount', 'dealstage', 'closedate'],
    get_deal: ['dealname', 'amount', 'dealstage', 'pipeline', 'closedate', 'last_contacted'],
    search_ticket: ['subject', 'stage', 'pipeline', 'priority', 'last_contacted'],
    list_interactions: ['at', 'subject', 'direction'],
  },
  readers: {
    search_contact: ['firstname', 'lastname'],
    get_contact: ['firstname', 'lastname'],
    search_company: ['name'],
    get_company: ['name'],
  },
};

const mayRead = ({ agent, action, fields }: PolicyQuery): boolean =>
  agent.groups.some((group) => {
    const readable = READABLE[group]?.[action];
    return readable !== undefined && fields.every((field) => readable.includes(field));
  });

function mayWrite({
  agent,
  action,
  amount = 0,
  injectionRisk,
  requester,
  approvers,
}: PolicyQuery): boolean {
  const approving = new Set<string>();
  const seen = new Set<string>();
  for (const { id, roles } of approvers) {
    if (id !== requester && !seen.has(id) && roles.includes('approver')) approving.add(id);
    seen.add(id);
  }
  const needed = amount > 10_000 || injectionRisk >= 50 ? 2 : 1;
  const group = action === 'take_back' ? 'sallyport' : 'assistants';
  return agent.groups.includes(group) && approving.size >= needed;
}

function naiveAnswer(query: PolicyQuery): boolean {
  const action = POLICY_ACTIONS.find(({ name }) => name === query.action);
  return action?.risk === 'read' ? mayRead(query) : mayWrite(query);
}

const approver = fc.record({
  id: fc.constantFrom('per_a', 'per_b', 'per_c'),
  roles: fc.subarray(['approver', 'operator']),
  passkey: fc.boolean(),
});

/** One action with some of its own fields, by some agent, with some people behind it. */
const query = fc.constantFrom(...POLICY_ACTIONS).chain((action) =>
  fc.record({
    agent: fc.record({
      id: fc.constantFrom('agt_one', 'agt_two'),
      name: fc.string(),
      groups: fc.subarray(['assistants', 'readers', 'sallyport', 'others']),
    }),
    connection: fc.constantFrom('main', 'second'),
    action: fc.constant(action.name),
    fields: fc.subarray([...action.fields], { minLength: 1 }),
    amount: fc.constantFrom(0, 1, 9_999.99, 10_000, 10_000.01, 10_001, 1e12),
    injectionRisk: fc.constantFrom(0, 49, 50, 100),
    requester: fc.constantFrom(null, 'per_a', 'per_z'),
    approvers: fc.array(approver, { maxLength: 4 }),
  }),
);

describe('the default policy', () => {
  it('answers as the table does, for every agent group, action and field alone', () => {
    for (const groups of [
      ['assistants'],
      ['readers'],
      ['assistants', 'readers'],
      ['sallyport'],
      ['others'],
      [],
    ]) {
      for (const { name, fields } of POLICY_ACTIONS) {
        for (const field of fields) {
          const agent = { id: 'agt_one', name: 'one', groups };
          const approvers = [person('a', ['approver'])];
          for (const one of [
            askFor(name, [field], { agent }),
            askFor(name, [field], { agent, approvers }),
          ]) {
            expect([one, policy.decide(one).allowed]).toEqual([one, naiveAnswer(one)]);
          }
        }
      }
    }
  });

  it('answers as the table does, for anything that can be asked', () => {
    fc.assert(
      fc.property(query, (one) => {
        expect(policy.decide(one).allowed).toBe(naiveAnswer(one));
      }),
      { numRuns: 2000 },
    );
  });

  it('requires as many approvals as really satisfy it, never one less', () => {
    fc.assert(
      fc.property(query, (one) => {
        const needed = requirementFor(policy, one)?.approvals;
        const crowd = (size: number) =>
          Array.from({ length: size }, (_, index) => person(`real${index}`, ['approver']));
        const enough = [0, 1, 2, 3].find((size) =>
          satisfied(policy, { ...one, approvers: crowd(size) }),
        );
        expect(needed).toBe(enough);
      }),
      { numRuns: 300 },
    );
  });

  it('grants together exactly the fields it grants alone', () => {
    fc.assert(
      fc.property(query, (one) => {
        const asked = { ...one, fields: [], approvers: [] };
        const alone = one.fields.filter((field) => naiveAnswer({ ...asked, fields: [field] }));
        const groups = one.agent.groups.filter((group) => group in READABLE);
        fc.pre(groups.length < 2);
        expect(grantedFields(policy, asked, one.fields)).toEqual(alone);
      }),
      { numRuns: 300 },
    );
  });

  it('gives every rule an id and a reason for the people who read the card', () => {
    const rules = text.match(/^(?:permit|forbid) /gm)?.length;
    expect(
      text.match(/^@id\("[a-z-]+"\)\n@reason\("[^"]+\."\)\n(?:permit|forbid) /gm),
    ).toHaveLength(rules ?? 0);
    expect(rules).toBeGreaterThan(5);
  });
});
