import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { logEntries } from '../support/log-entries.ts';

let gateway: TestGateway;

afterEach(() => gateway.close());

const READ = { action: 'search_contact', company: 'Acme Corp' };
const calls = async (): Promise<number> => {
  const { body } = await gateway.simulator.control<{ requests: unknown[] }>('GET', '/requests');
  return body.requests.length;
};

describe('law 1: no HubSpot call without its intent entry on disk', () => {
  it('every call in the simulator’s log has an earlier intent entry for the same path', async () => {
    gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
    const found = await gateway.submit(READ);
    const [contact] = found.body.result.contacts;
    const write = await gateway.submit({
      action: 'create_note',
      contact_id: contact.id,
      note: 'One.',
    });
    await gateway.approve(write.body.id, write.body.digest);
    await gateway.ended(write.body.id);
    const { body } = await gateway.simulator.control<{
      requests: { method: string; path: string }[];
    }>('GET', '/requests');
    const entries = await logEntries(gateway.context.store);
    const intents = entries
      .filter(({ event }) => event === 'hubspot.intended')
      .map(({ hubspot_endpoint }) => hubspot_endpoint);
    const called = body.requests.map(({ path }) => path.split('?')[0]);
    expect(called.length).toBeGreaterThanOrEqual(4);
    expect(intents.toSorted()).toEqual(called.toSorted());
    const order = entries.map(({ event }) => event);
    expect(order.indexOf('hubspot.intended')).toBeLessThan(order.indexOf('hubspot.answered'));
  });

  it('logs what was answered also where only a comparison was made: the rules see a key that is refused', async () => {
    gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
    const action = { action: 'create_note', contact_id: '20001', note: 'Refused.' };
    const { id, digest } = (await gateway.submit(action)).body;
    await gateway.fault({ method: 'GET', path: '/contacts/20001' }, '401', 0);
    await gateway.approve(id, digest);
    await gateway.ended(id, 60_000);
    const ofComparing = (await gateway.entriesOf(id)).filter(
      ({ facts }) => facts.purpose === 'compare',
    );
    expect(ofComparing.map(({ event, code }) => [event, code])).toEqual([
      ['hubspot.intended', null],
      ['hubspot.answered', 'hubspot.unauthorized'],
    ]);
    expect(await gateway.context.store.incidents.list(10)).toHaveLength(1);
  });

  it('answers 503 and calls nothing while the store cannot be written, and heals by itself', async () => {
    gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
    const before = await calls();
    const blocker = new DatabaseSync(gateway.config.files.store);
    blocker.exec('BEGIN IMMEDIATE');
    const refused = await gateway.submit(READ);
    expect(refused.status).toBe(503);
    expect(['store.unavailable', 'log.unavailable']).toContain(refused.body.code);
    expect(refused.body.retryable).toBe(true);
    expect(await calls()).toBe(before);
    blocker.exec('ROLLBACK');
    blocker.close();
    await expect
      .poll(async () => (await gateway.submit(READ)).status, { timeout: 10_000 })
      .toBe(200);
  });
});
