import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { DANA } from '../simulator/api.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: { SALLYPORT_CALL_DEADLINE_SECONDS: '4' },
  });
});
afterAll(() => gateway.close());

const limits = (change: Record<string, unknown>): Promise<unknown> =>
  gateway.simulator.control('POST', '/limits', change);
const UNLIMITED = { enabled: false, burst_max: 100, search_per_second: 5, retry_after: null };

beforeEach(() => limits(UNLIMITED));

const READ = { action: 'get_contact', contact_id: DANA };

async function callsToHubSpot(): Promise<number> {
  const { body } = await gateway.simulator.control<{ count: number }>('GET', '/requests');
  return body.count;
}

async function eventsOf(id: string): Promise<string[]> {
  return (await gateway.entriesOf(id)).map(({ event }: { event: string }) => event);
}

describe('an agent whose read meets a limit of HubSpot’s', () => {
  it('is told which one and when to come again, with 429', async () => {
    await limits({ enabled: true, burst_max: 0, retry_after: 3 });
    const refused = await gateway.submit(READ);
    expect(refused.status).toBe(429);
    expect(refused.body).toMatchObject({ code: 'hubspot.rate_limited', retryable: true });
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(2);
    expect(seconds).toBeLessThanOrEqual(3);

    const calls = await callsToHubSpot();
    const again = await gateway.submit(READ);
    expect(again.body).toMatchObject({ code: 'hubspot.rate_limited' });
    expect(await callsToHubSpot()).toBe(calls);

    await limits(UNLIMITED);
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect((await gateway.submit(READ)).status).toBe(200);
  });

  it('has it asked again when the limit passes soon, each time with its intent before it', async () => {
    await limits({ enabled: true, burst_max: 0, retry_after: 1 });
    const calls = await callsToHubSpot();
    const lifted = new Promise((resolve) => setTimeout(resolve, 600)).then(() => limits(UNLIMITED));
    const answer = await gateway.submit(READ);
    await lifted;
    expect(answer.status).toBe(200);
    const events = await eventsOf(answer.body.id as string);
    expect(await callsToHubSpot()).toBe(calls + 2);
    expect(events.filter((event) => event === 'hubspot.intended')).toHaveLength(2);
    expect(events.filter((event) => event === 'hubspot.lost')).toHaveLength(1);
    expect(events.filter((event) => event === 'hubspot.answered')).toHaveLength(1);
  });

  it('is not kept for ever by a limit that stays: three calls at the most', async () => {
    await limits({ enabled: true, burst_max: 0, retry_after: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const calls = await callsToHubSpot();
    const answer = await gateway.submit(READ);
    expect(answer.status).toBe(429);
    expect(await callsToHubSpot()).toBe(calls + 3);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  });
});

describe('a freeze that falls into the wait for a limit', () => {
  it('lets no repetition out, and is the answer', async () => {
    await limits({ enabled: true, burst_max: 0, retry_after: 1 });
    const calls = await callsToHubSpot();
    const waiting = gateway.submit(READ);
    while ((await callsToHubSpot()) === calls)
      await new Promise((resolve) => setTimeout(resolve, 20));
    const placed = await gateway.approver.call('POST', '/v1/freezes', {
      body: { reason: 'Strange reads.' },
    });
    expect((await waiting).body).toMatchObject({ code: 'freeze.active' });
    expect(await callsToHubSpot()).toBe(calls + 1);
    await gateway.approver.call('DELETE', `/v1/freezes/${String(placed.body.id)}`);
  });
});

describe('an approved write that meets a limit', () => {
  it('waits and is sent once', async () => {
    const note = 'Waits for the limit.';
    const asked = await gateway.submit({ action: 'create_note', contact_id: DANA, note });
    await limits({ enabled: true, burst_max: 0, retry_after: 1 });
    await gateway.submit(READ);
    await gateway.approve(asked.body.id as string, asked.body.digest as string);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await gateway.timesSent(note)).toBe(0);
    await limits(UNLIMITED);
    expect((await gateway.ended(asked.body.id as string)).body.status).toBe('succeeded');
    expect(await gateway.timesSent(note)).toBe(1);
  });
});

// The last: it ends the day of this gateway.
describe('the end of the day', () => {
  it('is told until midnight in the time zone that connecting found', async () => {
    const timeZone = 'Asia/Kathmandu';
    await gateway.context.store.commit(async (tx) =>
      tx.connections.put({
        ...{ name: 'main', portalId: 47_110_815, accountType: null, timeZone },
        ...{ uniqueProperties: {}, checkedAt: tx.now, accountSince: null, appId: null },
        credentialVersion: (await tx.credentials.active('main'))?.version ?? null,
      }),
    );
    await limits({ enabled: true, daily: 0 });
    const answer = await gateway.submit(READ);
    expect(answer.status).toBe(429);
    expect(answer.body).toMatchObject({ code: 'hubspot.daily_limited', retryable: true });
    const at = Date.now() + Number(answer.headers.get('retry-after')) * 1_000;
    const clock = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' });
    expect(clock.format(at)).toMatch(/^(23:59:5|00:00:0)\d$/);
  });
});
