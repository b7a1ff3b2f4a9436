import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../src/core/gateway-error.ts';
import { NO_POLICY } from '../../src/policy/no-policy.ts';
import { askFor, policyOf } from './support.ts';

/** The lines with which a text stops the start. */
function problemsOf(text: string): string[] {
  try {
    policyOf(text);
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'config.invalid')
      return error.detail?.split('\n') ?? [];
    throw error;
  }
  return [];
}

describe('loading a policy', () => {
  it('is named by the SHA-256 of its text', () => {
    const text = 'permit (principal, action, resource);';
    expect(policyOf(text).digest).toBe(createHash('sha256').update(text).digest('hex'));
  });

  it('knows the roles, amounts and risks that the text names, and whether it speaks of passkeys', () => {
    const policy = policyOf(`
      permit (principal, action, resource) when { Role::"lead".passkeyApprovals >= 1 };
      forbid (principal, action, resource)
      unless { context.approverRoles.contains(Role::"boss") || context.injectionRisk < 40 };
      forbid (principal, action, resource) when { context has amount && 500 < context.amount };`);
    expect(policy).toMatchObject({
      roles: ['boss', 'lead'],
      mentionsPasskeys: true,
      amounts: [500],
      injectionRisks: [40],
    });
  });

  it('denies everything when the text is empty', () => {
    const answer = policyOf('').decide(askFor('find_person', ['email']));
    expect(answer).toEqual({ allowed: false, reasons: [] });
  });

  it('says of an empty text what is known of it without Cedar', () => {
    const { decide, ...read } = policyOf('');
    const { decide: known, ...named } = NO_POLICY;
    expect(named).toEqual(read);
    for (const query of [askFor('find_person', ['email']), askFor('find_person', [])])
      expect(known(query)).toEqual(decide(query));
  });

  it('gives reasons in the words of @reason, else of @id, else by position', () => {
    const rules = ['@id("a") @reason("Because.") ', '@id("b") ', ''];
    const text = rules.map((notes) => `${notes}permit (principal, action, resource);`).join('\n');
    expect(policyOf(text).decide(askFor('add_note', ['note'])).reasons).toEqual([
      'Because.',
      'b',
      'rule 3',
    ]);
  });

  it('keeps each reason with its own policy beyond the tenth', () => {
    const groups = Array.from({ length: 23 }, (_, index) => `g${index}`);
    const policy = policyOf(
      groups
        .map(
          (group) =>
            `@id("for-${group}") permit (principal in AgentGroup::"${group}", action, resource);`,
        )
        .join('\n'),
    );
    for (const group of groups) {
      const agent = { id: 'agt_x', name: 'x', groups: [group] };
      expect(policy.decide(askFor('add_note', ['note'], { agent })).reasons).toEqual([
        `for-${group}`,
      ]);
    }
  });
});

describe('a policy text with a mistake', () => {
  it('stops the start with file, line, column and what was meant', () => {
    const text = [
      '// Größe 😀: what stands before must not move the place',
      '@id("big")',
      'forbid (principal, action, resource)',
      'when { context has amount && context.amout > 5 };',
    ].join('\n');
    expect(problemsOf(text)).toEqual([
      'policy/test.cedar:4:30: big: attribute `amout` in context not found; did you mean `amount`?',
    ]);
  });

  it('names the place of a syntax error', () => {
    expect(problemsOf('permit (principal, action, resource)\nwhen { foo bar };')).toEqual([
      expect.stringMatching(/^policy\/test\.cedar:2:12: unexpected token `bar`; expected /),
    ]);
  });

  it.each([
    [
      'an unknown action',
      'permit (principal, action == Action::"add_nte", resource);',
      '1:30',
      'did you mean',
    ],
    [
      'an optional value used without asking for it',
      'permit (principal, action, resource) when { context.amount < 5 };',
      '1:45',
      'context has amount',
    ],
    [
      'a rule that can never apply',
      'forbid (principal, action, resource) when { 1 == 2 };',
      '1:1',
      'impossible',
    ],
    [
      'a field that no action has',
      'forbid (principal, action, resource) when { context.fields.contains("emial") };',
      '1:69',
      'no action has a field `emial`; did you mean `email`?',
    ],
    [
      'a field that no action has, in a set on the left',
      'permit (principal, action, resource)\nwhen { ["note", "phoen"].containsAll(context.fields) };',
      '2:17',
      'did you mean `phone`?',
    ],
    [
      'a person by name',
      'permit (principal, action, resource) when { context.approvers.contains(Person::"per_1") };',
      '1:72',
      'names roles, not people',
    ],
    [
      "the requester's roles, which are not known",
      `forbid (principal, action, resource) when
       { context.approvals > 9 || (context has requester && context.requester in Role::"x") };`,
      '2:61',
      'would never hold',
    ],
    ['a template', 'permit (principal == ?principal, action, resource);', '1:22', 'templates'],
    [
      'characters that turn the direction of the text',
      'permit (principal, action, resource) unless { principal.name == "a\u202eb" };',
      '1:65',
      'BIDI',
    ],
  ])('is refused for %s', (_mistake, text, place, words) => {
    const problems = problemsOf(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`policy/test.cedar:${place}: `);
    expect(problems[0]).toContain(words);
  });

  it('is not refused for what stands in a comment or an annotation', () => {
    const text = `// ["emial"].containsAll(context.fields) and Person::"x"
      @id("emial") @reason("emial, Person")
      permit (principal in AgentGroup::"emial", action, resource)
      when { ["email"].containsAll(context.fields) };`;
    expect(problemsOf(text)).toEqual([]);
  });

  it('is refused when two rules have one id, at the second', () => {
    const text = '@id("a") permit (principal, action, resource);\n'.repeat(2);
    expect(problemsOf(text)).toEqual(['policy/test.cedar:2:1: another policy has the id `a`']);
  });

  it('names all its mistakes at once', () => {
    const text = `
      permit (principal, action == Action::"add_nte", resource);
      permit (principal, action, resource) when { ["emial"].containsAll(context.fields) };
      permit (principal, action, resource) when { context.aprovals > 1 };`;
    expect(problemsOf(text)).toHaveLength(3);
  });
});
