import { describe, expect, it } from 'vitest';
import { RequirementSchema } from '../../src/contracts/card.ts';
import { grantedFields, mayDecide, requirementFor } from '../../src/policy/requirement.ts';
import { askFor, person, policyOf } from './support.ts';

const QUORUMS = policyOf(`
  @id("read") permit (principal, action in [Action::"read"], resource);
  @id("one-lead") @reason("Writes need a lead.")
  permit (principal, action in [Action::"write"], resource) when { Role::"lead".approvals >= 1 };
  @id("large") @reason("Deals over 500 need two leads.")
  forbid (principal, action, resource)
  when { context has amount && context.amount > 500 && Role::"lead".approvals < 2 };
  @id("erase") @reason("Erasing needs three with passkeys.")
  permit (principal, action in [Action::"destructive"], resource)
  when { context.passkeyApprovals >= 3 };`);

const note = askFor('add_note', ['note']);
const largeDeal = askFor('change_deal', ['amount'], { amount: 500.5 });

describe('what a request requires', () => {
  it.each([
    [
      'a read: nobody',
      askFor('find_person', ['email']),
      { approvals: 0, passkey: false, roles: [], reasons: ['read'] },
    ],
    [
      'a write: one lead',
      note,
      { approvals: 1, passkey: false, roles: ['lead'], reasons: ['Writes need a lead.'] },
    ],
    [
      'a large deal: two leads, and the rule that one was not enough for',
      largeDeal,
      {
        approvals: 2,
        passkey: false,
        roles: ['lead'],
        reasons: ['Deals over 500 need two leads.', 'Writes need a lead.'],
      },
    ],
    [
      'a destructive action: three people with passkeys, in whatever role',
      askFor('erase_person', ['email']),
      { approvals: 3, passkey: true, roles: [], reasons: ['Erasing needs three with passkeys.'] },
    ],
  ])('%s', (_what, query, requirement) => {
    expect(RequirementSchema.parse(requirementFor(QUORUMS, query))).toEqual(requirement);
  });

  it('does not depend on who has approved so far', () => {
    const approvers = [person('a', ['lead'])];
    expect(requirementFor(QUORUMS, { ...note, approvers })?.approvals).toBe(1);
  });

  it('is a denial when nobody can make it allowed, or only more people than there may be', () => {
    const four = policyOf('permit (principal, action, resource) when { context.approvals >= 4 };');
    expect(requirementFor(four, note)).toBeUndefined();
    expect(requirementFor(policyOf(''), note)).toBeUndefined();
  });

  it('names each role that is enough alone', () => {
    const policy = policyOf(`
      permit (principal, action, resource) when { Role::"lead".approvals >= 1 };
      permit (principal, action, resource) when { Role::"boss".approvals >= 1 };
      permit (principal, action == Action::"erase_person", resource)
      when { Role::"auditor".approvals >= 3 };`);
    expect(requirementFor(policy, note)?.roles).toEqual(['boss', 'lead']);
  });

  it('names the roles that are needed together, and only those', () => {
    const policy = policyOf(`
      permit (principal, action == Action::"add_note", resource)
      when { Role::"sales".approvals >= 1 && Role::"finance".approvals >= 1 };
      permit (principal, action == Action::"erase_person", resource)
      when { Role::"auditor".approvals >= 1 };`);
    expect(requirementFor(policy, note)?.roles).toEqual(['finance', 'sales']);
  });

  it('is found although the text forbids approval by one of its roles', () => {
    const policy = policyOf(`
      permit (principal, action, resource) when { Role::"lead".approvals >= 1 };
      forbid (principal, action, resource) when { Role::"trainee".approvals >= 1 };`);
    expect(requirementFor(policy, note)).toMatchObject({ approvals: 1, roles: ['lead'] });
  });
});

