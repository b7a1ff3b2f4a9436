import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { installEgress } from '../../../src/adapters/hubspot/egress.ts';
import { createHubSpotCrm } from '../../../src/adapters/hubspot/hubspot-crm.ts';
import type { Operation } from '../../../src/contracts/plan.ts';
import type { Crm, CrmAnswer } from '../../../src/ports/crm.ts';
import { DANA } from '../../simulator/api.ts';
import { type SimulatorProcess, startSimulator } from '../../support/simulator.ts';

const DEADLINE_MS = 3_000;
const MAIN = { connection: 'main', version: 1 };
const READ: Operation = {
  kind: 'read',
  object_type: 'contacts',
  method: 'GET',
  path: `/crm/objects/2026-09/contacts/${DANA}`,
  query: { properties: 'firstname' },
  body: null,
};
const SEARCH: Operation = {
  ...READ,
  kind: 'search',
  method: 'POST',
  path: '/crm/objects/2026-09/contacts/search',
  query: {},
  body: '{"limit":1}',
};
const CREATE: Operation = {
  ...SEARCH,
  kind: 'create',
  object_type: 'contacts',
  path: '/crm/objects/2026-09/contacts',
  body: '{"properties":{"firstname":"Once"}}',
};

let simulator: SimulatorProcess;
beforeAll(async () => {
  simulator = await startSimulator();
  installEgress({ allowedOrigins: [simulator.url], deadlineMs: DEADLINE_MS });
});
afterAll(() => simulator.stop());

interface Minted {
  readonly token: string;
  readonly app_id: number;
}
const mint = async (appId?: number): Promise<Minted> =>
  (await simulator.control<Minted>('POST', '/tokens', appId === undefined ? {} : { app_id: appId }))
    .body;

const crmOn = (
  token: string,
  more: Partial<Parameters<typeof createHubSpotCrm>[0]> = {},
  waitMaxMs = 0,
): Crm =>
  createHubSpotCrm({
    baseUrl: simulator.url,
    readToken: () => Promise.resolve(token),
    deadlineMs: DEADLINE_MS,
    ratePlan: { callsPerTenSeconds: 90, searchesPerSecond: 4, waitMaxMs },
    ...more,
  });

async function turnAndCall(crm: Crm, operation: Operation): Promise<CrmAnswer> {
  const noTurn = await crm.takeTurns([operation], MAIN);
  return noTurn === undefined ? crm.call(operation, MAIN) : { kind: 'unsent', ...noTurn };
}

beforeEach(async () => {
  const published = { enabled: true, burst_max: 100, search_per_second: 5, daily: 250_000 };
  await simulator.control('POST', '/limits', { ...published, retry_after: null });
});

