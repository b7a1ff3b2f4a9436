import type { ActionDefinition } from '../actions/define-action.ts';
import type { Risk } from '../core/records.ts';

const RISKS = ['read', 'write', 'destructive'] as const satisfies readonly Risk[];

/**
 * Who, what and where. A person has no parents on purpose: only the roles of those who approved are
 * known when policy is asked, so `context.requester in Role::"…"` would be false for ever, and a
 * `forbid` resting on it would never fire. Roles carry the count instead, which makes "two approvals,
 * each by an approver" one comparison.
 */
const ENTITIES = `// Generated from the action catalogue; the text of a policy is checked against it at start.
entity AgentGroup;
entity Agent in [AgentGroup] = {
  // As given with \`sallyport agent add\`.
  name: String,
};
entity Person;
entity Role = {
  // Approvals by people who hold this role, and how many of them came with a passkey.
  approvals: Long,
  passkeyApprovals: Long,
};
entity Connection;

type Request = {
  // The fields that the request reads or writes, in the action's own words.
  fields: Set<String>,
  // Distinct people who approved, never the requester, and how many of them did so with a passkey.
  approvals: Long,
  passkeyApprovals: Long,
  approvers: Set<Person>,
  approverRoles: Set<Role>,
  // The person on whose behalf the agent acts, when we know that person.
  requester?: Person,
  // Whether the requester's own approval is among the approvers, by the gateway's dial for firms of one person.
  selfApproval: Bool,
  // How much the prompt reads like an injection; 0 is not at all.
  injectionRisk: Long,
  // Money at stake in whole units of the account's currency, rounded up.
  amount?: Long,
};
`;

const declaration = ({ name, risk }: ActionDefinition): string =>
  `action ${JSON.stringify(name)} in [${JSON.stringify(risk)}] appliesTo {
  principal: [Agent], resource: [Connection], context: Request,
};`;

/** Groups first: only risks that occur, so that a rule about none of our actions is found at start. */
function groups(actions: readonly ActionDefinition[]): string {
  const used = RISKS.filter((risk) => actions.some((action) => action.risk === risk));
  return used.map((risk) => `action ${JSON.stringify(risk)};`).join('\n');
}

/**
 * The Cedar schema (https://docs.cedarpolicy.com/schema/human-readable-schema.html) of a catalogue:
 * each action belongs to the group of its risk, and "destructive" is no part of "write", so that a
 * grant of writes never grants more.
 */
export function cedarSchema(actions: readonly ActionDefinition[]): string {
  return [ENTITIES, groups(actions), ...actions.map(declaration), ''].join('\n');
}
