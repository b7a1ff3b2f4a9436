import { errorCodeOf, GatewayError } from '../core/gateway-error.ts';
import type { AgentRecord, PersonRecord, SessionRecord } from '../core/records.ts';
import { keyMatches, keyOwner } from '../gate/keys.ts';
import { sessionOf } from '../gate/sessions.ts';
import type { Store } from '../ports/store.ts';
import type { ApiContext } from './api-context.ts';
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

/** By their key, or by the token of a session that stands. */
async function authenticatePerson(
  { store, clock }: Doorkeeper,
  authorization: string | undefined,
): Promise<Pick<Caller, 'session'> & { readonly person: PersonRecord }> {
  const key = BEARER.exec(authorization ?? '')?.[1] ?? '';
  const signedIn = await sessionOf(store, key, clock());
  if (signedIn !== undefined) return signedIn;
  const id = keyOwner('person', key);
  const person = id === undefined ? undefined : await store.people.get(id);
  if (person === undefined || person.revokedAt !== null || !keyMatches(key, person.keyHash)) {
    throw new GatewayError('person.unauthenticated');
  }
  return { person };
}

export interface Caller {
  readonly agent?: AgentRecord;
  readonly person?: PersonRecord;
  /** The person's, when they came with its token. */
  readonly session?: SessionRecord;
}

type Doorkeeper = Pick<ApiContext, 'store' | 'clock'>;

/** Who stands at this door. Throws `agent.unauthenticated`, `person.unauthenticated`. */
export async function authenticate(
  keeper: Doorkeeper,
  door: Door,
  authorization: string | undefined,
): Promise<Caller> {
  switch (door) {
    case 'agent':
      return { agent: await authenticateAgent(keeper.store, authorization) };
    case 'person':
      return authenticatePerson(keeper, authorization);
    case 'stranger':
    case 'anyone':
      return {};
  }
}

/** Whose key this is, where none is asked for; nobody if it is no good one. */
export async function recognise(
  keeper: Doorkeeper,
  authorization: string | undefined,
): Promise<Caller> {
  for (const door of ['agent', 'person'] as const) {
    try {
      return await authenticate(keeper, door, authorization);
    } catch (error) {
      if (errorCodeOf(error) !== `${door}.unauthenticated`) throw error;
    }
  }
  return {};
}
