import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { KEYWORD_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { freePort } from '../../src/embedded/ports.ts';
import { startTemporalServer, type TemporalServer } from '../../src/embedded/temporal-server.ts';
import type { LoggedRequest } from '../../src/simulator/request-log.ts';
import { type Answer, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type Door, openDoor } from '../support/door.ts';
import { OUT_SECRET, type Receiver, startReceiver } from '../support/webhook.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';
import { logEntries } from '../support/log-entries.ts';
import { type Unmatched, unmatchedCalls } from '../support/matched-calls.ts';
import { isFull, scaled } from './scale.ts';

/** R5: each neighbour down or hanging, alone and in pairs. */

/** The default, in the full form: a HubSpot that hangs is noticed long before. */
const CALL_DEADLINE_SECONDS = String(scaled(4, 10));
/** Two seconds; in the short form half as much again for a box that is busy with other tests. */
const ANSWER_WITHIN_MS = scaled(3_000, 2_000);
const HEALED_WITHIN_MS = 30_000;
const TOLD_WITHIN_MS = 60_000;
const READ = { action: 'search_contact', company: 'Acme Corp' };

const folder = mkdtempSync(join(tmpdir(), 'sallyport-neighbours-'));
let port: number;
let server: TemporalServer;
let gateway: TestGateway;
let hubspotDoor: Door;
/** Who is told by a webhook of what waits for people. */
let receiver: Receiver;
let channelDoor: Door;
let slowestMs = 0;

const startServer = async (): Promise<TemporalServer> =>
  startTemporalServer({
    cliPath: await temporalCliPath(),
    port,
    dbFile: join(folder, 'temporal.db'),
    namespace: 'default',
    searchAttributes: KEYWORD_ATTRIBUTES,
    logFile: join(folder, 'temporal.log'),
  });

beforeAll(async () => {
  port = await freePort();
  server = await startServer();
  receiver = await startReceiver();
  channelDoor = await openDoor(receiver.url);
  gateway = await startTestGateway({
    temporalAddress: server.address,
    env: {
      SALLYPORT_CALL_DEADLINE_SECONDS: CALL_DEADLINE_SECONDS,
      SALLYPORT_WEBHOOK_URL: `${channelDoor.url}/hook`,
    },
    between: async (simulatorUrl) => {
      hubspotDoor = await openDoor(simulatorUrl);
      return hubspotDoor.url;
    },
  });
  await gateway.context.secrets.put('webhook/out', OUT_SECRET, 0);
  // How long HubSpot usually takes is known by what it took.
  expect((await gateway.submit(READ)).status).toBe(200);
}, 60_000);
afterAll(async () => {
  console.info(`R5: ${situations.length} situations, slowest answer ${slowestMs} ms`);
  await gateway.close();
  await Promise.all([hubspotDoor, channelDoor].map((door) => door.close()));
  await receiver.close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

type Mend = () => void | Promise<void>;

interface Trouble {
  readonly name: string;
  /** What an agent is told that asks for something meanwhile, as `docs/errors.md` has it. */
  readonly answer: string;
  /** Alone in the short form. */
  readonly isPairedInFull?: true;
  /** Breaks the neighbour; what it gives back mends it. */
  readonly make: () => Mend | Promise<Mend>;
}

/** A signal takes its time: until the last thread stands, the process may still answer. */
async function halt(pid: number): Promise<Mend> {
  process.kill(pid, 'SIGSTOP');
  const stateOf = (thread: string): string | undefined =>
    /\) (\w)/.exec(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'))?.[1];
  await expect
    .poll(() => readdirSync(`/proc/${pid}/task`).every((thread) => stateOf(thread) === 'T'), {
      timeout: 10_000,
    })
    .toBe(true);
  return () => {
    process.kill(pid, 'SIGCONT');
  };
}

const TROUBLES: readonly Trouble[] = [
  {
    name: 'the engine is down',
    answer: '503 engine.unavailable',
    make: async () => {
      await server.stop();
      return async () => {
        server = await startServer();
      };
    },
  },
  {
    name: 'the engine hangs',
    answer: '503 engine.unavailable',
    make: () => halt(server.pid),
  },
  {
    name: 'the store is locked',
    answer: '503 store.unavailable',
    make: () => {
      const holder = new DatabaseSync(gateway.config.files.store, { timeout: 5_000 });
      holder.exec('BEGIN IMMEDIATE');
      return () => {
        holder.exec('ROLLBACK');
        holder.close();
      };
    },
  },
  {
    name: 'the store is moved away',
    answer: '503 store.unavailable',
    isPairedInFull: true,
    make: () => {
      const { store } = gateway.config.files;
      renameSync(store, `${store}.away`);
      return () => {
        renameSync(`${store}.away`, store);
      };
    },
  },
  {
    name: 'the secrets are gone',
    answer: '503 secret.unavailable',
    make: () => {
      const { secrets } = gateway.config.files;
      renameSync(secrets, `${secrets}.away`);
      return () => {
        renameSync(`${secrets}.away`, secrets);
      };
    },
  },
  {
    // A pipe that nobody writes to: whoever opens it waits.
    name: 'the secrets hang',
    answer: '503 secret.unavailable',
    isPairedInFull: true,
    make: () => {
      const { secrets } = gateway.config.files;
      renameSync(secrets, `${secrets}.away`);
      execFileSync('mkfifo', ['-m', '600', secrets]);
      return () => {
        renameSync(`${secrets}.away`, secrets);
      };
    },
  },
  {
    name: 'HubSpot hangs',
    answer: '503 hubspot.timeout',
    make: async () => {
      await gateway.simulator.control('POST', '/faults', { mode: 'hang', times: 0 });
      return async () => {
        await gateway.simulator.control('DELETE', '/faults');
      };
    },
  },
  {
    name: 'HubSpot drops every connection',
    answer: '503 hubspot.unavailable',
    make: async () => {
      await gateway.simulator.control('POST', '/faults', { mode: 'drop', times: 0 });
      return async () => {
        await gateway.simulator.control('DELETE', '/faults');
      };
    },
  },
  {
    name: 'the port of HubSpot is closed',
    answer: '503 hubspot.unavailable',
    isPairedInFull: true,
    make: async () => {
      await hubspotDoor.close();
      return hubspotDoor.open;
    },
  },
  {
    // Its port still takes connections, which nobody ever answers.
    name: 'HubSpot is stopped',
    answer: '503 hubspot.timeout',
    isPairedInFull: true,
    make: () => halt(gateway.simulator.pid),
  },
  {
    // People are told later; nobody who asks meets it.
    name: 'the channel hangs',
    answer: '200 undefined',
    isPairedInFull: true,
    make: () => {
      channelDoor.hang();
      return channelDoor.open;
    },
  },
  {
    name: 'the port of the channel is closed',
    answer: '200 undefined',
    isPairedInFull: true,
    make: async () => {
      await channelDoor.close();
      return channelDoor.open;
    },
  },
];

const neighbourOf = ({ name }: Trouble): string =>
  /engine|store|secrets|HubSpot|channel/.exec(name)![0];

/** HubSpot's own trouble is only met by who gets as far as that, and the channel's by nobody who asks. */
function answersTo(troubles: readonly Trouble[]): readonly string[] {
  const met = troubles.filter((trouble) => neighbourOf(trouble) !== 'channel');
  const before = met.filter((trouble) => neighbourOf(trouble) !== 'HubSpot');
  const first = [before, met, troubles].find((some) => some.length > 0)!;
  return first.map(({ answer }) => answer);
}
const isPair = (one: Trouble, other: Trouble): boolean =>
  neighbourOf(one) !== neighbourOf(other) &&
  (isFull || ![one, other].some(({ isPairedInFull }) => isPairedInFull));
const situations: [string, readonly Trouble[]][] = TROUBLES.flatMap((one, i) => {
  const others = TROUBLES.slice(i + 1).filter((other) => isPair(one, other));
  return [[one], ...others.map((other) => [one, other])].map(
    (troubles): [string, readonly Trouble[]] => [
      troubles.map(({ name }) => name).join(' and '),
      troubles,
    ],
  );
});

async function timed(call: () => Promise<Answer>): Promise<Answer & { readonly ms: number }> {
  const since = Date.now();
  const answer = await call();
  const ms = Date.now() - since;
  slowestMs = Math.max(slowestMs, ms);
  return { ...answer, ms };
}

/** Calls that HubSpot saw without an intent of their own. A HubSpot that is stopped is asked afterwards. */
async function callsWithoutIntent(ids: readonly string[]): Promise<Unmatched['calls']> {
  const { body } = await gateway.simulator.control<{ requests: LoggedRequest[] }>(
    'GET',
    '/requests',
  );
  const { store } = gateway.context;
  const written = await Promise.all(ids.map(async (id) => (await store.requests.get(id))!));
  return unmatchedCalls(body.requests, await logEntries(store), written).calls;
}

/** RFC 9110: an agent that is told to come back is told when, on every 503 of the contract. */
function expectRetryAfter({ status, headers }: Answer): void {
  if (status === 503) expect(headers.get('retry-after')).toMatch(/^[1-9][0-9]*$/);
}

const toldOf = (id: string): readonly string[] =>
  receiver.heard.flatMap(({ event }) => (event.data.request_id === id ? [event.type] : []));

/** Every write that was asked for, for whose calls they were. */
const written: string[] = [];

describe('R5: a neighbour that is down or hangs', () => {
  it.each(situations)(
    'while %s, a clear refusal in time and nothing bypassed; afterwards all goes on by itself',
    async (name, troubles) => {
      const note = { action: 'create_note', contact_id: '20001', note: `While ${name}.` };
      const { id, digest } = (await gateway.submit(note)).body;
      written.push(id);
      const mends: Mend[] = [];
      const mendAll = async (): Promise<void> => {
        for (let mend = mends.pop(); mend !== undefined; mend = mends.pop()) await mend();
      };
      onTestFinished(mendAll);
      for (const { make } of troubles) mends.push(await make());

      const refused = await timed(() => gateway.submit(READ, { key: `read-${id}` }));
      expect(refused.ms).toBeLessThan(ANSWER_WITHIN_MS);
      expect(answersTo(troubles)).toContain(`${refused.status} ${refused.body.code}`);
      if (refused.status !== 200) expect(refused.body).toMatchObject({ retryable: true });
      expectRetryAfter(refused);
      // A new write is refused in time, or on record to go on later; under its key it is the same one afterwards.
      const other = { ...note, note: `Asked for while ${name}.` };
      const asked = await timed(() => gateway.submit(other, { key: `write-${id}` }));
      expect(asked.ms).toBeLessThan(ANSWER_WITHIN_MS);
      expect([200, 202, 503]).toContain(asked.status);
      expectRetryAfter(asked);
      const decided = await timed(() => gateway.approve(id, digest));
      expect(decided.ms).toBeLessThan(ANSWER_WITHIN_MS);
      const isStoreIn = troubles.some((trouble) => neighbourOf(trouble) === 'store');
      expect(decided.status).toBe(isStoreIn ? 503 : 200);
      expectRetryAfter(decided);
      const isStopped = troubles.some(({ name: trouble }) => trouble === 'HubSpot is stopped');
      if (!isStopped) expect(await callsWithoutIntent(written)).toEqual([]);

      await mendAll();
      await expect
        .poll(async () => (await gateway.submit(READ, { key: `read-${id}` })).status, {
          timeout: HEALED_WITHIN_MS,
          interval: 250,
        })
        .toBe(200);
      await expect
        .poll(async () => (await gateway.submit(other, { key: `write-${id}` })).body.status, {
          timeout: HEALED_WITHIN_MS,
          interval: 250,
        })
        .toBe('awaiting_approval');
      if (decided.status !== 200) expect((await gateway.approve(id, digest)).status).toBe(200);
      expect((await gateway.ended(id, 60_000)).body.status).toBe('succeeded');
      expect(await gateway.timesSent(`While ${name}.`)).toBe(1);
      await expect
        .poll(() => toldOf(id), { timeout: TOLD_WITHIN_MS, interval: 250 })
        .toEqual(expect.arrayContaining(['approval.requested', 'approval.decided']));
      expect(await callsWithoutIntent(written)).toEqual([]);
    },
    150_000,
  );
});
