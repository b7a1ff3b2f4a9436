import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTurnstile, DEFAULT_RATE_PLAN } from '../../../src/adapters/hubspot/rate-plan.ts';

/** The most of these times that lie within any stretch of `spanMs`. */
function mostWithin(times: readonly number[], spanMs: number): number {
  return Math.max(
    0,
    ...times.map((from) => times.filter((at) => at >= from && at < from + spanMs).length),
  );
}

const impatient = { callsPerTenSeconds: 9, searchesPerSecond: 2, waitMaxMs: 0 };

describe('the rate plan', () => {
  it("stays below HubSpot's lowest tier: 100 calls in 10 s, 5 searches a second", () => {
    expect(DEFAULT_RATE_PLAN.callsPerTenSeconds).toBeLessThan(100);
    expect(DEFAULT_RATE_PLAN.searchesPerSecond).toBeLessThan(5);
  });

  it('never lets more through than planned, in whatever ten seconds or second one looks', async () => {
    const arrivals = fc.array(fc.record({ afterMs: fc.nat(1_500), isSearch: fc.boolean() }), {
      maxLength: 80,
    });
    await fc.assert(
      fc.asyncProperty(arrivals, async (calls) => {
        let now = 0;
        const turnstile = createTurnstile(impatient, () => now);
        const gone: { at: number; isSearch: boolean }[] = [];
        for (const { afterMs, isSearch } of calls) {
          now += afterMs;
          if ((await turnstile.take('main', isSearch)) === undefined)
            gone.push({ at: now, isSearch });
        }
        const searches = gone.filter(({ isSearch }) => isSearch);
        expect(
          mostWithin(
            gone.map(({ at }) => at),
            10_000,
          ),
        ).toBeLessThanOrEqual(9);
        expect(
          mostWithin(
            searches.map(({ at }) => at),
            1_000,
          ),
        ).toBeLessThanOrEqual(2);
      }),
    );
  });

  it('says how many seconds to wait when no turn comes in time', async () => {
    let now = 0;
    const turnstile = createTurnstile(impatient, () => now);
    for (let i = 0; i < 9; i += 1) expect(await turnstile.take('main', false)).toBeUndefined();
    now = 2_500;
    expect(await turnstile.take('main', false)).toBe(8);
    now = 10_250;
    expect(await turnstile.take('main', false)).toBeUndefined();
  });

  it('keeps connections apart', async () => {
    const turnstile = createTurnstile({ ...impatient, callsPerTenSeconds: 1 }, () => 0);
    expect(await turnstile.take('main', false)).toBeUndefined();
    expect(await turnstile.take('main', false)).toBe(11);
    expect(await turnstile.take('other', false)).toBeUndefined();
  });

  it('lets those who came first go first, the others later, and refuses who would wait too long', async () => {
    const turnstile = createTurnstile({ ...DEFAULT_RATE_PLAN, waitMaxMs: 1_500 });
    const start = performance.now();
    const order: number[] = [];
    const times = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const wait = await turnstile.take('main', true);
        if (wait === undefined) order.push(i);
        return wait === undefined ? performance.now() - start : null;
      }),
    );
    const gone = times.filter((time) => time !== null);
    // Four at once, four more than a second later, the last two would wait for two.
    expect(order.slice(0, 4)).toEqual([0, 1, 2, 3]);
    expect(order.slice(4).toSorted()).toEqual([4, 5, 6, 7]);
    expect(gone.filter((time) => time < 500)).toHaveLength(4);
    expect(gone.filter((time) => time >= 990)).toHaveLength(4);
  });
});
