import { describe, expect, it } from 'vitest';
import { satisfied } from '../../src/policy/requirement.ts';
import { askFor, person, policyOf } from './support.ts';

const TWO_LEADS = policyOf(
  'permit (principal, action, resource) when { Role::"lead".approvals >= 2 };',
);
const lead = (id: string): ReturnType<typeof person> => person(id, ['lead']);
const note = askFor('add_note', ['note']);

describe('who and what a policy allows', () => {
  const policy = policyOf(`
    permit (principal in AgentGroup::"sales", action in [Action::"read"], resource)
    when { ["firstname", "email"].containsAll(context.fields) };
    permit (principal, action == Action::"add_note", resource == Connection::"main")
    when { principal.name == "night watch" };`);
  const agent = { id: 'agt_night00000', name: 'night watch', groups: [] };

  it.each([
    ['a granted field', askFor('find_person', ['email']), true],
    ['all granted fields', askFor('find_person', ['email', 'firstname']), true],
    ['a field beside the granted ones', askFor('find_person', ['email', 'phone']), false],
    ['no field at all', askFor('find_person', []), false],
    ['an action of another risk', askFor('erase_person', ['email']), false],
    ['an action that does not exist', askFor('drop_table', ['email']), false],
    ['another group', askFor('find_person', ['email'], { agent }), false],
    ['an agent by its name', askFor('add_note', ['note'], { agent }), true],
    ['another connection', askFor('add_note', ['note'], { agent, connection: 'b' }), false],
    [
      'an agent in the same group twice',
      askFor('find_person', ['email'], { agent: { ...agent, groups: ['sales', 'sales'] } }),
      true,
    ],
  ])('%s', (_what, query, allowed) => {
    expect(policy.decide(query).allowed).toBe(allowed);
  });
});

describe('a question with further steps', () => {
  const policy = policyOf(`
    @id("notes") permit (principal, action == Action::"add_note", resource)
    when { Role::"lead".approvals >= 1 };
    @id("reads") permit (principal, action in [Action::"read"], resource);`);
  const approvers = [lead('a')];
  const read = { action: 'find_person', fields: ['email'] };

  it('is allowed when every step is, with the reasons of all', () => {
    expect(policy.decide({ ...note, approvers, also: [read] })).toEqual({
      allowed: true,
      reasons: ['notes', 'reads'],
    });
  });

  it('is denied when one step is, be it the last one', () => {
    const erase = { action: 'erase_person', fields: ['email'] };
    expect(policy.decide({ ...note, approvers, also: [read, erase] }).allowed).toBe(false);
    expect(policy.decide({ ...note, approvers: [], also: [read] }).allowed).toBe(false);
    expect(policy.decide({ ...note, approvers, also: [{ ...read, fields: [] }] }).allowed).toBe(
      false,
    );
  });
});

describe('approvals', () => {
  it('are counted by person: the same one twice is one', () => {
    expect(satisfied(TWO_LEADS, { ...note, approvers: [lead('a'), lead('a')] })).toBe(false);
    expect(satisfied(TWO_LEADS, { ...note, approvers: [lead('a'), lead('b')] })).toBe(true);
  });

  it('are not multiplied by naming a role twice', () => {
    const approvers = [person('a', ['lead', 'lead'])];
    expect(satisfied(TWO_LEADS, { ...note, approvers })).toBe(false);
  });

  it('count no more when the role was taken away', () => {
    const approvers = [lead('a'), person('b')];
    expect(satisfied(TWO_LEADS, { ...note, approvers })).toBe(false);
  });

  it('never include the requester, not even where the text permits self-approval', () => {
    const policy = policyOf(`
      permit (principal, action, resource)
      when { context has requester && context.approvers.contains(context.requester) };
      permit (principal, action, resource) when { context.approvals >= 1 };
      permit (principal, action, resource) when { Role::"lead".approvals >= 1 };`);
    const own = { ...note, requester: 'per_a', approvers: [lead('a'), lead('a')] };
    expect(policy.decide(own).allowed).toBe(false);
    expect(satisfied(policy, { ...own, approvers: [lead('a'), lead('b')] })).toBe(true);
  });

  it('of the requester do not help others to a quorum', () => {
    const approvers = [lead('a'), lead('b')];
    expect(satisfied(TWO_LEADS, { ...note, requester: 'per_a', approvers })).toBe(false);
  });
});

describe('numbers that Cedar does not know', () => {
  const policy = policyOf(`
    permit (principal, action, resource);
    forbid (principal, action, resource) when { context has amount && context.amount > 100 };
    forbid (principal, action, resource) when { context.injectionRisk > 50 };`);
  const allowed = (more: { amount?: number; injectionRisk?: number }): boolean =>
    policy.decide({ ...askFor('change_deal', ['amount']), ...more }).allowed;

  it('are rounded up: a cent above the limit is above the limit', () => {
    expect(allowed({ amount: 100 })).toBe(true);
    expect(allowed({ amount: 100.01 })).toBe(false);
    expect(allowed({ injectionRisk: 50.5 })).toBe(false);
  });

  it.each([-101, 1e30, Number.MAX_VALUE, Infinity, -Infinity, NaN])(
    'cannot slip under a limit: %d',
    (amount) => {
      expect(allowed({ amount })).toBe(false);
      expect(allowed({ injectionRisk: amount })).toBe(false);
    },
  );

  it('deny when a forbid cannot be evaluated, although Cedar would skip it', () => {
    const overflowing = policyOf(`
      permit (principal, action, resource);
      @id("sum") forbid (principal, action, resource)
      when { context has amount && context.amount * 9000000000 > 1 };`);
    const query = askFor('change_deal', ['amount'], { amount: 9e15 });
    expect(overflowing.decide(query)).toEqual({
      allowed: false,
      reasons: ['sum (could not be evaluated)'],
    });
  });
});

it('the same question gets the same answer, in the time printed here', () => {
  const query = { ...note, approvers: [lead('a'), lead('b')] };
  const timesMs: number[] = [];
  for (let round = 0; round < 3000; round += 1) {
    const start = performance.now();
    const { allowed } = TWO_LEADS.decide(query);
    timesMs.push(performance.now() - start);
    expect(allowed).toBe(true);
  }
  timesMs.sort((one, other) => one - other);
  const [p50 = 0, p99 = 0] = [timesMs[1500], timesMs[2970]];
  console.log(`decide: p50 ${p50.toFixed(3)} ms, p99 ${p99.toFixed(3)} ms`);
});
