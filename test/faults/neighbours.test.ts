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
import { temporalCliPath } from '../support/temporal-cli.ts';
import { logEntries } from '../support/log-entries.ts';
import { type Unmatched, unmatchedCalls } from '../support/matched-calls.ts';
import { isFull, scaled } from './scale.ts';

/** R5: each neighbour down or hanging, alone and in pairs. */

/** Two seconds; in the short form half as much again for a box that is busy with other tests. */
const ANSWER_WITHIN_MS = scaled(3_000, 2_000);
const HEALED_WITHIN_MS = 30_000;
const READ = { action: 'search_contact', company: 'Acme Corp' };

const folder = mkdtempSync(join(tmpdir(), 'sallyport-neighbours-'));
let port: number;
let server: TemporalServer;
let gateway: TestGateway;
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
  gateway = await startTestGateway({ temporalAddress: server.address });
}, 60_000);
afterAll(async () => {
  console.info(`R5: ${situations.length} situations, slowest answer ${slowestMs} ms`);
  await gateway.close();
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
    // Its port still takes connections, which nobody ever answers.
    name: 'HubSpot is stopped',
    answer: '503 hubspot.timeout',
    isPairedInFull: true,
    make: () => halt(gateway.simulator.pid),
  },
];

const neighbourOf = ({ name }: Trouble): string => /engine|store|secrets|HubSpot/.exec(name)![0];
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
      // HubSpot's own trouble is only met by who gets as far as that.
      const before = troubles.filter((trouble) => neighbourOf(trouble) !== 'HubSpot');
      const answers = (before.length > 0 ? before : troubles).map(({ answer }) => answer);
      expect(answers).toContain(`${refused.status} ${refused.body.code}`);
      expect(refused.body).toMatchObject({ retryable: true });
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
      expect(await callsWithoutIntent(written)).toEqual([]);
    },
    150_000,
  );
});
