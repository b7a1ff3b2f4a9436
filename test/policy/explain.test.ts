import { describe, expect, it } from 'vitest';
import { explainPolicy } from '../../src/policy/explain-text.ts';
import { explainAgent } from '../../src/policy/explain.ts';
import { policyOf, SMALL_ACTIONS } from './support.ts';

const policy = policyOf(`
  permit (principal in AgentGroup::"sales", action == Action::"find_person", resource)
  when { ["firstname", "email"].containsAll(context.fields) };
  permit (principal in AgentGroup::"sales", action in [Action::"write"], resource)
  when { Role::"lead".approvals >= 1 };
  forbid (principal, action == Action::"change_deal", resource)
  when { context has amount && context.amount >= 500 && Role::"lead".approvals < 2 };
  forbid (principal, action, resource)
  when { context has amount && context.amount > 9000 };
  permit (principal in AgentGroup::"sales", action in [Action::"destructive"], resource)
  when { context.passkeyApprovals >= 2 };`);

const sales = { id: 'agt_sales', name: 'sales helper', groups: ['sales'] };
const stray = { id: 'agt_stray', name: 'stray', groups: [] };
const people = [
  { id: 'per_a', name: 'Dana Fox', roles: ['lead'] },
  { id: 'per_b', name: 'Ben Li', roles: [] },
];

describe('what a policy means, in plain words', () => {
  it('is a table per agent, and who can approve', () => {
    expect(explainPolicy(policy, SMALL_ACTIONS, [sales, stray], { people })).toBe(
      `Policy ${policy.digest.slice(0, 12)}

sales helper (agt_sales), in sales
  find_person   allowed                    firstname, email
                denied                     phone
  add_note      1 approval by lead         note
  change_deal   1 approval by lead         stage, amount
                2 approvals by lead        with an amount above 499
                denied                     with an amount above 9,000
  erase_person  2 approvals, with passkey  email

stray (agt_stray), in no group
  may do nothing

Who can approve
  1 approval by lead           Dana Fox
  2 approvals by lead          Dana Fox (too few: such requests expire)
  2 approvals, with passkey    Dana Fox, Ben Li
`,
    );
  });

  it('wraps long lists of fields within 100 columns', () => {
    const fields = Array.from({ length: 40 }, (_, index) => `field_number_${index}`);
    const action = { ...SMALL_ACTIONS[0]!, fields };
    const open = policyOf('permit (principal, action, resource);');
    const lines = explainPolicy(open, [action], [sales]).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
    expect(lines.join(' ').match(/field_number_\d+/g)).toEqual(fields);
  });

  it('asks about the connection it is told', () => {
    const other = policyOf('permit (principal, action, resource == Connection::"second");');
    const needsOn = (connection: string): (number | undefined)[] =>
      explainAgent(other, SMALL_ACTIONS, sales, { connection }).map(
        ({ needs }) => needs?.approvals,
      );
    expect(needsOn('main')).toEqual([undefined, undefined, undefined, undefined]);
    expect(needsOn('second')).toEqual([0, 0, 0, 0]);
  });

  it('finds a rule that rests on the prompt', () => {
    const wary = policyOf(`permit (principal, action, resource)
      when { context.injectionRisk < 30 || context.approvals >= 1 };`);
    const [grant] = explainAgent(wary, SMALL_ACTIONS, sales);
    expect(grant?.needs?.approvals).toBe(0);
    expect(grant?.changes).toMatchObject([
      { of: 'injectionRisk', from: 30, needs: { approvals: 1 } },
    ]);
  });
});
