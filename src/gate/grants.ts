import { findAction } from '../actions/catalogue.ts';
import type { ActionDefinition } from '../actions/define-action.ts';
import { errorCodeOf, GatewayError } from '../core/gateway-error.ts';
import { GRANT_ENDS, type GrantEnd, type GrantRecord } from '../core/grants.ts';
import type { AgentRecord, PersonRecord } from '../core/records.ts';
import type { Policy } from '../policy/policy.ts';
import { mayDecide, requirementFor } from '../policy/requirement.ts';
import type { StoreReads, StoreTransaction } from '../ports/store.ts';
import { newId } from './ids.ts';
import { isOwnAgent } from './own-agent.ts';
import { approverOf } from './policy-query.ts';

export interface GrantToGive {
  readonly agentId: string;
  readonly action: string;
  readonly person: PersonRecord;
  /** How the person proved who they are. */
  readonly proof: 'key' | 'session';
  readonly hours: number;
  readonly maxUses: number;
  /** New requests go to this connection. */
  readonly connection: string;
  readonly policy: Policy;
}

const HOUR_MS = 3_600_000;

const refused = (detail: string): GatewayError => new GatewayError('grant.refused', { detail });

/** Whether there is any write of this kind that policy lets this person decide alone, without a passkey. */
function mayDecideSome(
  { policy, connection, person }: GrantToGive,
  { id, name, groups }: AgentRecord,
  action: ActionDefinition,
): boolean {
  return action.fields.some((field) => {
    const query = {
      agent: { id, name, groups },
      ...{ connection, action: action.name, fields: [field], injectionRisk: 0 },
      ...(field === 'amount' ? { amount: 0 } : {}),
      ...{ requester: null, approvers: [] },
    };
    const needs = requirementFor(policy, query);
    const isOrdinary = needs?.approvals === 1 && !needs.passkey;
    return isOrdinary && mayDecide(policy, query, approverOf(person, 'grant'), []);
  });
}

async function assertMayGive(tx: StoreTransaction, of: GrantToGive): Promise<void> {
  const action = findAction(of.action);
  const agent = await tx.agents.get(of.agentId);
  if (agent?.revokedAt !== null)
    throw new GatewayError('request.not_found', { detail: `no agent ${of.agentId}` });
  if (action?.risk !== 'write') throw refused('only ordinary writes can be allowed ahead');
  if (isOwnAgent(agent.id)) throw refused('what the gateway itself asks for is decided each time');
  const { connection } = of;
  const targets = [
    { kind: 'agent', id: agent.id },
    { kind: 'connection', id: connection },
  ] as const;
  if ((await tx.freezes.standing(targets)) !== undefined) throw new GatewayError('freeze.active');
  if (!mayDecideSome(of, agent, action))
    throw refused('policy does not let this person decide such a write alone, without a passkey');
  const isGiven = ({ agentId, action: name, personId }: GrantRecord): boolean =>
    agentId === of.agentId && name === of.action && personId === of.person.id;
  if ((await tx.grants.standing()).some(isGiven)) throw new GatewayError('grant.standing');
}

/**
 * Records that a person allows what this agent asks of this kind, for some hours and some uses. It is looked
 * at again with each request: nothing is approved by it that the person could not approve alone. Throws
 * `request.not_found`, `grant.refused`, `grant.standing`, `freeze.active`, `approval.not_eligible`.
 */
export async function giveGrant(tx: StoreTransaction, of: GrantToGive): Promise<GrantRecord> {
  // As they are now: since the door knew them they may have been revoked.
  const person = await tx.people.get(of.person.id);
  if (person?.revokedAt !== null) throw new GatewayError('approval.not_eligible');
  await assertMayGive(tx, { ...of, person });
  const grant = {
    ...{ id: newId('gra'), agentId: of.agentId, action: of.action, personId: person.id },
    ...{ createdAt: tx.now, endsAt: new Date(tx.now.getTime() + of.hours * HOUR_MS) },
    maxUses: of.maxUses,
  };
  await tx.grants.insert(grant);
  await tx.log.append({
    event: 'grant.given',
    agentId: grant.agentId,
    actor: `person:${person.id}`,
    facts: {
      ...{ grant: grant.id, action: grant.action, person: person.id, proof: of.proof },
      ...{ ends_at: grant.endsAt.toISOString(), max_uses: grant.maxUses },
    },
  });
  return { ...grant, uses: 0, endedAt: null, endedBy: null };
}

interface Ending {
  readonly cause: GrantEnd;
  readonly by: string;
}

async function end(tx: StoreTransaction, grant: GrantRecord, { cause, by }: Ending): Promise<void> {
  const { id, agentId, uses } = grant;
  await tx.grants.end(grant, cause);
  const facts = { grant: id, cause, uses };
  await tx.log.append({ event: 'grant.ended', agentId, actor: by, facts });
}

/** Ends those that stand, by the log: a row that was taken out for a while must not come back standing. */
export async function endGrants(
  tx: StoreTransaction,
  which: (grant: GrantRecord) => boolean,
  of: Ending,
): Promise<void> {
  for (const grant of await tx.grants.standing()) if (which(grant)) await end(tx, grant, of);
}

/**
 * The same beside what must not wait: a revocation, a freeze. Where the log has lost an order no grant is believed
 * and begin refuses everything, so nothing is lost by not ending them then.
 */
export async function endGrantsIfKnown(
  tx: StoreTransaction,
  which: (grant: GrantRecord) => boolean,
  of: Ending,
): Promise<void> {
  try {
    await endGrants(tx, which, of);
  } catch (error) {
    if (errorCodeOf(error) !== 'freeze.active') throw error;
  }
}

export const endGrantsOfAgent = (
  tx: StoreTransaction,
  agentId: string,
  of: Ending,
): Promise<void> => endGrants(tx, (grant) => grant.agentId === agentId, of);

/** False of one that has ended already, which stays as it is. Throws `request.not_found`. */
export async function endGrant(
  tx: StoreTransaction,
  of: { readonly id: string; readonly by: string },
): Promise<boolean> {
  const { id, by } = of;
  const standing = (await tx.grants.standing()).some((grant) => grant.id === id);
  if (!standing && (await tx.grants.get(id)) === undefined)
    throw new GatewayError('request.not_found', { detail: `no grant ${id}` });
  await endGrants(tx, (grant) => grant.id === id, { cause: 'hand', by });
  return standing;
}

/** Ends what is over by itself. */
export const endOverdueGrants = (tx: StoreTransaction): Promise<void> =>
  endGrants(tx, ({ endsAt }) => endsAt <= tx.now, { cause: 'time', by: 'gateway' });

/**
 * Whether a vote by this grant still counts: it stands, or has ended by its own time or uses after the vote.
 * Ended by a freeze, a revert, a revocation or a hand it counts no more, from the commit of that end.
 */
export async function voteStands(
  { grants }: Pick<StoreReads, 'grants'>,
  vote: { readonly grantId: string; readonly personId: string; readonly at: Date },
): Promise<boolean> {
  const grant = await grants.get(vote.grantId);
  if (grant?.personId !== vote.personId) return false;
  if (vote.at < grant.createdAt || vote.at >= grant.endsAt) return false;
  return grant.endedBy === null || !GRANT_ENDS[grant.endedBy].voids;
}
