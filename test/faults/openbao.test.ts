import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { openContext } from '../../src/context.ts';
import { type Files, makeFiles, makeRole, policyToken } from '../adapters/secrets/vault-rig.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { findOpenBao, type OpenBao, startOpenBao } from '../support/openbao.ts';
import { createRunningGateway } from '../support/running-gateway.ts';

const binary = await findOpenBao();

const READ = { action: 'search_contact', company: 'Acme Corp' };
/** A version that was read by its number is kept for half a minute. */
const FORGOTTEN_MS = 45_000;

describe.skipIf(binary === undefined)('A gateway whose secrets are in OpenBao', () => {
  let bao: OpenBao;
  let files: Files;
  let gateway: TestGateway;

  const parts = async (): Promise<{ status: number; secrets: unknown }> => {
    const { status, body } = await gateway.caller(undefined)('GET', '/readyz');
    const found = (body.parts as { name: string }[]).find(({ name }) => name === 'secrets');
    return { status, secrets: found };
  };
  const calls = async (): Promise<number> =>
    (await gateway.simulator.control<{ requests: unknown[] }>('GET', '/requests')).body.requests
      .length;

  beforeAll(async () => {
    files = makeFiles();
    bao = await startOpenBao(binary!);
    gateway = await startTestGateway({
      temporalAddress: inject('temporalAddress'),
      env: {
        SALLYPORT_SECRET_STORE: 'vault',
        SALLYPORT_VAULT_ADDR: bao.address,
        SALLYPORT_VAULT_AUTH: 'token',
        SALLYPORT_VAULT_TOKEN_FILE: files.write('token', await policyToken(bao)),
      },
    });
  });

  afterAll(async () => {
    await gateway.close();
    await bao.stop();
    files.remove();
  });

  it('reads, and writes what was approved', async () => {
    expect((await gateway.submit(READ)).status).toBe(200);
    const note = { action: 'create_note', contact_id: '20001', note: 'By way of OpenBao.' };
    const { body } = await gateway.submit(note);
    await gateway.approve(body.id, body.digest);
    expect((await gateway.ended(body.id)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('By way of OpenBao.')).toBe(1);
  });

  it('has nothing of its secrets in the data folder', async () => {
    const { secrets, identity } = gateway.config.files;
    expect([secrets, identity].map((file) => existsSync(file))).toEqual([false, false]);
    const { body } = await bao.ask('GET', 'secret/metadata/sallyport/store?list=true');
    expect(body.data.keys).toEqual(['seal-key']);
  });

  it('says that it is sealed, calls nothing, and goes on by itself when it is unsealed', async () => {
    const note = { action: 'create_note', contact_id: '20001', note: 'Approved while sealed.' };
    const asked = await gateway.submit(note);
    await bao.seal();
    expect(await parts()).toMatchObject({
      status: 503,
      secrets: { up: false, code: 'secret.unavailable' },
    });
    const deadline = Date.now() + FORGOTTEN_MS;
    let refused = await gateway.submit(READ);
    while (refused.status === 200 && Date.now() < deadline) {
      await sleep(1_000);
      refused = await gateway.submit(READ);
    }
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ code: 'secret.unavailable', retryable: true });
    const before = await calls();
    await gateway.submit(READ);
    const { id, digest } = asked.body;
    await gateway.approve(id, digest);
    await expect
      .poll(async () => (await gateway.agent.call('GET', `/v1/actions/${id}`)).body.waiting_for)
      .toBe('secret.unavailable');
    expect(await calls()).toBe(before);

    await bao.unseal();
    expect((await gateway.ended(id, 60_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('Approved while sealed.')).toBe(1);
    await expect.poll(async () => (await gateway.submit(READ)).status).toBe(200);
    expect((await parts()).status).toBe(200);
  }, 120_000);

  it('starts again on what is there', async () => {
    await gateway.stopGateway();
    await gateway.startGateway();
    expect((await gateway.submit(READ)).status).toBe(200);
  });

  it('makes no new secrets beside its store where the settings lead elsewhere', async () => {
    await gateway.stopGateway();
    const { secretStore } = gateway.config;
    if (secretStore.kind !== 'vault') throw new Error('the settings name another store');
    const auth = { method: 'token', tokenFile: files.write('root', bao.rootToken) } as const;
    const elsewhere = { ...secretStore, prefix: 'elsewhere', auth };
    await expect(openContext({ ...gateway.config, secretStore: elsewhere })).rejects.toMatchObject({
      code: 'secret.unavailable',
      detail: expect.stringMatching(
        /store\/seal-key is not in secret\/elsewhere on http.* No new ones are made beside it/,
      ) as string,
    });
    expect((await bao.ask('GET', 'secret/metadata/elsewhere?list=true')).status).toBe(404);
  });
});

describe.skipIf(binary === undefined)('A start whose wrapped secret id was opened before', () => {
  it('is refused, and says that somebody else may hold it', async () => {
    const files = makeFiles();
    const bao = await startOpenBao(binary!);
    const roleId = await makeRole(bao, 'sallyport');
    const wrapping = await bao.wrapped('POST', 'auth/approle/role/sallyport/secret-id');
    await bao.ask('POST', 'sys/wrapping/unwrap', undefined, wrapping);
    const gateway = await createRunningGateway({
      main: 'src/api-main.ts',
      temporalCli: 'not needed',
      env: {
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        SALLYPORT_HUBSPOT_URL: 'http://127.0.0.1:9',
        SALLYPORT_SECRET_STORE: 'vault',
        SALLYPORT_VAULT_ADDR: bao.address,
        SALLYPORT_VAULT_AUTH: 'approle',
        SALLYPORT_VAULT_ROLE_ID: roleId,
        SALLYPORT_VAULT_SECRET_ID_FILE: files.write('secret-id', wrapping),
        SALLYPORT_VAULT_SECRET_ID_WRAPPED: 'true',
      },
    });
    try {
      gateway.launch();
      expect(await gateway.exited()).toBe(1);
      expect(gateway.output()).toMatch(/^Cannot start\. The wrapped secret id in .* opened before/);
      expect(gateway.output()).toContain('somebody else may hold the secret id');
      expect(gateway.output()).not.toContain(wrapping);
    } finally {
      await gateway.close();
      await bao.stop();
      files.remove();
    }
  });
});
