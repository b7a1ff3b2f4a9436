import { createHash } from 'node:crypto';
import { generateSecret } from 'otplib';
import type { Context } from './context.ts';
import { activateCredential } from './gate/credentials.ts';
import { addAgent, addPerson } from './gate/roster.ts';

/** Keys of the demo agent and approver, kept in the secret store so that every start can print them. */
export interface DemoKeys {
  readonly agentKey: string;
  readonly approverKey: string;
}

const AGENT_KEY = 'demo/agent-key';
const APPROVER_KEY = 'demo/approver-key';
const DEMO = {
  agent: { name: 'demo-assistant', groups: ['assistants'] },
  person: { name: 'Robin Vale', email: 'robin@sallyport.test', roles: ['approver', 'operator'] },
} as const;

async function remember(context: Context, name: string, value: string): Promise<string> {
  const known = await context.secrets.get(name);
  await context.secrets.put(name, value, known?.version ?? 0);
  return value;
}

/** The demo agent and approver; made at the first start. */
export async function ensureDemoRoster(context: Context): Promise<DemoKeys> {
  const agentKey = await context.secrets.get(AGENT_KEY);
  const approverKey = await context.secrets.get(APPROVER_KEY);
  if (agentKey !== undefined && approverKey !== undefined) {
    return { agentKey: agentKey.value, approverKey: approverKey.value };
  }
  const by = 'gateway';
  const { agent, person } = await context.store.commit(async (tx) => ({
    agent: await addAgent(tx, { ...DEMO.agent, by }),
    person: await addPerson(tx, { ...DEMO.person, totpSecret: generateSecret(), by }),
  }));
  return {
    agentKey: await remember(context, AGENT_KEY, agent.key),
    approverKey: await remember(context, APPROVER_KEY, person.key),
  };
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
  const version = await context.secrets.put(name, token, known?.version ?? 0);
  const fingerprint = createHash('sha256').update(token).digest('hex').slice(0, 12);
  await context.store.commit((tx) =>
    activateCredential(tx, { connection, version, fingerprint, by: 'gateway' }),
  );
}
