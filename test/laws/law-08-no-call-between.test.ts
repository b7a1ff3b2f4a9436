import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { placeFreeze } from '../../src/gate/freezes.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/** One search in 1.25 s, and a deadline that would let the others wait for their turn for four. */
const WAITING = 3;
const LAST_TURN_MS = 4_500;

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: { SALLYPORT_HUBSPOT_SEARCHES_PER_SECOND: '1', SALLYPORT_CALL_DEADLINE_SECONDS: '8' },
  });
});
afterAll(() => gateway.close());

const callCount = async (): Promise<number> => {
  const { body } = await gateway.simulator.control<{ requests: unknown[] }>('GET', '/requests');
  return body.requests.length;
};

describe('law 8: what waits for its turn when a freeze commits', () => {
  it('is not called when the turn comes', async () => {
    const reads = Array.from({ length: WAITING }, () =>
      gateway.submit({ action: 'search_contact', company: 'Acme Corp' }),
    );
    await expect.poll(callCount, { interval: 10, timeout: 20_000 }).toBe(1);
    await gateway.context.store.commit((tx) =>
      placeFreeze(tx, {
        target: { kind: 'connection', id: 'main' },
        reason: 'test',
        by: 'test',
        configured: 'main',
      }),
    );
    await sleep(LAST_TURN_MS);
    expect(await callCount()).toBe(1);
    const codes = (await Promise.all(reads)).map(({ body }) => body.code ?? body.status);
    expect(codes.toSorted()).toEqual(['freeze.active', 'freeze.active', 'succeeded']);
  });
});
