import { ACTIONS, OWN_ACTIONS } from '../actions/catalogue.ts';
import type { ActionDefinition } from '../actions/define-action.ts';
import type { AgentRecord, Submission } from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';

/** Shorter than any id that a key can name (`gate/keys.ts`), so nobody can ever come as this agent. */
export const OWN_AGENT_ID = 'agt_sa11yp0rt0';

/** The gateway as an agent: what it takes back waits for people, and is logged, like any other write. */
const OWN_AGENT = {
  id: OWN_AGENT_ID,
  name: 'sallyport',
  groups: ['sallyport'],
  /** The hash of no key. */
  keyHash: '',
} as const;

export const isOwnAgent = (agentId: string): boolean => agentId === OWN_AGENT_ID;

/** Makes it where it is not there yet, with its log entry. Safe to repeat. */
export async function ensureOwnAgent(tx: StoreTransaction): Promise<AgentRecord> {
  const known = await tx.agents.get(OWN_AGENT_ID);
  if (known !== undefined) return known;
  const record: AgentRecord = { ...OWN_AGENT, createdAt: tx.now, revokedAt: null };
  await tx.agents.insert(record);
  await tx.log.append({
    event: 'agent.added',
    agentId: record.id,
    actor: 'gateway',
    facts: { name: record.name, groups: record.groups },
  });
  return record;
}

const isOwnAction = (name: string): boolean => OWN_ACTIONS.some((action) => action.name === name);

/** Whatever policy says: its own actions are its alone, and it has no others. */
export const mayAsk = (agentId: string, action: string): boolean =>
  isOwnAgent(agentId) === isOwnAction(action);

/** What there is for an agent to ask for, one by one. */
export const actionsFor = ({ id }: Pick<AgentRecord, 'id'>): readonly ActionDefinition[] =>
  isOwnAgent(id) ? OWN_ACTIONS : ACTIONS;

/**
 * The words that may try to mislead somebody. Of the gateway's own requests they are what a person gave
 * as the reason; the values stood in HubSpot, and are set back whatever they say.
 */
export const wordsOf = (agentId: string, submission: Submission): Submission =>
  isOwnAgent(agentId)
    ? { ...submission, action: { action: submission.action.action } }
    : submission;

/** What to do where policy does not know it. */
export const NO_RULE_FOR_OWN =
  'policy has no rule for taking back: add the rule taking-back-needs-one-approver (docs/operations.md, "Taking writes back")';
