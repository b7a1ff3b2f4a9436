import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { freePort } from '../../src/embedded/ports.ts';
import { startTemporalServer, type TemporalServer } from '../../src/embedded/temporal-server.ts';
import { type Answer, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';
import { logEntries } from '../support/log-entries.ts';

/** R5: each neighbour down or hanging, alone and in pairs. */

/** Two seconds, and as much again for a box that is busy with other tests. The slowest is printed. */
const ANSWER_WITHIN_MS = 4_000;
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
    searchAttributes: Object.fromEntries(
      Object.values(SEARCH_ATTRIBUTES).map((name) => [name, 'Keyword' as const]),
    ),
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
  /** Breaks the neighbour; what it gives back mends it. */
  readonly make: () => Mend | Promise<Mend>;
}

const TROUBLES: readonly Trouble[] = [
  {
    name: 'the engine is down',
    make: async () => {
      await server.stop();
      return async () => {
        server = await startServer();
      };
    },
  },
  {
    name: 'the engine hangs',
    make: () => {
      process.kill(server.pid, 'SIGSTOP');
      return () => {
        process.kill(server.pid, 'SIGCONT');
      };
    },
  },
  {
    name: 'the store is locked',
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
    name: 'the secrets are gone',
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
    make: async () => {
      await gateway.simulator.control('POST', '/faults', { mode: 'hang', times: 0 });
      return async () => {
        await gateway.simulator.control('DELETE', '/faults');
      };
    },
  },
  {
    name: 'HubSpot drops every connection',
    make: async () => {
      await gateway.simulator.control('POST', '/faults', { mode: 'drop', times: 0 });
      return async () => {
        await gateway.simulator.control('DELETE', '/faults');
      };
    },
  },
];

const neighbourOf = ({ name }: Trouble): string => /engine|store|secrets|HubSpot/.exec(name)![0];
const situations: [string, readonly Trouble[]][] = TROUBLES.flatMap((one, i) => {
  const others = TROUBLES.slice(i + 1).filter((other) => neighbourOf(other) !== neighbourOf(one));
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

async function unloggedCalls(): Promise<number> {
  const { body } = await gateway.simulator.control<{ requests: unknown[] }>('GET', '/requests');
  const entries = await logEntries(gateway.context.store);
  return Math.max(
    0,
    body.requests.length - entries.filter(({ event }) => event === 'hubspot.intended').length,
  );
}

describe('R5: a neighbour that is down or hangs', () => {
  it.each(situations)(
    'while %s, a clear refusal in time and nothing bypassed; afterwards all goes on by itself',
    async (name, troubles) => {
      const note = { action: 'create_note', contact_id: '20001', note: `While ${name}.` };
      const { id, digest } = (await gateway.submit(note)).body;
      const mends: Mend[] = [];
      const mendAll = async (): Promise<void> => {
        for (let mend = mends.pop(); mend !== undefined; mend = mends.pop()) await mend();
      };
      onTestFinished(mendAll);
      for (const { make } of troubles) mends.push(await make());

      const refused = await timed(() => gateway.submit(READ, { key: `read-${id}` }));
      expect(refused.ms).toBeLessThan(ANSWER_WITHIN_MS);
      expect([502, 503, 504]).toContain(refused.status);
      expect(refused.body).toMatchObject({ retryable: true });
      if (refused.status === 503)
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      const decided = await timed(() => gateway.approve(id, digest));
      expect(decided.ms).toBeLessThan(ANSWER_WITHIN_MS);
      expect([200, 503]).toContain(decided.status);
      expect(await unloggedCalls()).toBe(0);

      await mendAll();
      await expect
        .poll(async () => (await gateway.submit(READ, { key: `read-${id}` })).status, {
          timeout: HEALED_WITHIN_MS,
          interval: 250,
        })
        .toBe(200);
      if (decided.status !== 200) expect((await gateway.approve(id, digest)).status).toBe(200);
      expect((await gateway.ended(id, 60_000)).body.status).toBe('succeeded');
      expect(await gateway.timesSent(`While ${name}.`)).toBe(1);
      expect(await unloggedCalls()).toBe(0);
    },
    150_000,
  );
});
