import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { createAgeFileSecretStore } from '../../src/adapters/secrets/age-file/age-file-secret-store.ts';
import { verifyLog } from '../../src/audit/verify.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';
import { createRunningGateway, type RunningGateway } from '../support/running-gateway.ts';

let gateway: RunningGateway;

afterEach(() => gateway.close());

const DANA = '20001';
const envelope = (action: unknown): unknown => ({
  user_id: 'dana@acme.test',
  agent_prompt: 'Please.',
  action,
});

const submitNote = (text: string): ReturnType<RunningGateway['api']> =>
  gateway.api('POST', '/v1/actions', {
    body: envelope({ action: 'create_note', contact_id: DANA, note: text }),
    headers: { 'idempotency-key': text.replaceAll(' ', '-') },
  });

const approve = (id: string, digest: string): ReturnType<RunningGateway['api']> =>
  gateway.api('POST', `/v1/approvals/${id}/decisions`, {
    key: gateway.run().approver_key,
    body: { decision: 'approve', digest },
  });

const notesWith = async (text: string): Promise<number> => {
  const { effects } = await gateway.control('GET', '/effects');
  return effects.filter(({ properties }: { properties: unknown }) =>
    JSON.stringify(properties).includes(text),
  ).length;
};

async function untilEnded(id: string): Promise<{ status: string }> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const { body } = await gateway.api('GET', `/v1/actions/${id}?wait=5`);
    if (['succeeded', 'failed', 'refused', 'expired'].includes(body.status)) return body;
    if (Date.now() > deadline) throw new Error(`${id} is still ${body.status} after a minute`);
  }
}

function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

/** The folder, with the public key alone, as an auditor would. */
async function expectVerifiedLog(): Promise<void> {
  const { log_dir: folder, log_vkey: vkey } = gateway.run();
  await expect
    .poll(async () => (await verifyLog({ folder, vkey })).findings, { timeout: 10_000 })
    .toEqual([]);
}

describe('kill -9 of everything between begin and the answer', () => {
  it.each([
    ['HubSpot had it', 'commit_then_hang'],
    ['HubSpot never got it', 'hang'],
  ])(
    'leaves exactly one note after a restart when %s',
    async (_what, mode) => {
      gateway = await createRunningGateway({ temporalCli: await temporalCliPath() });
      await gateway.start();
      const text = `Killed while ${mode}`;
      const { body } = await submitNote(text);
      expect(body.status).toBe('awaiting_approval');
      await gateway.control('POST', '/faults', {
        match: { method: 'POST', path: '/notes' },
        mode,
        times: 1,
      });
      await approve(body.id, body.digest);
      await expect
        .poll(async () => (await gateway.api('GET', `/v1/actions/${body.id}`)).body.status, {
          timeout: 10_000,
          interval: 20,
        })
        .toBe('executing');
      await sleep(150);
      await gateway.killEverything();
      await gateway.start();
      expect((await untilEnded(body.id)).status).toBe('succeeded');
      expect(await notesWith(text)).toBe(1);
      await expectVerifiedLog();
    },
    120_000,
  );
});

describe('the engine’s whole database is lost while approvals wait', () => {
  it('they still wait after the next start, and complete', async () => {
    gateway = await createRunningGateway({ temporalCli: await temporalCliPath() });
    await gateway.start();
    const waiting = await Promise.all(['Lost one', 'Lost two', 'Lost three'].map(submitNote));
    await gateway.killEverything();
    for (const name of readdirSync(gateway.dataDir)) {
      if (name.startsWith('temporal.db')) rmSync(join(gateway.dataDir, name), { force: true });
    }
    await gateway.start();
    for (const { body } of waiting) {
      expect((await gateway.api('GET', `/v1/actions/${body.id}`)).body.status).toBe(
        'awaiting_approval',
      );
      expect((await approve(body.id, body.digest)).status).toBe(200);
    }
    for (const { body } of waiting) expect((await untilEnded(body.id)).status).toBe('succeeded');
    for (const text of ['Lost one', 'Lost two', 'Lost three'])
      expect(await notesWith(text)).toBe(1);
    await expectVerifiedLog();
  }, 120_000);
});

describe('a stop and a second start', () => {
  it('ends every child within ten seconds, keeps what waits, and starts again in under five', async () => {
    gateway = await createRunningGateway({ temporalCli: await temporalCliPath() });
    await gateway.start();
    const { body } = await submitNote('Over a restart');
    expect(await gateway.stop('SIGINT')).toBeLessThan(10_000);
    expect(gateway.processes()).toEqual([]);
    const before = Date.now();
    await gateway.start();
    expect(Date.now() - before).toBeLessThan(15_000);
    expect((await gateway.api('GET', `/v1/actions/${body.id}`)).body.status).toBe(
      'awaiting_approval',
    );
    await approve(body.id, body.digest);
    expect((await untilEnded(body.id)).status).toBe('succeeded');
  }, 120_000);

  it('is refused with a clear word while the first one runs', async () => {
    gateway = await createRunningGateway({ temporalCli: await temporalCliPath() });
    await gateway.start();
    await expect(gateway.start())
      .rejects.toBeDefined()
      .catch(() => undefined);
    const second = await createRunningGateway({
      temporalCli: await temporalCliPath(),
      env: { SALLYPORT_PORT: gateway.env['SALLYPORT_PORT'] ?? '' },
    });
    await expect(second.start()).rejects.toThrow(/Port \d+ .*taken/);
    await second.close();
  }, 60_000);
});

describe('law 6: the HubSpot token is in nothing that is written', () => {
  it('neither in the data folder nor in the engine’s database, in any plain encoding', async () => {
    gateway = await createRunningGateway({ temporalCli: await temporalCliPath() });
    await gateway.start();
    const { body } = await submitNote('Token hunt');
    await approve(body.id, body.digest);
    await untilEnded(body.id);
    await gateway.control('POST', '/faults', { mode: '401', times: 1 });
    await gateway.api('POST', '/v1/actions', {
      body: envelope({ action: 'search_contact', company: 'Acme Corp' }),
    });
    const secrets = await createAgeFileSecretStore({
      file: join(gateway.dataDir, 'secrets', 'secrets.age'),
      identityFile: join(gateway.dataDir, 'secrets', 'identity.txt'),
    });
    const token = (await secrets.get('hubspot/main'))?.value ?? '';
    expect(token.length).toBeGreaterThan(20);
    const forms = [
      token,
      Buffer.from(token).toString('base64').replace(/=+$/, ''),
      encodeURIComponent(token),
      Buffer.from(token).toString('hex'),
    ];
    for (const pid of gateway.processes()) {
      const own =
        readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8');
      expect(own).not.toContain(token);
    }
    await gateway.stop();
    const files = filesUnder(gateway.dataDir);
    expect(files.some((path) => path.includes('temporal.db'))).toBe(true);
    const found = files.filter((path) => {
      const bytes = readFileSync(path);
      return forms.some((form) => bytes.includes(form));
    });
    expect(found).toEqual([]);
    expect(forms.some((form) => gateway.output().includes(form))).toBe(false);
  }, 120_000);
});
