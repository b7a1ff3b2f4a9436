import { spawnSync } from 'node:child_process';
import { Client, Connection } from '@temporalio/client';
import { afterEach, beforeEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { workflowIdOf } from '../../src/adapters/temporal/engine.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type LyingProxy, startLyingProxy } from '../support/lying-proxy.ts';

let gateway: TestGateway;

const start = async (env: Record<string, string> = {}): Promise<void> => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: { SALLYPORT_ANSWER_WAIT_SECONDS: '1.5', ...env },
  });
};
afterEach(() => gateway.close());

const NOTE = { action: 'create_note', contact_id: '20001', note: 'Waiting.' };

const takeSecret = () => gateway.context.secrets.destroy('hubspot/main', 1);

async function bringSecret(): Promise<void> {
  const token = await gateway.simulator.token('all');
  const version = await gateway.context.secrets.put('hubspot/main', token, 1);
  const of = { connection: 'main', version, fingerprint: 'again', by: 'test' };
  await gateway.context.store.commit((tx) => activateCredential(tx, of));
}

const view = async (id: string) => (await gateway.agent.call('GET', `/v1/actions/${id}`)).body;

async function historyOf(id: string): Promise<(string | undefined)[]> {
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  const client = new Client({ connection, namespace: gateway.config.temporal.namespace });
  const { events } = await client.workflow.getHandle(workflowIdOf(id)).fetchHistory();
  await connection.close();
  return (events ?? []).map(
    ({ timerStartedEventAttributes: timer }) => timer?.timerId ?? undefined,
  );
}

const cli = (...args: string[]): string =>
  spawnSync(process.execPath, ['src/cli/main.ts', ...args], {
    env: {
      PATH: process.env['PATH'],
      SALLYPORT_DATA_DIR: gateway.config.dataDir,
      SALLYPORT_LOG_LEVEL: 'silent',
    },
    encoding: 'utf8',
  }).stdout;

describe('a write that cannot be shown to people yet', () => {
  beforeEach(() => start());

  it('says that the credential is missing, and goes on when there is one', async () => {
    await takeSecret();
    const waiting = await gateway.submit(NOTE);
    expect(waiting.status).toBe(202);
    expect(waiting.body).toMatchObject({ status: 'planned', waiting_for: 'credential.missing' });
    expect(Date.parse(waiting.body.expires_at)).toBeGreaterThan(Date.now());
    expect(waiting.body.problem).toBeUndefined();
    expect(cli('request', waiting.body.id)).toMatch(/Waits for +credential\.missing/);
    // The engine holds the time in between, not a step that is tried again and again.
    expect((await historyOf(waiting.body.id)).some((timer) => timer !== undefined)).toBe(true);
    await bringSecret();
    await expect
      .poll(async () => (await view(waiting.body.id)).status, { timeout: 40_000 })
      .toBe('awaiting_approval');
    expect((await view(waiting.body.id)).waiting_for).toBeUndefined();
    await gateway.approve(waiting.body.id, waiting.body.digest);
    expect((await gateway.ended(waiting.body.id)).body.status).toBe('succeeded');
  });

  it('says that HubSpot is down', async () => {
    const match = { method: 'GET', path: '/contacts' };
    await gateway.simulator.control('POST', '/faults', { match, mode: '503', times: 100_000 });
    const waiting = await gateway.submit(NOTE);
    expect(waiting.body).toMatchObject({ status: 'planned', waiting_for: 'hubspot.unavailable' });
    await gateway.simulator.control('DELETE', '/faults');
    await expect
      .poll(async () => (await view(waiting.body.id)).status, { timeout: 40_000 })
      .toBe('awaiting_approval');
  });

  it('says so of an approved one too, to its approver as well', async () => {
    const { body } = await gateway.submit(NOTE);
    await takeSecret();
    await gateway.approve(body.id, body.digest);
    await expect
      .poll(async () => (await view(body.id)).waiting_for, { timeout: 10_000 })
      .toBe('credential.missing');
    const approval = await gateway.approver.call('GET', `/v1/approvals/${body.id}`);
    expect(approval.body).toMatchObject({ status: 'approved', waiting_for: 'credential.missing' });
    await bringSecret();
    expect((await gateway.ended(body.id, 40_000)).body).toMatchObject({ status: 'succeeded' });
    expect((await view(body.id)).waiting_for).toBeUndefined();
  });
});

