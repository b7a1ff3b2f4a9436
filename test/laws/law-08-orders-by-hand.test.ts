import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { activateCredential } from '../../src/gate/credentials.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { runInFile } from '../support/store-file.ts';

/** Whoever can write the store's file, but has no key, lifts no freeze and puts no old credential back. */

let gateway: TestGateway;

beforeEach(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterEach(() => gateway.close());

const READ = { action: 'search_contact', company: 'Acme Corp' };

function inStore(sql: string): void {
  expect(runInFile(gateway.config.files.store, sql)).toBeGreaterThan(0);
}

const freeze = async (): Promise<string> =>
  (await gateway.approver.call('POST', '/v1/freezes', { body: { reason: 'Stop.' } })).body.id;
const freezes = async () => (await gateway.approver.call('GET', '/v1/freezes')).body.freezes;

describe('law 8: a freeze', () => {
  it.each([
    ['whose row was deleted', 'DELETE FROM freezes'],
    ['that was lifted in the file', 'UPDATE freezes SET lifted_at = 1'],
    ['that was turned to another target', "UPDATE freezes SET target_id = 'elsewhere'"],
  ])('%s stands, is shown, and is lifted by a person', async (_how, sql) => {
    const id = await freeze();
    inStore(sql);
    expect((await gateway.submit(READ)).body.code).toBe('freeze.active');
    await gateway.stopGateway();
    await gateway.startGateway();
    expect((await gateway.submit(READ)).body.code).toBe('freeze.active');
    expect(await freezes()).toEqual([
      expect.objectContaining({ id, lifted_at: null, target: { kind: 'connection', id: 'main' } }),
    ]);
    expect((await gateway.approver.call('DELETE', `/v1/freezes/${id}`)).status).toBe(204);
    expect((await gateway.submit(READ)).status).toBe(200);
  });

  it('whose entry was taken out of the log too stands', async () => {
    await freeze();
    await gateway.submit(READ);
    inStore('DELETE FROM freezes');
    inStore("DELETE FROM log_entries WHERE event = 'freeze.placed'");
    expect((await gateway.submit(READ)).body.code).toBe('freeze.active');
  });

  it.each([
    ['its own, the newest of all', 0, "event = 'freeze.placed'"],
    [
      'every one of the last hundred',
      101,
      "idx > (SELECT idx FROM log_entries WHERE event = 'freeze.placed')",
    ],
    ['every one', 1, 'idx >= 0'],
  ])('stands though entries of the log do not open: %s', async (_which, entries, where) => {
    await freeze();
    await gateway.context.store.commit(async (tx) => {
      for (let i = 0; i < entries; i += 1)
        await tx.log.append({ event: 'request.refused', actor: 'test' });
    });
    inStore('DELETE FROM freezes');
    inStore(`UPDATE log_entries SET at = at + 1 WHERE ${where}`);
    for (let i = 0; i < 3; i += 1)
      expect((await gateway.submit(READ)).body.code).toBe('freeze.active');
    const calls = async () =>
      (await gateway.simulator.control<any>('GET', '/requests')).body.requests;
    const before = (await calls()).length;
    await gateway.stopGateway();
    await gateway.startGateway();
    // Who begins after that cannot say either whether the agent was revoked, and does not let it in.
    const { status, body } = await gateway.submit(READ);
    expect([status, body.code]).toEqual([503, 'store.unavailable']);
    expect(body.detail).toContain('restore the store');
    expect((await calls()).length).toBe(before);
  });
});

describe('a credential version', () => {
  it('that was put back in the file is not used', async () => {
    const token = await gateway.simulator.token('all');
    const version = await gateway.context.secrets.put('hubspot/main', token, 1);
    const of = { connection: 'main', version, fingerprint: 'second', by: 'test' };
    await gateway.context.store.commit((tx) => activateCredential(tx, of));
    expect((await gateway.submit(READ)).status).toBe(200);
    inStore("UPDATE credentials SET state = 'retired' WHERE version = 2");
    inStore("UPDATE credentials SET state = 'active' WHERE version = 1");
    expect((await gateway.submit(READ)).body.code).toBe('credential.missing');
    await gateway.context.store.commit((tx) => activateCredential(tx, of));
    expect((await gateway.submit(READ)).status).toBe(200);
  });
});
