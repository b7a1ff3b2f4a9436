import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSecret } from 'otplib';
import { Agent, fetch } from 'undici';
import { readConfig, type Config } from '../../src/config.ts';
import { type Context, openContext } from '../../src/context.ts';
import type { AgentRecord, PersonRecord } from '../../src/core/records.ts';
import { isTerminal, type RequestStatus } from '../../src/core/request-state.ts';
import { freePort } from '../../src/embedded/ports.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { addAgent, addPerson, type Enrolled } from '../../src/gate/roster.ts';
import { type Gateway, startGateway } from '../../src/gateway.ts';
import { assertDocumented } from './openapi-check.ts';
import { startSimulator } from './simulator.ts';
import { entriesOf } from './log-entries.ts';

type Simulator = Awaited<ReturnType<typeof startSimulator>>;

/** Not the process's global dispatcher: that one lets the gateway reach HubSpot alone. */
const dispatcher = new Agent();

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: any;
}

export interface Caller {
  (
    method: string,
    path: string,
    options?: { body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>;
}

export interface TestGateway {
  readonly context: Context;
  readonly config: Config;
  readonly simulator: Simulator;
  readonly agent: Enrolled<AgentRecord> & { call: Caller };
  readonly approver: Enrolled<PersonRecord> & { call: Caller };
  caller(key: string | undefined): Caller;
  addAgent(
    name: string,
    groups?: readonly string[],
  ): Promise<Enrolled<AgentRecord> & { call: Caller }>;
  addPerson(
    name: string,
    roles?: readonly string[],
  ): Promise<Enrolled<PersonRecord> & { call: Caller }>;
  /** Submits with a fresh key unless one is given. */
  submit(
    action: Record<string, unknown>,
    options?: {
      key?: string;
      userId?: string;
      prompt?: string;
      call?: Caller;
      headers?: Record<string, string>;
    },
  ): Promise<Answer>;
  approve(id: string, digest: string, by?: Caller): Promise<Answer>;
  /** The entries of a request in the log, parsed. */
  entriesOf(id: string): Promise<readonly any[]>;
  /** HubSpot goes wrong for the next `times` requests that match; 0 until the faults are cleared. */
  fault(match: object, mode: string, times?: number, more?: object): Promise<unknown>;
  /** How many effects in the simulator hold this text. */
  timesSent(text: string): Promise<number>;
  /** Polls until the request has ended. */
  ended(id: string, timeoutMs?: number): Promise<Answer>;
  stopGateway(): Promise<void>;
  startGateway(): Promise<void>;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly temporalAddress: string;
  readonly policy?: string;
  readonly env?: Record<string, string>;
  /** Stands between the gateway and the simulator; given the simulator's address. */
  readonly between?: (simulatorUrl: string) => Promise<string>;
  /** Where its data lies; a folder of its own under the system's temporary one by default. */
  readonly folder?: string;
}

function createCaller(api: string, key: string | undefined): Caller {
  return async (method, path, options = {}) => {
    const response = await fetch(`${api}${path}`, {
      method,
      dispatcher,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body === undefined
        ? {}
        : { body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
    });
    const text = await response.text();
    const contentType = response.headers.get('content-type') ?? '';
    const body: unknown = contentType.includes('json') && text !== '' ? JSON.parse(text) : text;
    assertDocumented(method, path, { status: response.status, contentType, body });
    return { status: response.status, headers: response.headers as unknown as Headers, body };
  };
}

async function testConfig(folder: string, options: TestGatewayOptions): Promise<Config> {
  const policyFile = join(folder, 'policy.cedar');
  if (options.policy !== undefined) writeFileSync(policyFile, options.policy);
  const config = readConfig({
    PATH: process.env['PATH'],
    SALLYPORT_DATA_DIR: join(folder, 'data'),
    SALLYPORT_PORT: String(await freePort()),
    SALLYPORT_LOG_LEVEL: 'silent',
    SALLYPORT_CALL_DEADLINE_SECONDS: '1',
    SALLYPORT_HEARTBEAT_SECONDS: '2',
    SALLYPORT_RECONCILE_SECONDS: '0.3',
    SALLYPORT_QUIET_SECONDS: '2',
    SALLYPORT_RADAR_SETTLE_SECONDS: '0.01',
    SALLYPORT_AGENT_REQUESTS_PER_MINUTE: '100000',
    SALLYPORT_PERSON_DECISIONS_PER_MINUTE: '100000',
    SALLYPORT_AGENT_WAITING_MAX: '100000',
    SALLYPORT_PROMPTS_PER_HOUR: '60',
    SALLYPORT_STRANGER_REQUESTS_PER_MINUTE: '100000',
    SALLYPORT_HUBSPOT_CALLS_PER_10_SECONDS: '100000',
    SALLYPORT_HUBSPOT_SEARCHES_PER_SECOND: '100000',
    // A sweep at a quarter past would be among the calls that tests count.
    SALLYPORT_RADAR_MINUTES: '0',
    TEMPORAL_ADDRESS: options.temporalAddress,
    ...(options.policy === undefined ? {} : { SALLYPORT_POLICY: policyFile }),
    ...options.env,
  });
  return { ...config, temporal: { ...config.temporal, taskQueue: `test-${randomUUID()}` } };
}

/** A whole gateway in this process, on a real engine and a real simulator process, in a folder of its own. */
export async function startTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'sallyport-test-'));
  const config = await testConfig(folder, options);
  const simulator = await startSimulator();
  await simulator.control('POST', '/limits', { enabled: false });
  const hubspotUrl = (await options.between?.(simulator.url)) ?? simulator.url;
  const api = `http://127.0.0.1:${config.ports.api}`;
  let context = await openContext(config);
  let gateway: Gateway | undefined;