describe('the fields of an answer', () => {
  const policy = policyOf(`
    permit (principal, action == Action::"find_person", resource)
    when { ["firstname", "email"].containsAll(context.fields) };
    permit (principal, action == Action::"find_person", resource)
    when { ["phone"].containsAll(context.fields) };`);
  const find = askFor('find_person', []);

  it('are those that are granted, in their order', () => {
    expect(grantedFields(policy, find, ['email', 'firstname'])).toEqual(['email', 'firstname']);
    expect(grantedFields(QUORUMS, find, ['phone'])).toEqual(['phone']);
    expect(grantedFields(policy, find, [])).toEqual([]);
  });

  it('are granted together: two rules for a part each do not add up', () => {
    const granted = grantedFields(policy, find, ['phone', 'email', 'firstname']);
    expect(granted).toEqual(['phone']);
  });

  it('are granted beside the fields that the request needs', () => {
    const byEmail = { ...find, fields: ['email'] };
    expect(grantedFields(policy, byEmail, ['phone', 'firstname'])).toEqual(['firstname']);
  });

  it('are none where reading takes an approval that nobody gave', () => {
    const guarded = policyOf(
      'permit (principal, action, resource) when { context.approvals > 0 };',
    );
    expect(grantedFields(guarded, find, ['email'])).toEqual([]);
  });
});

describe('who may decide', () => {
  const lead = person('a', ['lead']);
  const other = person('b', ['lead']);
  const clerk = person('c');

  it('is whoever holds the role', () => {
    expect(mayDecide(QUORUMS, note, lead, [])).toBe(true);
    expect(mayDecide(QUORUMS, note, clerk, [])).toBe(false);
  });

  it('is not the requester, whatever the text says', () => {
    const anyone = policyOf(
      'permit (principal, action, resource) when { context.approvals >= 1 };',
    );
    expect(mayDecide(anyone, { ...note, requester: clerk.id }, clerk, [])).toBe(false);
    expect(mayDecide(anyone, { ...note, requester: lead.id }, clerk, [])).toBe(true);
  });

  it('is also the first of two, and the second only in the role', () => {
    expect(mayDecide(QUORUMS, largeDeal, lead, [])).toBe(true);
    expect(mayDecide(QUORUMS, largeDeal, other, [lead])).toBe(true);
    expect(mayDecide(QUORUMS, largeDeal, clerk, [lead])).toBe(false);
  });

  it('is anyone for the second place where only one of two must hold the role', () => {
    const policy = policyOf(`permit (principal, action, resource)
      when { context.approvals >= 2 && context.approverRoles.contains(Role::"lead") };`);
    expect(mayDecide(policy, note, clerk, [])).toBe(true);
    expect(mayDecide(policy, note, clerk, [lead])).toBe(true);
  });

  it('is each of two different roles that are needed together', () => {
    const policy = policyOf(`permit (principal, action, resource)
      when { Role::"sales".approvals >= 1 && Role::"finance".approvals >= 1 };`);
    expect(mayDecide(policy, note, person('s', ['sales']), [])).toBe(true);
    expect(mayDecide(policy, note, person('f', ['finance']), [person('s', ['sales'])])).toBe(true);
    expect(mayDecide(policy, note, person('t', ['sales']), [person('s', ['sales'])])).toBe(false);
  });

  it('is someone with a passkey where passkeys are asked for', () => {
    const erase = askFor('erase_person', ['email']);
    expect(mayDecide(QUORUMS, erase, person('k', [], true), [])).toBe(true);
    expect(mayDecide(QUORUMS, erase, person('k'), [])).toBe(false);
  });

  it('is nobody whose approval would make a no of it, or who changes nothing', () => {
    const policy = policyOf(`
      permit (principal, action, resource) when { context.approvals >= 1 };
      forbid (principal, action, resource) when { Role::"trainee".approvals >= 1 };`);
    expect(mayDecide(policy, note, person('t', ['trainee']), [])).toBe(false);
    expect(mayDecide(QUORUMS, askFor('find_person', ['email']), lead, [])).toBe(false);
  });

  it('stays the same for someone who has approved, and when there are enough without them', () => {
    expect(mayDecide(QUORUMS, note, lead, [lead])).toBe(true);
    expect(mayDecide(QUORUMS, note, other, [lead])).toBe(true);
    expect(mayDecide(QUORUMS, note, clerk, [lead])).toBe(false);
  });
});
