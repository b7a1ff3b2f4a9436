import { z } from 'zod';
import { type ActionDefinition, defineAction } from '../../src/actions/define-action.ts';
import type { Risk } from '../../src/core/records.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Approver, Policy, PolicyQuery } from '../../src/policy/policy.ts';

/** An action of which only what policy reads is real. */
export function smallAction(name: string, risk: Risk, fields: readonly string[]): ActionDefinition {
  const never = (): never => {
    throw new Error('policy has no business planning');
  };
  return defineAction({
    name,
    risk,
    summary: name,
    scopes: [],
    input: z.strictObject({ action: z.literal(name) }),
    fields,
    touches: never,
    toPlan: never,
    toResult: never,
  });
}

export const SMALL_ACTIONS: readonly ActionDefinition[] = [
  smallAction('find_person', 'read', ['firstname', 'email', 'phone']),
  smallAction('add_note', 'write', ['note']),
  smallAction('change_deal', 'write', ['stage', 'amount']),
  smallAction('erase_person', 'destructive', ['email']),
];

export const policyOf = (text: string, actions = SMALL_ACTIONS): Policy =>
  loadPolicy({ text, file: 'policy/test.cedar', actions });

export const askFor = (
  action: string,
  fields: readonly string[],
  more: Partial<PolicyQuery> = {},
): PolicyQuery => ({
  agent: { id: 'agt_sales00000', name: 'sales helper', groups: ['sales'] },
  connection: 'main',
  action,
  fields,
  injectionRisk: 0,
  requester: null,
  approvers: [],
  ...more,
});

export const person = (id: string, roles: readonly string[] = [], passkey = false): Approver => ({
  id: `per_${id}`,
  roles,
  passkey,
});
