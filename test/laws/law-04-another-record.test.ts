import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { honest, type LyingProxy, startLyingProxy } from '../support/lying-proxy.ts';

let gateway: TestGateway;
let proxy: LyingProxy;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    between: async (simulatorUrl) => {
      proxy = await startLyingProxy(simulatorUrl);
      return proxy.url;
    },
  });
});
afterAll(async () => {
  await gateway.close();
  await proxy.close();
});
afterEach(() => {
  proxy.answer = honest;
});

const change = (jobtitle: string) => ({
  action: 'update_contact',
  contact_id: '20001',
  jobtitle,
});

/** Answers to these calls speak of another record. */
const mixUp = (method: string): void => {
  proxy.answer = async (passing) => {
    const told = await passing.forward();
    if (passing.method !== method || !passing.path.includes('/contacts/20001')) return told;
    return { ...told, body: JSON.stringify({ ...JSON.parse(told.body), id: '20002' }) };
  };
};

describe('law 4: a value in HubSpot’s own form', () => {
  it('is the value that was sent: a lost update is settled by it', async () => {
    const { body: found } = await gateway.submit({ action: 'search_deal', name: 'onboarding' });
    const [{ id }] = found.result.deals;
    const { body } = await gateway.submit({
      action: 'update_deal',
      deal_id: id,
      amount: 4_321,
      closedate: '2027-01-15T00:00:00Z',
    });
    proxy.answer = async (passing) => {
      const told = await passing.forward();
      if (passing.method === 'PATCH') return undefined;
      if (!passing.path.includes(`/deals/${id}`)) return told;
      const record = JSON.parse(told.body);
      const { amount } = record.properties;
      if (amount === '4321')
        Object.assign(record.properties, { amount: '4321.00', closedate: '1799971200000' });
      return { ...told, body: JSON.stringify(record) };
    };
    await gateway.approve(body.id, body.digest);
    expect((await gateway.ended(body.id, 40_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('4321')).toBe(1);
  }, 60_000);
});

describe('law 4: a success that speaks of another record', () => {
  it('is a lost answer, and the write is looked for', async () => {
    const { body } = await gateway.submit(change('Looked for'));
    mixUp('PATCH');
    await gateway.approve(body.id, body.digest);
    const ended = await gateway.ended(body.id, 40_000);
    expect(ended.body).toMatchObject({
      status: 'succeeded',
      result: { contact: { id: '20001' } },
    });
    const entries = await gateway.entriesOf(body.id);
    expect(entries.map(({ event }) => event)).toContain('hubspot.settled');
    expect(entries.find(({ event }) => event === 'hubspot.lost')?.code).toBe('hubspot.bad_answer');
    expect(await gateway.timesSent('Looked for')).toBe(1);
  }, 60_000);

  it('makes no card: a record that was merged away is not the one that took its place', async () => {
    mixUp('GET');
    const { status, body } = await gateway.submit(change('Merged'));
    expect([status, body.code]).toEqual([404, 'record.not_found']);
  });
});
