import { generateSecret } from 'otplib';
import { readConfig } from '../../src/config.ts';
import { openContext } from '../../src/context.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { addAgent, addPerson } from '../../src/gate/roster.ts';
import { createRunningGateway, type RunningGateway } from './running-gateway.ts';
import { type SimulatorProcess, startSimulator } from './simulator.ts';
import { temporalCliPath } from './temporal-cli.ts';

type Answer = Awaited<ReturnType<RunningGateway['api']>>;

/** A gateway process beside an engine and a simulator that outlive it, to be killed alone. */
export interface LoneGateway {
  readonly gateway: RunningGateway;
  readonly simulator: SimulatorProcess;
  /** HubSpot's, before the first rotation. */
  readonly firstKey: string;
  /** Starts the process; `failpoint` says where it is to die. Resolves when it is ready. */
  start(failpoint?: string): Promise<void>;
  submit(key: string, action: Record<string, unknown>): Promise<Answer>;
  approve(id: string, digest: string): Promise<Answer>;
  state(id: string): Promise<Answer>;
  /** As the first person, who is the approver, or as a second one. */
  asPerson(who: 'first' | 'second', method: string, path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

/** Enrolls an agent, an approver and a credential before the first start, as an operator would. */
async function enroll(env: Record<string, string>, token: string) {
  const context = await openContext(readConfig(env));
  const version = await context.secrets.put('hubspot/main', token, 0);
  const by = 'test';
  const roles = ['approver', 'operator'];
  const robin = { name: 'Robin Vale', email: 'robin@sallyport.test', roles };
  const sam = { name: 'Sam Field', email: 'sam@sallyport.test', roles };
  const enrolled = await context.store.commit(async (tx) => {
    await activateCredential(tx, { connection: 'main', version, fingerprint: 'test', by });
    const agent = await addAgent(tx, { name: 'test-assistant', groups: ['assistants'], by });
    const person = await addPerson(tx, { ...robin, totpSecret: generateSecret(), by });
    const second = await addPerson(tx, { ...sam, totpSecret: generateSecret(), by });
    return { agentKey: agent.key, approverKey: person.key, secondKey: second.key };
  });
  await context.close();
  return enrolled;
}

export async function createLoneGateway(options: {
  /** Absent: an engine of its own, in the gateway's process tree. */
  readonly temporalAddress?: string;
  readonly env?: Record<string, string>;
  /** Of the first key; all by default. */
  readonly scopes?: readonly string[];
}): Promise<LoneGateway> {
  const simulator = await startSimulator();
  await simulator.control('POST', '/limits', { enabled: false });
  const gateway = await createRunningGateway({
    temporalCli: await temporalCliPath(),
    env: {
      ...(options.temporalAddress === undefined
        ? {}
        : { TEMPORAL_ADDRESS: options.temporalAddress }),
      SALLYPORT_HUBSPOT_URL: simulator.url,
      SALLYPORT_LOG_LEVEL: 'error',
      SALLYPORT_AGENT_REQUESTS_PER_MINUTE: '100000',
      SALLYPORT_PERSON_DECISIONS_PER_MINUTE: '100000',
      SALLYPORT_AGENT_WAITING_MAX: '100000',
      SALLYPORT_HUBSPOT_CALLS_PER_10_SECONDS: '100000',
      ...options.env,
    },
  });
  const firstKey = await simulator.token(options.scopes ?? 'all');
  const { agentKey, approverKey, secondKey } = await enroll(gateway.env, firstKey);
  return {
    gateway,
    simulator,
    firstKey,
    start: async (failpoint) => {
      delete gateway.env['SALLYPORT_FAILPOINT'];
      if (failpoint !== undefined) gateway.env['SALLYPORT_FAILPOINT'] = failpoint;
      await gateway.start();
    },
    submit: (key, action) =>
      gateway.api('POST', '/v1/actions', {
        key: agentKey,
        body: { user_id: 'dana@acme.test', agent_prompt: 'Please.', action },
        headers: { 'idempotency-key': key },
      }),
    approve: (id, digest) =>
      gateway.api('POST', `/v1/approvals/${id}/decisions`, {
        key: approverKey,
        body: { decision: 'approve', digest },
      }),
    asPerson: (who, method, path, body) =>
      gateway.api(method, path, { key: who === 'first' ? approverKey : secondKey, body }),
    state: (id) => gateway.api('GET', `/v1/actions/${id}`, { key: agentKey }),
    close: async () => {
      await gateway.close();
      await simulator.stop();
    },
  };
}
