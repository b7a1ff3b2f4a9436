import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { connectDependencies } from '../../src/dependencies.ts';
import { connectAccount } from '../../src/gate/connection.ts';
import { newestCandidate } from '../../src/gate/credentials.ts';
import { makeFiles, policyToken } from '../adapters/secrets/vault-rig.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { findMoto, startMoto } from '../support/moto.ts';
import { findOpenBao, startOpenBao } from '../support/openbao.ts';
import { scaled } from './scale.ts';

/**
 * S2: keys are exchanged one after the other while agents read and write. Nobody notices: no request fails,
 * and what a key has retired from is never called on it again. The same on each secret store.
 */
const ROTATIONS = scaled(10, 50);
const REQUESTS_PER_SECOND = 20;
/** One request in so many is a write. */
const WRITE_EVERY = 10;

interface StoreInUse {
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void> | void;
}

interface StoreUnderTest {
  readonly title: string;
  readonly isThere: boolean;
  start(): Promise<StoreInUse>;
}

const bao = await findOpenBao();
const moto = await findMoto();

async function startBao(): Promise<StoreInUse> {
  const files = makeFiles();
  const server = await startOpenBao(bao!);
  return {
    env: {
      SALLYPORT_SECRET_STORE: 'vault',
      SALLYPORT_VAULT_ADDR: server.address,
      SALLYPORT_VAULT_AUTH: 'token',
      SALLYPORT_VAULT_TOKEN_FILE: files.write('token', await policyToken(server)),
    },
    stop: async () => {
      await server.stop();
      files.remove();
    },
  };
}

async function startAws(): Promise<StoreInUse> {
  const server = await startMoto(moto!);
  // What AWS's own SDK looks for; moto takes any.
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  return {
    env: {
      SALLYPORT_SECRET_STORE: 'aws',
      SALLYPORT_AWS_REGION: 'eu-central-1',
      SALLYPORT_AWS_ENDPOINT: server.url,
    },
    stop: () => {
      server.close();
      vi.unstubAllEnvs();
    },
  };
}

const STORES: readonly StoreUnderTest[] = [
  {
    title: 'the age file',
    isThere: true,
    start: () => Promise.resolve({ env: {}, stop: () => undefined }),
  },
  { title: 'OpenBao', isThere: bao !== undefined, start: startBao },
  { title: 'AWS Secrets Manager (moto)', isThere: moto !== undefined, start: startAws },
];

let gateway: TestGateway;

const connecting = { connection: 'main', by: 'test', isPortalForced: false } as const;
const connector = () => connectDependencies(gateway.context, gateway.simulator.url);

const requests = async () => {
  const { body } = await gateway.simulator.control<{ requests: readonly { status: number }[] }>(
    'GET',
    '/requests',
  );
  return body.requests;
};

const outcomes = new Map<string, number>();
const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);

async function read(turn: number): Promise<void> {
  const { status, body } = await gateway.submit({
    action: 'get_company',
    company_id: String(10_001 + (turn % 5)),
  });
  count(`read ${status} ${body.code ?? body.status}`);
}

/** On a busy machine the answer comes before its card is made. */
async function cardOf(id: string): Promise<{ readonly digest: string }> {
  for (;;) {
    const { status, body } = await gateway.approver.call('GET', `/v1/approvals/${id}`);
    if (status === 200) return body.card;
    await sleep(200);
  }
}

async function write(turn: number): Promise<void> {
  const { body } = await gateway.submit({
    action: 'create_note',
    contact_id: '20001',
    note: `S2 write ${turn}`,
  });
  const card = await cardOf(body.id);
  const { status } = await gateway.approve(body.id, card.digest);
  if (status !== 200) count(`approval ${status}`);
  const { body: ended } = await gateway.ended(body.id, 60_000);
  count(`write ${ended.status} ${ended.problem?.code ?? ''}`);
}

/** Agents who ask evenly, until it is over; every request with its answer by then. */
async function load(isOver: () => boolean): Promise<number> {
  const underWay: Promise<void>[] = [];
  for (let turn = 0; !isOver(); turn += 1) {
    underWay.push(turn % WRITE_EVERY === 0 ? write(turn) : read(turn));
    await sleep(1_000 / REQUESTS_PER_SECOND);
  }
  await Promise.all(underWay);
  return underWay.length;
}

/** As `sallyport secret set` does; then the old key ends in HubSpot, once what is under way on it has its answer. */
async function rotate(old: string): Promise<string> {
  const { secrets } = gateway.context;
  const key = await gateway.simulator.token('all');
  const before = await secrets.get('hubspot/main');
  const version = await secrets.put('hubspot/main', key, before?.version ?? 0, 'pending');
  const candidate = await newestCandidate(gateway.context, 'main');
  await connectAccount(connector(), { ...connecting, candidate });
  await secrets.promote('hubspot/main', version);
  await sleep(gateway.config.timing.deadlineMs);
  await gateway.simulator.control('POST', '/tokens/state', { token: old, state: 'revoked' });
  return key;
}

for (const { title, isThere, start } of STORES)
  describe.skipIf(!isThere)(`S2: a rotation that nobody notices, with secrets in ${title}`, () => {
    let inUse: StoreInUse;

    beforeAll(async () => {
      outcomes.clear();
      inUse = await start();
      gateway = await startTestGateway({
        temporalAddress: inject('temporalAddress'),
        env: {
          SALLYPORT_RULE_CONTACT_READS: '100 in 60s: notify',
          SALLYPORT_CALL_DEADLINE_SECONDS: '2',
          ...inUse.env,
        },
      });
      await connectAccount(connector(), connecting);
    }, 90_000);

    afterAll(async () => {
      await gateway.close();
      await inUse.stop();
    });

    it(
      `is made ${ROTATIONS} times under ${REQUESTS_PER_SECOND} requests a second: none fails, and no retired key is called on`,
      async () => {
        const { secrets, store } = gateway.context;
        let isOver = false;
        const loaded = load(() => isOver);
        let key = (await secrets.get('hubspot/main'))?.value ?? '';
        for (let i = 0; i < ROTATIONS; i += 1) key = await rotate(key);
        isOver = true;
        const made = await loaded;
        const said = JSON.stringify(Object.fromEntries(outcomes));
        console.info(`S2, ${title}: ${ROTATIONS} rotations, ${made} requests: ${said}`);
        expect([...outcomes.keys()].sort()).toEqual(['read 200 succeeded', 'write succeeded ']);
        expect((await requests()).filter(({ status }) => status === 401)).toEqual([]);
        expect((await store.credentials.active('main'))?.version).toBe(ROTATIONS + 1);
        expect((await store.connections.get('main'))?.credentialVersion).toBe(ROTATIONS + 1);
      },
      scaled(150_000, 900_000),
    );
  });