describe('beside HubSpot’s limits', () => {
  it('a storm of reads is never answered 429, and says when to come again', async () => {
    const crm = crmOn((await mint()).token);
    const answers = await Promise.all(Array.from({ length: 120 }, () => turnAndCall(crm, READ)));
    expect(answers.filter(({ kind }) => kind === 'answered')).toHaveLength(81);
    expect(answers.filter(({ kind }) => kind === 'lost')).toEqual([]);
    expect(answers.find(({ kind }) => kind === 'unsent')).toMatchObject({
      code: 'hubspot.rate_limited',
      retryAfterSeconds: 11,
    });
    expect(await crm.takeTurns([READ], MAIN, 'reconcile')).toBeUndefined();
    expect(await crm.call(READ, MAIN)).toMatchObject({ kind: 'answered' });
  });

  it('another program on the same app is made room for', async () => {
    const mine = await mint();
    const crm = crmOn(mine.token);
    const other = crmOn((await mint(mine.app_id)).token);
    for (let i = 0; i < 80; i += 1) await turnAndCall(other, READ);
    expect(await turnAndCall(crm, READ)).toMatchObject({ kind: 'answered' });
    const answers = await Promise.all(Array.from({ length: 60 }, () => turnAndCall(crm, READ)));
    const answered = answers.filter(({ kind }) => kind === 'answered').length;
    // 19 were left at the most, nine of them for reconciling.
    expect(answered).toBe(10);
    expect(answers.filter(({ kind }) => kind === 'lost')).toEqual([]);
  });

  it('searches of others are met with a second’s pause of ours', async () => {
    // As if others had taken all of this second.
    await simulator.control('POST', '/limits', { search_per_second: 0 });
    const crm = crmOn((await mint()).token, {}, 2_000);
    expect(await turnAndCall(crm, SEARCH)).toEqual({
      kind: 'lost',
      status: 429,
      code: 'hubspot.search_limited',
      retryAfterSeconds: 1,
    });
    await simulator.control('POST', '/limits', { search_per_second: 4 });
    expect(await turnAndCall(crm, READ)).toMatchObject({ kind: 'answered' });
    const start = performance.now();
    expect(await turnAndCall(crm, SEARCH)).toMatchObject({ kind: 'answered' });
    expect(performance.now() - start).toBeGreaterThan(700);
  });

  it('Retry-After is obeyed', async () => {
    await simulator.control('POST', '/limits', { burst_max: 0, retry_after: 2 });
    const crm = crmOn((await mint()).token);
    const limited = { code: 'hubspot.rate_limited', retryAfterSeconds: 2 };
    expect(await turnAndCall(crm, READ)).toEqual({ kind: 'lost', status: 429, ...limited });
    expect(await turnAndCall(crm, READ)).toEqual({ kind: 'unsent', ...limited });
    expect(await crm.takeTurns([READ], MAIN, 'reconcile')).toEqual(limited);
  });

  it('a write that is refused is sent once, and is not said to have failed', async () => {
    await simulator.control('POST', '/limits', { burst_max: 0 });
    const crm = crmOn((await mint()).token);
    const before = await simulator.control<{ count: number }>('GET', '/requests');
    expect(await turnAndCall(crm, CREATE)).toMatchObject({ kind: 'lost', retryAfterSeconds: 1 });
    const after = await simulator.control<{ count: number }>('GET', '/requests');
    expect(after.body.count - before.body.count).toBe(1);
  });

  it('the end of the day stops everything until midnight in the account’s time zone', async () => {
    await simulator.control('POST', '/limits', { daily: 0 });
    const zones: string[] = [];
    const readTimeZone = (connection: string): Promise<string> => {
      zones.push(connection);
      return Promise.resolve('America/New_York');
    };
    const crm = crmOn((await mint()).token, { readTimeZone });
    const answer = await turnAndCall(crm, READ);
    expect(answer).toMatchObject({ kind: 'lost', code: 'hubspot.daily_limited' });
    expect(zones).toEqual(['main']);
    const noTurn = await crm.takeTurns([READ], MAIN, 'reconcile');
    expect(noTurn?.code).toBe('hubspot.daily_limited');
    const hour = new Intl.DateTimeFormat('en-US', {
      timeZone: 'America/New_York',
      dateStyle: 'short',
      timeStyle: 'medium',
    }).format(Date.now() + (noTurn?.retryAfterSeconds ?? 0) * 1_000);
    expect(hour).toContain('12:00:0');
    // What was stopped asked nothing.
    const { body } = await simulator.control<{ count: number }>('GET', '/requests');
    await turnAndCall(crm, READ);
    expect((await simulator.control<{ count: number }>('GET', '/requests')).body.count).toBe(
      body.count,
    );
  });

  it('the last hundredth of the day is left to reconciling', async () => {
    await simulator.control('POST', '/limits', { daily: 100 });
    const crm = crmOn((await mint()).token);
    const other = crmOn((await mint()).token, {
      ratePlan: { callsPerTenSeconds: 1_000, searchesPerSecond: 4, waitMaxMs: 0 },
    });
    for (let i = 0; i < 97; i += 1) await other.call(READ, MAIN);
    expect(await turnAndCall(crm, READ)).toMatchObject({ kind: 'answered' });
    expect(await turnAndCall(crm, READ)).toMatchObject({ kind: 'answered' });
    expect(await turnAndCall(crm, READ)).toMatchObject({ code: 'hubspot.daily_limited' });
    expect(await crm.takeTurns([READ], MAIN, 'reconcile')).toBeUndefined();
  });
});
