import { POLICY_ACTIONS } from '../actions/catalogue.ts';
import { fieldLabel } from '../actions/field-labels.ts';
import type { GrantView } from '../contracts/roster-view.ts';
import type { AgentRecord } from '../core/records.ts';
import { explainAgent } from '../policy/explain.ts';
import type { Policy } from '../policy/policy.ts';
import { actionsFor } from './own-agent.ts';

const RISKS = new Map(POLICY_ACTIONS.map(({ name, risk }) => [name, risk]));

/** What this agent may do, by asking policy field by field; what is refused at any number is left out. */
export function grantsOfAgent(
  policy: Policy,
  of: { readonly agent: AgentRecord; readonly connection: string },
): GrantView[] {
  return explainAgent(policy, actionsFor(of.agent), of.agent, { connection: of.connection })
    .filter(({ needs, changes }) => needs !== undefined || changes.length > 0)
    .map(({ action, fields, needs, changes }) => ({
      action,
      risk: RISKS.get(action) ?? 'read',
      fields: [...fields],
      labels: fields.map((field) => fieldLabel(action, field)),
      needs: needs ?? null,
      changes: changes.map((change) => ({ ...change, needs: change.needs ?? null })),
    }));
}