describe('a write that waits in vain', () => {
  beforeEach(() =>
    start({ SALLYPORT_APPROVAL_SECONDS: '2', SALLYPORT_APPROVAL_VALID_SECONDS: '2' }),
  );

  it('expires before it was shown to anyone', async () => {
    await takeSecret();
    const { body } = await gateway.submit(NOTE);
    expect(body.status).toBe('planned');
    const ended = await gateway.ended(body.id);
    expect(ended.body).toMatchObject({
      status: 'expired',
      problem: { code: 'approval.expired', detail: 'it waited for credential.missing' },
    });
    expect((await gateway.entriesOf(body.id)).at(-1)).toMatchObject({
      event: 'approval.expired',
      facts: { waited_for: 'credential.missing' },
    });
  });

  it('expires after its approval does', async () => {
    const { body } = await gateway.submit(NOTE);
    await takeSecret();
    await gateway.approve(body.id, body.digest);
    expect((await gateway.ended(body.id)).body).toMatchObject({
      status: 'expired',
      problem: { code: 'approval.lapsed', detail: 'it waited for credential.missing' },
    });
    expect(await gateway.timesSent('Waiting.')).toBe(0);
  });
});

describe('a write whose next step cannot begin', () => {
  const SEVERAL = {
    action: 'write_several',
    steps: [
      { ...NOTE, note: 'The first step.' },
      { ...NOTE, note: 'The second step.' },
    ],
  };

  /** HubSpot cannot be read any more once the first step is there. */
  async function startUnreadable(env: Record<string, string>): Promise<void> {
    let proxy: LyingProxy | undefined;
    gateway = await startTestGateway({
      temporalAddress: inject('temporalAddress'),
      env: { SALLYPORT_ANSWER_WAIT_SECONDS: '1.5', ...env },
      between: async (url) => {
        proxy = await startLyingProxy(url);
        return proxy.url;
      },
    });
    if (proxy === undefined) throw new Error('nothing stands between');
    let isUnreadable = false;
    proxy.answer = async (passing) => {
      if (passing.method === 'GET' && isUnreadable) return undefined;
      const told = await passing.forward();
      if (passing.method === 'POST') isUnreadable = true;
      return told;
    };
    onTestFinished(() => proxy?.close());
  }

  it('says for what it waits, and ends with an account of what was done when its time is over', async () => {
    await startUnreadable({
      SALLYPORT_APPROVAL_SECONDS: '6',
      SALLYPORT_APPROVAL_VALID_SECONDS: '2',
    });
    const { body } = await gateway.submit(SEVERAL);
    await gateway.approve(body.id, body.digest);
    await expect
      .poll(async () => (await view(body.id)).waiting_for, { timeout: 10_000 })
      .toBe('hubspot.unavailable');
    const ended = await gateway.ended(body.id, 30_000);
    expect(ended.body).toMatchObject({ status: 'failed', problem: { code: 'outcome.partial' } });
    expect(ended.body.result.steps).toMatchObject([
      { status: 'executed' },
      { status: 'failed', code: 'approval.lapsed' },
    ]);
    expect(await gateway.timesSent('The first step.')).toBe(1);
    expect(await gateway.timesSent('The second step.')).toBe(0);
    const ends = (await gateway.entriesOf(body.id)).filter(
      ({ facts }) => facts.status === 'failed',
    );
    expect(ends).toHaveLength(1);
  }, 60_000);
});
