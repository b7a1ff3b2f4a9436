import { GatewayError } from '../core/errors.ts';
import type { AgentRecord, PersonRecord } from '../core/records.ts';
import { keyMatches, keyOwner } from '../gate/keys.ts';
import type { Store } from '../ports/store.ts';

const BEARER = /^Bearer ([\x21-\x7e]{1,200})$/;

/** One message for missing, unknown, wrong and revoked: an answer that tells them apart is an oracle. */
export async function authenticateAgent(
  store: Pick<Store, 'agents'>,
  authorization: string | undefined,
): Promise<AgentRecord> {
  const key = BEARER.exec(authorization ?? '')?.[1] ?? '';
  const id = keyOwner('agent', key);
  const agent = id === undefined ? undefined : await store.agents.get(id);
  if (agent === undefined || agent.revokedAt !== null || !keyMatches(key, agent.keyHash)) {
    throw new GatewayError('agent.unauthenticated');
  }
  return agent;
}

export async function authenticatePerson(
  store: Pick<Store, 'people'>,
  authorization: string | undefined,
): Promise<PersonRecord> {
  const key = BEARER.exec(authorization ?? '')?.[1] ?? '';
  const id = keyOwner('person', key);
  const person = id === undefined ? undefined : await store.people.get(id);
  if (person === undefined || person.revokedAt !== null || !keyMatches(key, person.keyHash)) {
    throw new GatewayError('person.unauthenticated');
  }
  return person;
}
