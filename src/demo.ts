import { generateSecret } from 'otplib';
import type { Context } from './context.ts';
import { standingPasskeys } from './core/sign-in-rules.ts';
import { connectAccount } from './gate/connection.ts';
import type { ConnectDependencies } from './gate/connection-calls.ts';
import { activateCredential, fingerprintOf } from './gate/credentials.ts';
import { DEMO_FINGERPRINT } from './gate/demo-token.ts';
import { enrolmentLink, invite } from './gate/enrolment.ts';
import { keyOwner } from './gate/keys.ts';
import { addAgent, addPerson, revokeAgent, revokePerson } from './gate/roster.ts';
import type { StoreTransaction } from './ports/store.ts';

/** Keys of the demo agent and approver, kept in the secret store so that every start can print them. */
export interface DemoKeys {
  readonly agentKey: string;
  readonly approverKey: string;
}

const KEY_SECRETS = { agent: 'demo/agent-key', person: 'demo/approver-key' } as const;
/** Stands where a key was: a destroyed secret could not be followed by a new one. */
const FORGOTTEN = 'forgotten';
const DEMO = {
  agent: { name: 'demo-assistant', groups: ['assistants'] },
  person: { name: 'Robin Vale', email: 'robin@sallyport.test', roles: ['approver', 'operator'] },
} as const;
const BY = 'gateway';

async function remember(context: Context, name: string, value: string): Promise<string> {
  const known = await context.secrets.get(name);
  await context.secrets.put(name, value, known?.version ?? 0);
  return value;
}

/** The keys whose owners are on the roster, revoked or not; undefined unless both are. */
async function recall({ secrets, store }: Context): Promise<DemoKeys | undefined> {
  const agentKey = (await secrets.get(KEY_SECRETS.agent))?.value ?? '';
  const approverKey = (await secrets.get(KEY_SECRETS.person))?.value ?? '';
  const agent = await store.agents.get(keyOwner('agent', agentKey) ?? '');
  const person = await store.people.get(keyOwner('person', approverKey) ?? '');
  return agent === undefined || person === undefined ? undefined : { agentKey, approverKey };
}

async function revokeRoster(tx: StoreTransaction): Promise<void> {
  for (const { id, name } of (await tx.agents.list()).rows)
    if (name === DEMO.agent.name) await revokeAgent(tx, { id, by: BY });
  for (const { id, email } of await tx.people.list())
    if (email === DEMO.person.email) await revokePerson(tx, { id, by: BY });
}

/**
 * The demo agent and approver, for the simulator alone; made at the first start. A roster whose keys a
 * kill took away, between its commit and their being remembered, is revoked and made anew.
 */
export async function ensureDemoRoster(context: Context): Promise<DemoKeys> {
  const known = await recall(context);
  if (known !== undefined) return known;
  const { agent, person } = await context.store.commit(async (tx) => {
    await revokeRoster(tx);
    return {
      agent: await addAgent(tx, { ...DEMO.agent, by: BY }),
      person: await addPerson(tx, { ...DEMO.person, totpSecret: generateSecret(), by: BY }),
    };
  });
  return {
    agentKey: await remember(context, KEY_SECRETS.agent, agent.key),
    approverKey: await remember(context, KEY_SECRETS.person, person.key),
  };
}

/** A link with which the demo's approver makes their passkey; undefined once they have one. */
export async function demoInvitation(
  { store, config }: Context,
  { approverKey }: DemoKeys,
): Promise<string | undefined> {
  const personId = keyOwner('person', approverKey) ?? '';
  const person = await store.people.get(personId);
  const passkeys = standingPasskeys(await store.passkeys.of(personId));
  if (person === undefined || person.revokedAt !== null || passkeys.length > 0) return undefined;
  const { token } = await store.commit((tx) => invite(tx, { personId, by: BY }));
  return enrolmentLink(config.origin, token);
}

/**
 * Revokes what a start with the simulator made: its keys were printed and lie in files, and would now
 * open the way to a real HubSpot. Revoked first and forgotten after, so that a kill between the two
 * leaves nothing that works. True when there was something.
 */
export async function withdrawDemoRoster(context: Context): Promise<boolean> {
  if ((await recall(context)) === undefined) return false;
  await context.store.commit(revokeRoster);
  for (const name of Object.values(KEY_SECRETS)) await remember(context, name, FORGOTTEN);
  return true;
}

async function mintToken(controlUrl: string): Promise<string> {
  const response = await fetch(`${controlUrl}/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ scopes: 'all' }),
  });
  const { token } = (await response.json()) as { token: string };
  return token;
}

/** A simulator token for the connection, unless it has a credential already. */
export async function ensureDemoCredential(context: Context, controlUrl: string): Promise<void> {
  const { connection } = context.config;
  if ((await context.store.credentials.active(connection)) !== undefined) return;
  const name = `hubspot/${connection}`;
  const known = await context.secrets.get(name);
  const token = await mintToken(controlUrl);
  const fingerprint = fingerprintOf(token);
  // First, so that `sallyport connect` knows it as the simulator's whatever happens in between.
  await remember(context, DEMO_FINGERPRINT, fingerprint);
  const version = await context.secrets.put(name, token, known?.version ?? 0);
  const of = { connection, version, fingerprint, by: BY };
  await context.store.commit((tx) => activateCredential(tx, of));
}

/**
 * The demo's connection as `sallyport connect` leaves it, at the first start. What keeps it from that (a
 * freeze that stands, the simulator's trouble) is no reason not to start: `sallyport connect` does it later.
 */
export async function ensureDemoConnection(
  { store, config, logger }: Context,
  deps: () => ConnectDependencies,
): Promise<void> {
  const { connection } = config;
  if ((await store.connections.get(connection)) !== undefined) return;
  try {
    await connectAccount(deps(), { connection, by: BY, isPortalForced: false });
  } catch (error) {
    logger.warn('the demo connection is not prepared; npx sallyport connect does it', { error });
  }
}
