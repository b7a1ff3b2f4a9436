import type { ActionDefinition } from '../actions/define-action.ts';
import { writeSeveral } from '../actions/write-several.ts';
import type { AgentRecord } from '../core/records.ts';
import type { Policy } from '../policy/policy.ts';
import { requirementFor } from '../policy/requirement.ts';

/** The actions of which this agent may do at least a part, with approval or without. */
export function grantedActions(
  policy: Policy,
  actions: readonly ActionDefinition[],
  of: { readonly agent: AgentRecord; readonly connection: string },
): ActionDefinition[] {
  const { id, name, groups } = of.agent;
  const isGranted = (action: string, field: string): boolean =>
    requirementFor(policy, {
      agent: { id, name, groups },
      connection: of.connection,
      action,
      fields: [field],
      ...(field === 'amount' ? { amount: 0 } : {}),
      injectionRisk: 0,
      requester: null,
      approvers: [],
    }) !== undefined;
  const granted = actions.filter(({ name: action, fields }) =>
    fields.some((field) => isGranted(action, field)),
  );
  const writes = granted.filter(({ risk }) => risk === 'write');
  return writes.length === 0 ? granted : [...granted, writeSeveral(writes)];
}
