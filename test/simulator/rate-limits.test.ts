import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSimulator } from '../support/simulator.ts';
import type { SimulatorProcess } from '../support/simulator.ts';
import { createApi, DANA, OBJECTS } from './api.ts';
import type { Api } from './api.ts';

let sim: SimulatorProcess;
let api: Api;
let appId: number;
beforeAll(async () => {
  sim = await startSimulator();
  const minted = await sim.control<{ token: string; app_id: number }>('POST', '/tokens', {});
  api = createApi(sim, minted.body.token);
  appId = minted.body.app_id;
});
afterAll(() => sim.stop());
beforeEach(async () => {
  const published = { enabled: true, burst_max: 100, search_per_second: 5, daily: 250_000 };
  await sim.control('POST', '/limits', published);
});

const read = () => api('GET', `${OBJECTS}/contacts/${DANA}`);
const search = () => api('POST', `${OBJECTS}/contacts/search`, { limit: 1 });

describe('rate limits', () => {
  it('are on by default, with HubSpot’s numbers in the headers', async () => {
    const fresh = await startSimulator();
    try {
      const reply = await createApi(fresh, await fresh.token())(
        'GET',
        `${OBJECTS}/contacts/${DANA}`,
      );
      expect(reply.headers.get('x-hubspot-ratelimit-max')).toBe('100');
      expect(reply.headers.get('x-hubspot-ratelimit-remaining')).toBe('99');
      expect(reply.headers.get('x-hubspot-ratelimit-interval-milliseconds')).toBe('10000');
      expect(reply.headers.get('x-hubspot-ratelimit-daily')).toBe('250000');
      expect(reply.headers.get('x-hubspot-ratelimit-daily-remaining')).toBe('249999');
    } finally {
      await fresh.stop();
    }
  });

  it('let 100 calls through in ten seconds and answer the next with TEN_SECONDLY_ROLLING', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 100 }, async () => (await read()).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
    const reply = await read();
    expect(reply.status).toBe(429);
    expect(reply.body).toEqual({
      status: 'error',
      message: 'You have reached your ten_secondly_rolling limit.',
      errorType: 'RATE_LIMIT',
      correlationId: expect.any(String) as string,
      policyName: 'TEN_SECONDLY_ROLLING',
      groupName: `publicapi:private_app-api-calls-ten-secondly:${String(appId)}:47110815`,
    });
    expect(reply.headers.get('x-hubspot-ratelimit-remaining')).toBe('0');
    expect(reply.headers.get('retry-after')).toBeNull();
  });

  it('count each app by itself, but two tokens of one app together', async () => {
    await sim.control('POST', '/limits', { burst_max: 2 });
    await read();
    await read();
    expect((await read()).status).toBe(429);
    const other = createApi(sim, await sim.token());
    expect((await other('GET', `${OBJECTS}/contacts/${DANA}`)).status).toBe(200);
    const { body } = await sim.control<{ token: string }>('POST', '/tokens', { app_id: appId });
    const sibling = createApi(sim, body.token);
    expect((await sibling('GET', `${OBJECTS}/contacts/${DANA}`)).status).toBe(429);
  });

  it('give search five calls a second for the whole account', async () => {
    const other = createApi(sim, await sim.token());
    const replies = await Promise.all([
      ...Array.from({ length: 4 }, search),
      ...Array.from({ length: 4 }, () => other('POST', `${OBJECTS}/deals/search`, { limit: 1 })),
    ]);
    const refused = replies.filter((reply) => reply.status === 429);
    expect(refused).toHaveLength(3);
    expect(refused[0]?.body).toMatchObject({
      message: 'You have reached your secondly limit.',
      policyName: 'SECONDLY',
    });
    expect(refused[0]?.headers.get('x-hubspot-ratelimit-max')).toBeNull();
    await sleep(1_050);
    expect((await search()).status).toBe(200);
  });

  it('do not count searches against the burst', async () => {
    await sim.control('POST', '/limits', { burst_max: 1, search_per_second: 100 });
    await Promise.all([search(), search(), search()]);
    expect((await read()).status).toBe(200);
  });

  it('end the day with DAILY and a request id', async () => {
    await sim.control('POST', '/limits', { daily: 1 });
    await read();
    const reply = await read();
    expect(reply.status).toBe(429);
    expect(reply.body.policyName).toBe('DAILY');
    expect(reply.body.requestId).toBeTypeOf('string');
  });

  it('can be switched off', async () => {
    await sim.control('POST', '/limits', { enabled: false });
    const statuses = await Promise.all(
      Array.from({ length: 130 }, async () => (await read()).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it('leave no effect behind a refused write', async () => {
    await sim.control('POST', '/limits', { burst_max: 0 });
    const before = (await sim.effects()).length;
    const body = { properties: { firstname: 'No' } };
    expect((await api('POST', `${OBJECTS}/contacts`, body)).status).toBe(429);
    expect(await sim.effects()).toHaveLength(before);
  });
});
