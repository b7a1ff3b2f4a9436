import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { placeFreeze } from '../../src/gate/freezes.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { logEntries } from '../support/log-entries.ts';

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterEach(() => gateway.close());

const READ = { action: 'search_contact', company: 'Acme Corp' };
const NOTE = { action: 'create_note', contact_id: '20001', note: 'Frozen.' };

interface Logged {
  readonly at: string;
}
const calls = async (): Promise<readonly Logged[]> =>
  (await gateway.simulator.control<{ requests: Logged[] }>('GET', '/requests')).body.requests;

describe('law 8: freeze beats everything', () => {
  it('reads and writes are refused at once, and work again when a person lifts it', async () => {
    const frozen = await gateway.approver.call('POST', '/v1/freezes', {
      body: { reason: 'Something is off.' },
    });
    expect(frozen.status).toBe(201);
    const before = (await calls()).length;
    const read = await gateway.submit(READ);
    expect(read.status).toBe(423);
    expect(read.body.code).toBe('freeze.active');
    expect((await gateway.submit(NOTE)).body.code).toBe('freeze.active');
    expect((await calls()).length).toBe(before);
    const lifted = await gateway.approver.call('DELETE', `/v1/freezes/${frozen.body.id}`);
    expect(lifted.status).toBe(204);
    expect((await gateway.submit(READ)).status).toBe(200);
  });

  it('a write is not approved under a freeze, waits on, and is sent once it is approved afterwards', async () => {
    const [{ body: first }, { body: other }] = [
      await gateway.submit(NOTE),
      await gateway.submit({ ...NOTE, note: 'Not this one.' }),
    ];
    const { call } = gateway.approver;
    const freeze = await call('POST', '/v1/freezes', { body: { reason: 'Stop.' } });
    const early = await gateway.approve(first.id, first.digest);
    expect([early.status, early.body.code]).toEqual([423, 'freeze.active']);
    expect((await gateway.agent.call('GET', `/v1/actions/${first.id}`)).body.status).toBe(
      'awaiting_approval',
    );
    const refused = (await gateway.entriesOf(first.id)).filter(
      ({ event }) => event === 'approval.refused',
    );
    expect(refused.map(({ code }) => code)).toEqual(['freeze.active']);
    const no = { decision: 'reject', digest: other.digest, reason: 'No.' };
    expect((await call('POST', `/v1/approvals/${other.id}/decisions`, { body: no })).status).toBe(
      200,
    );
    expect(await gateway.simulator.effects()).toEqual([]);
    await call('DELETE', `/v1/freezes/${freeze.body.id}`);
    expect((await gateway.approve(first.id, first.digest)).status).toBe(200);
    expect((await gateway.ended(first.id)).body.status).toBe('succeeded');
    expect((await gateway.simulator.effects()).length).toBe(1);
  });

  it('freezes one agent and leaves the others alone', async () => {
    const other = await gateway.addAgent('other');
    const { id } = gateway.agent.record;
    await gateway.approver.call('POST', '/v1/freezes', {
      body: { agent: id, reason: 'This one.' },
    });
    expect((await gateway.submit(READ)).status).toBe(423);
    expect((await gateway.submit(READ, { call: other.call })).status).toBe(200);
  });

  it('does not pretend to freeze a connection that does not exist, and freezes its own without a credential', async () => {
    const reason = 'Mistyped.';
    const { call } = gateway.approver;
    const wrong = await call('POST', '/v1/freezes', { body: { connection: 'mian', reason } });
    expect(wrong.status).toBe(404);
    expect(wrong.body).toMatchObject({ code: 'request.not_found', detail: 'no connection mian' });
    expect((await call('GET', '/v1/freezes')).body.freezes).toEqual([]);
    const place = (id: string, configured: string) =>
      gateway.context.store.commit((tx) =>
        placeFreeze(tx, { target: { kind: 'connection', id }, reason, by: 'test', configured }),
      );
    await expect(place('main', 'sandbox')).resolves.toMatchObject({ liftedAt: null });
    await expect(place('sandbox', 'sandbox')).resolves.toMatchObject({ liftedAt: null });
    await expect(place('sandbox', 'main')).rejects.toMatchObject({ code: 'request.not_found' });
  });

  it('no call starts after the freeze has committed, under load', async () => {
    const reads = Array.from({ length: 60 }, () => gateway.submit(READ));
    await reads[0];
    const { store } = gateway.context;
    const target = { kind: 'connection', id: 'main' } as const;
    await store.commit((tx) =>
      placeFreeze(tx, { target, reason: 'Load.', by: 'test', configured: 'main' }),
    );
    // A call whose intent committed before the freeze may be on the wire still; none begins after it.
    const size = await store.log.size();
    await Promise.all(reads);
    const later = (await logEntries(store, size)).map(({ event }) => event);
    expect(later).not.toContain('hubspot.intended');
    expect((await gateway.submit(READ)).status).toBe(423);
  });

  it('works from the command line, with the API and the engine stopped', async () => {
    await gateway.stopGateway();
    const env = {
      PATH: process.env['PATH'],
      SALLYPORT_DATA_DIR: gateway.config.dataDir,
      SALLYPORT_LOG_LEVEL: 'silent',
    };
    const cli = spawnSync(process.execPath, ['src/cli/main.ts', 'freeze', '--reason', 'By hand.'], {
      env,
      encoding: 'utf8',
    });
    expect(cli.stderr).toBe('');
    expect(cli.status).toBe(0);
    await gateway.startGateway();
    expect((await gateway.submit(READ)).status).toBe(423);
  });

  it('only an operator lifts it', async () => {
    const approver = await gateway.addPerson('Plain Approver', ['approver']);
    const frozen = await approver.call('POST', '/v1/freezes', {
      body: { reason: 'Anyone may stop.' },
    });
    expect(frozen.status).toBe(201);
    const lifted = await approver.call('DELETE', `/v1/freezes/${frozen.body.id}`);
    expect(lifted.status).toBe(403);
    expect(lifted.body.code).toBe('person.forbidden');
  });
});
