import { GatewayError } from '../core/gateway-error.ts';
import type { GrantRecord } from '../core/grants.ts';
import type { AgentRecord, PersonRecord } from '../core/records.ts';
import { isOperator } from '../core/roles.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { endGrantsIfKnown } from './grants.ts';
import { newId } from './ids.ts';
import { hashKey, mintKey } from './keys.ts';
import { isOwnAgent } from './own-agent.ts';

/** A new agent or person with the key that is shown once and never stored. */
export interface Enrolled<T> {
  readonly record: T;
  readonly key: string;
}

export async function addAgent(
  tx: StoreTransaction,
  of: { readonly name: string; readonly groups: readonly string[]; readonly by: string },
): Promise<Enrolled<AgentRecord>> {
  const id = newId('agt');
  const key = mintKey('agent', id);
  const record: AgentRecord = {
    id,
    name: of.name,
    groups: of.groups,
    keyHash: hashKey(key),
    createdAt: tx.now,
    revokedAt: null,
  };
  await tx.agents.insert(record);
  await tx.log.append({
    event: 'agent.added',
    agentId: id,
    actor: of.by,
    facts: { name: of.name, groups: of.groups },
  });
  return { record, key };
}

/**
 * Effective at once: begin and the doors read the record. Throws `request.not_found`, and `policy.denied`
 * for the gateway's own agent, which would take nothing back any more; a freeze stops it, and can be lifted.
 */
export async function revokeAgent(
  tx: StoreTransaction,
  of: { readonly id: string; readonly by: string },
): Promise<void> {
  if (isOwnAgent(of.id))
    throw new GatewayError('policy.denied', {
      detail: 'it is the gateway’s own agent; to stop it: npx sallyport freeze sallyport',
    });
  if ((await tx.agents.get(of.id)) === undefined) {
    throw new GatewayError('request.not_found', { detail: `no agent ${of.id}` });
  }
  if (!(await tx.agents.revoke(of.id))) return;
  await tx.log.append({ event: 'agent.revoked', agentId: of.id, actor: of.by });
  const isOfThis = ({ agentId }: GrantRecord): boolean => agentId === of.id;
  await endGrantsIfKnown(tx, isOfThis, { cause: 'agent_revoked', by: of.by });
}

export async function addPerson(
  tx: StoreTransaction,
  of: {
    readonly name: string;
    readonly email: string;
    readonly roles: readonly string[];
    /** Base32 (RFC 6238). */
    readonly totpSecret: string;
    readonly by: string;
  },
): Promise<Enrolled<PersonRecord>> {
  const email = of.email.trim().toLowerCase();
  const people = await tx.people.list();
  if (people.some((person) => person.email === email && person.revokedAt === null)) {
    throw new GatewayError('config.invalid', { detail: `${email} is on the roster already` });
  }
  const id = newId('per');
  const key = mintKey('person', id);
  const record: PersonRecord = {
    id,
    name: of.name,
    email,
    roles: of.roles,
    keyHash: hashKey(key),
    totpSecret: of.totpSecret,
    totpLastStep: 0,
    totpGuesses: [],
    createdAt: tx.now,
    revokedAt: null,
  };
  await tx.people.insert(record);
  await tx.log.append({
    event: 'person.added',
    actor: of.by,
    facts: { person: id, roles: of.roles },
    personal: { name: of.name, email },
  });
  return { record, key };
}

/** Says which Slack user this person is; who that user was before counts no more. Throws `request.not_found`. */
export async function linkSlackUser(
  tx: StoreTransaction,
  of: { readonly slackUser: string; readonly personId: string; readonly by: string },
): Promise<void> {
  const { slackUser, personId } = of;
  if ((await tx.people.get(personId))?.revokedAt !== null)
    throw new GatewayError('request.not_found', { detail: `no person ${personId}` });
  await tx.slackUsers.put({ slackUser, personId, linkedAt: tx.now });
  const facts = { person: personId, slack_user: slackUser };
  await tx.log.append({ event: 'person.linked', actor: of.by, facts });
}

/** From now on this Slack user is nobody. */
export async function unlinkSlackUser(
  tx: StoreTransaction,
  of: { readonly slackUser: string; readonly by: string },
): Promise<void> {
  if (!(await tx.slackUsers.remove(of.slackUser))) return;
  const facts = { slack_user: of.slackUser };
  await tx.log.append({ event: 'person.unlinked', actor: of.by, facts });
}

/**
 * Whoever is the last one leaves nobody who could let anybody in again, or end a freeze, but by the machine itself.
 * Throws `person.last_operator`.
 */
export function assertOperatorLeft(people: readonly PersonRecord[], id: string): void {
  const left = people.filter((one) => one.id !== id && one.revokedAt === null && isOperator(one));
  if (left.length === 0) throw new GatewayError('person.last_operator');
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((name) => other.includes(name));

/**
 * These and no others from now on, also for approvals given before and not yet used: begin asks policy with them.
 * Throws `request.not_found` also for somebody who was revoked, and `person.last_operator`.
 */
export async function changeRoles(
  tx: StoreTransaction,
  of: { readonly id: string; readonly roles: readonly string[]; readonly by: string },
): Promise<PersonRecord> {
  const person = await tx.people.get(of.id);
  if (person?.revokedAt !== null)
    throw new GatewayError('request.not_found', { detail: `no person ${of.id}` });
  const roles = [...new Set(of.roles)];
  if (isOperator(person) && !isOperator({ roles }))
    assertOperatorLeft(await tx.people.list(), of.id);
  if (isSame(roles, person.roles)) return person;
  await tx.people.setRoles(of.id, roles);
  await tx.log.append({
    event: 'person.changed',
    actor: of.by,
    facts: { person: of.id, roles, former: person.roles },
  });
  return { ...person, roles };
}

/** Effective at once, also on approvals given before and not yet used. Throws `request.not_found`. */
export async function revokePerson(
  tx: StoreTransaction,
  of: { readonly id: string; readonly by: string },
): Promise<void> {
  if ((await tx.people.get(of.id)) === undefined) {
    throw new GatewayError('request.not_found', { detail: `no person ${of.id}` });
  }
  if (!(await tx.people.revoke(of.id))) return;
  await tx.log.append({ event: 'person.revoked', actor: of.by, facts: { person: of.id } });
  const isTheirs = ({ personId }: GrantRecord): boolean => personId === of.id;
  await endGrantsIfKnown(tx, isTheirs, { cause: 'person_revoked', by: of.by });
}
