import { errorCodeOf, GatewayError } from '../core/gateway-error.ts';
import type { AgentRecord, PersonRecord } from '../core/records.ts';
import { keyMatches, keyOwner } from '../gate/keys.ts';
import type { Store } from '../ports/store.ts';
import type { Door } from './define-route.ts';

const BEARER = /^Bearer ([\x21-\x7e]{1,200})$/;

/** One message for missing, unknown, wrong and revoked: an answer that tells them apart is an oracle. */
async function authenticateAgent(
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

async function authenticatePerson(
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

export interface Caller {
  readonly agent?: AgentRecord;
  readonly person?: PersonRecord;
}

type Roster = Pick<Store, 'agents' | 'people'>;

/** Who stands at this door. Throws `agent.unauthenticated`, `person.unauthenticated`. */
export async function authenticate(
  store: Roster,
  door: Door,
  authorization: string | undefined,
): Promise<Caller> {
  switch (door) {
    case 'agent':
      return { agent: await authenticateAgent(store, authorization) };
    case 'person':
      return { person: await authenticatePerson(store, authorization) };
    case 'anyone':
      return {};
  }
}

/** Whose key this is, where none is asked for; nobody if it is no good one. */
export async function recognise(store: Roster, authorization: string | undefined): Promise<Caller> {
  for (const door of ['agent', 'person'] as const) {
    try {
      return await authenticate(store, door, authorization);
    } catch (error) {
      if (errorCodeOf(error) !== `${door}.unauthenticated`) throw error;
    }
  }
  return {};
}
