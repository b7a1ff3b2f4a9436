import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { logEntries } from '../support/log-entries.ts';
import { runInFile } from '../support/store-file.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());

describe('law 10: a damaged row that is of no single request', () => {
  let bystander: string;
  const rename = (name: string): void => {
    runInFile(
      gateway.config.files.store,
      'UPDATE people SET name = ? WHERE id = ?',
      name,
      bystander,
    );
  };
  const damage = (): void => {
    rename('Somebody else');
  };
  const restore = (): void => {
    rename('Una Involved');
  };
  const waiting = async (note: string) =>
    (await gateway.submit({ action: 'create_note', contact_id: '20001', note })).body;
  const alerts = async () =>
    (await logEntries(gateway.context.store)).filter(({ event }) => event === 'store.tampered');

  beforeAll(async () => {
    bystander = (await gateway.addPerson('Una Involved')).record.id;
  });

  it('ends no write that waits for people: it is decided on once that is restored', async () => {
    const { id, digest } = await waiting('Decided later.');
    damage();
    const refused = await gateway.approve(id, digest);
    expect([refused.status, refused.body.code]).toEqual([503, 'store.unavailable']);
    expect(refused.body.detail).toBe(`people ${bystander}`);
    const body = { digest, input: { note: 'Changed.' } };
    const unchanged = await gateway.approver.call('POST', `/v1/approvals/${id}/changes`, { body });
    expect([unchanged.status, unchanged.body.code]).toEqual([503, 'store.unavailable']);
    expect(await gateway.context.store.requests.status(id)).toBe('awaiting_approval');
    restore();
    await gateway.approve(id, digest);
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
  });

  it('ends no approved write: it begins once that is restored; people are told of the place once', async () => {
    const { id, digest } = await waiting('Begun later.');
    await gateway.fault({ method: 'GET', path: '/contacts/20001' }, '503', 0);
    await gateway.approve(id, digest);
    await expect
      .poll(async () => (await gateway.context.store.requests.get(id))?.code, { timeout: 20_000 })
      .toBe('hubspot.unavailable');
    damage();
    await gateway.simulator.control('DELETE', '/faults');
    await expect
      .poll(async () => (await gateway.context.store.requests.get(id))?.code, { timeout: 20_000 })
      .toBe('store.unavailable');
    expect(await gateway.timesSent('Begun later.')).toBe(0);
    const calls = async () =>
      (await gateway.simulator.control<any>('GET', '/requests')).body.requests;
    const before = (await calls()).length;
    await sleep(3_000);
    // Each question would be in the log, for as long as it lasts.
    expect((await calls()).slice(before)).toEqual([]);
    restore();
    expect((await gateway.ended(id, 60_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('Begun later.')).toBe(1);
    expect((await alerts()).map(({ request_id, facts }) => [request_id, facts.place])).toEqual([
      [null, `people ${bystander}`],
    ]);
  });
});

describe('law 10: a damaged row of the roster', () => {
  it('refuses requests with its true code, on record and in the log', async () => {
    runInFile(gateway.config.files.store, "UPDATE people SET name = 'Somebody else'");
    const refused = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
    expect(refused.status).toBe(500);
    expect(refused.body.code).toBe('plan.tampered');
    expect((await logEntries(gateway.context.store)).at(-1)).toMatchObject({
      event: 'request.refused',
      code: 'plan.tampered',
    });
  });
});