  const version = await context.secrets.put('hubspot/main', await simulator.token('all'), 0);
  const enroll = async () =>
    context.store.commit(async (tx) => {
      await activateCredential(tx, {
        connection: 'main',
        version,
        fingerprint: 'test',
        by: 'test',
      });
      return {
        agent: await addAgent(tx, { name: 'test-assistant', groups: ['assistants'], by: 'test' }),
        person: await addPerson(tx, {
          name: 'Robin Vale',
          email: 'robin@sallyport.test',
          roles: ['approver', 'operator'],
          totpSecret: generateSecret(),
          by: 'test',
        }),
      };
    });
  const { agent, person } = await enroll();
  const agentCall = createCaller(api, agent.key);
  const approverCall = createCaller(api, person.key);

  const running: TestGateway = {
    get context() {
      return context;
    },
    config,
    simulator,
    agent: { ...agent, call: agentCall },
    approver: { ...person, call: approverCall },
    caller: (key) => createCaller(api, key),
    addAgent: async (name, groups = ['assistants']) => {
      const added = await context.store.commit((tx) => addAgent(tx, { name, groups, by: 'test' }));
      return { ...added, call: createCaller(api, added.key) };
    },
    addPerson: async (name, roles = ['approver']) => {
      const email = `${name.toLowerCase().replaceAll(/\W+/g, '.')}@sallyport.test`;
      const of = { name, email, roles, totpSecret: generateSecret(), by: 'test' };
      const added = await context.store.commit((tx) => addPerson(tx, of));
      return { ...added, call: createCaller(api, added.key) };
    },
    submit: (
      action,
      {
        key = randomUUID(),
        userId = 'dana@acme.test',
        prompt = 'Please do it.',
        call = agentCall,
        headers = {},
      } = {},
    ) =>
      call('POST', '/v1/actions', {
        body: { user_id: userId, agent_prompt: prompt, action },
        headers: { 'idempotency-key': key, ...headers },
      }),
    approve: (id, digest, by = approverCall) =>
      by('POST', `/v1/approvals/${id}/decisions`, { body: { decision: 'approve', digest } }),
    entriesOf: (id) => entriesOf(context.store, id),
    fault: (match, mode, times = 1, more = {}) =>
      simulator.control('POST', '/faults', { match, mode, times, ...more }),
    timesSent: async (text) =>
      (await simulator.effects()).filter(({ properties }) =>
        JSON.stringify(properties).includes(text),
      ).length,
    ended: async (id, timeoutMs = 20_000) => {
      const deadline = Date.now() + timeoutMs;
      for (;;) {
        const answer = await agentCall('GET', `/v1/actions/${id}?wait=5`);
        const { status } = answer.body as { status: RequestStatus };
        if (isTerminal(status)) return answer;
        if (Date.now() > deadline) throw new Error(`${id} is still ${status}`);
      }
    },
    stopGateway: async () => {
      await gateway?.stop();
      gateway = undefined;
      await context.close();
    },
    startGateway: async () => {
      if (gateway !== undefined) return;
      context = await openContext(config);
      gateway = await startGateway(context, {
        roles: { api: true, worker: true },
        temporalAddress: options.temporalAddress,
        hubspotUrl,
      });
    },
    close: async () => {
      if (gateway !== undefined) await running.stopGateway();
      await simulator.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await context.close();
  await running.startGateway();
  return running;
}

/** What is asked for meanwhile ends undecided after this time, ms. */
export async function decidedWithin<T>(
  { context }: Pick<TestGateway, 'context'>,
  ms: number,
  work: () => Promise<T>,
): Promise<T> {
  const timing = context.config.timing as { approvalMs: number };
  const { approvalMs } = timing;
  timing.approvalMs = ms;
  try {
    return await work();
  } finally {
    timing.approvalMs = approvalMs;
  }
}
