import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Heard } from '../../../src/adapters/hubspot/rate-heard.ts';
import {
  createTurnstile,
  DEFAULT_RATE_PLAN,
  type RatePlan,
} from '../../../src/adapters/hubspot/rate-plan.ts';

/** The most of these times that lie within any stretch of `spanMs`. */
function mostWithin(times: readonly number[], spanMs: number): number {
  return Math.max(
    0,
    ...times.map((from) => times.filter((at) => at >= from && at < from + spanMs).length),
  );
}

const impatient = { callsPerTenSeconds: 9, searchesPerSecond: 2, waitMaxMs: 0 };
const ONE = { searches: [false], isReserved: false };
const SEARCH = { searches: [true], isReserved: false };
const RESERVED = { searches: [false], isReserved: true };
const NOON_UTC = new Date('2026-11-25T12:00:00Z');

/** A turnstile on clocks that stand still until they are moved. */
function standing(plan: RatePlan, start: Date = NOON_UTC) {
  const at = { ms: 0 };
  const clocks = { monotonic: () => at.ms, wall: () => new Date(start.getTime() + at.ms) };
  return { at, turnstile: createTurnstile(plan, clocks) };
}

/** How many of these turns there are right now. */
async function countFree(
  turnstile: ReturnType<typeof createTurnstile>,
  turns: typeof ONE,
): Promise<number> {
  for (let free = 0; ; free += 1) {
    if ((await turnstile.take('main', turns)) !== undefined) return free;
  }
}

describe('the rate plan', () => {
  it("stays below HubSpot's lowest tier: 100 calls in 10 s, 5 searches a second", () => {
    expect(DEFAULT_RATE_PLAN.callsPerTenSeconds).toBeLessThan(100);
    expect(DEFAULT_RATE_PLAN.searchesPerSecond).toBeLessThan(5);
  });

  it('says whole seconds, whatever the fraction of a millisecond at which it is asked', () => {
    // A second later than these, in floating point, is a little more than a second away.
    for (const ms of [1_000.84, 1_002.32, 1_003.8000000000001]) {
      const { at, turnstile } = standing(impatient);
      at.ms = ms;
      const heard: Heard = { stop: { code: 'hubspot.rate_limited' } };
      expect(turnstile.heed('main', heard, undefined)?.retryAfterSeconds).toBe(1);
    }
  });

  it('never lets more through than planned, in whatever ten seconds or second one looks', async () => {
    const arrivals = fc.array(fc.record({ afterMs: fc.nat(1_500), isSearch: fc.boolean() }), {
      maxLength: 80,
    });
    await fc.assert(
      fc.asyncProperty(arrivals, async (calls) => {
        const { at, turnstile } = standing(impatient);
        const gone: { at: number; isSearch: boolean }[] = [];
        for (const { afterMs, isSearch } of calls) {
          at.ms += afterMs;
          const turn = await turnstile.take('main', isSearch ? SEARCH : ONE);
          if (turn === undefined) gone.push({ at: at.ms, isSearch });
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
    const { at, turnstile } = standing(impatient);
    for (let i = 0; i < 9; i += 1) expect(await turnstile.take('main', ONE)).toBeUndefined();
    at.ms = 2_500;
    expect(await turnstile.take('main', ONE)).toEqual({
      code: 'hubspot.rate_limited',
      retryAfterSeconds: 8,
    });
    at.ms = 10_250;
    expect(await turnstile.take('main', ONE)).toBeUndefined();
  });

  it('names the limit that is in the way: searches have one of their own', async () => {
    const { turnstile } = standing(impatient);
    expect(await countFree(turnstile, SEARCH)).toBe(2);
    expect(await turnstile.take('main', SEARCH)).toEqual({
      code: 'hubspot.search_limited',
      retryAfterSeconds: 2,
    });
    expect(await turnstile.take('main', ONE)).toBeUndefined();
  });

  it('gives all turns of a request or none: what cannot go takes nothing from others', async () => {
    const { turnstile } = standing(impatient);
    const ten = { searches: Array.from({ length: 10 }, () => false), isReserved: false };
    expect(await turnstile.take('main', ten)).toMatchObject({ code: 'hubspot.rate_limited' });
    expect(await countFree(turnstile, ONE)).toBe(9);
  });

  it('keeps connections apart', async () => {
    const { turnstile } = standing({ ...impatient, callsPerTenSeconds: 1 });
    expect(await turnstile.take('main', ONE)).toBeUndefined();
    expect(await turnstile.take('main', ONE)).toMatchObject({ retryAfterSeconds: 11 });
    expect(await turnstile.take('other', ONE)).toBeUndefined();
  });

  it('lets those who came first go first, the others later, and refuses who would wait too long', async () => {
    const turnstile = createTurnstile({ ...DEFAULT_RATE_PLAN, waitMaxMs: 1_500 });
    const start = performance.now();
    const order: number[] = [];
    const times = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const wait = await turnstile.take('main', SEARCH);
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

describe('the reserve', () => {
  const plan = { ...DEFAULT_RATE_PLAN, callsPerTenSeconds: 30, waitMaxMs: 0 };
  const KEPT = 3;

  it('is a tenth that ordinary calls cannot use up', async () => {
    const { turnstile } = standing(plan);
    expect(await countFree(turnstile, ONE)).toBe(27);
    expect(await countFree(turnstile, RESERVED)).toBe(KEPT);
  });

  it('gives way to nobody: whatever ordinary calls came, reconciling goes at once, and the plan holds', async () => {
    const arrivals = fc.array(
      fc.record({ afterMs: fc.nat(900), ordinary: fc.nat(12), reconciles: fc.nat(2) }),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(arrivals, async (steps) => {
        const { at, turnstile } = standing(plan);
        const gone: number[] = [];
        const reconciled: number[] = [];
        const take = async (turns: typeof ONE): Promise<boolean> => {
          const isFree = (await turnstile.take('main', turns)) === undefined;
          if (isFree) gone.push(at.ms);
          return isFree;
        };
        for (const { afterMs, ordinary, reconciles } of steps) {
          at.ms += afterMs;
          for (let i = 0; i < ordinary; i += 1) await take(ONE);
          for (let i = 0; i < reconciles; i += 1) {
            const lately = reconciled.filter((time) => time > at.ms - 10_250).length;
            // It waits 0 ms as long as reconciling itself has not used the reserve.
            const isFree = await take(RESERVED);
            if (lately < KEPT) expect(isFree).toBe(true);
            if (isFree) reconciled.push(at.ms);
          }
        }
        expect(mostWithin(gone, 10_000)).toBeLessThanOrEqual(plan.callsPerTenSeconds);
      }),
    );
  });
});

describe('the radar', () => {
  const plan = { ...DEFAULT_RATE_PLAN, waitMaxMs: 0 };
  const SPARE = { searches: [false], isReserved: false, isSpare: true };
  const SPARE_SEARCH = { ...SPARE, searches: [true] };

  it('has turns of its own, a tenth beside the plan, and one search', async () => {
    const { turnstile } = standing(plan);
    expect(await countFree(turnstile, SPARE)).toBe(9);
    expect(await countFree(standing(plan).turnstile, SPARE_SEARCH)).toBe(1);
    const small = standing({ ...plan, callsPerTenSeconds: 3, searchesPerSecond: 1 });
    expect(await countFree(small.turnstile, SPARE)).toBe(1);
  });

  it('takes nothing from agents, nor from settling and incidents', async () => {
    const { turnstile } = standing(plan);
    await countFree(turnstile, SPARE);
    await countFree(turnstile, SPARE_SEARCH);
    expect(await countFree(turnstile, SEARCH)).toBe(4);
    expect(await countFree(turnstile, ONE)).toBe(81 - 4);
    expect(await countFree(turnstile, RESERVED)).toBe(9);
  });

  it('waits while agents have used up theirs', async () => {
    const calls = standing(plan).turnstile;
    await countFree(calls, ONE);
    expect(await calls.take('main', SPARE)).toMatchObject({ code: 'hubspot.rate_limited' });
    const searches = standing(plan).turnstile;
    await countFree(searches, SEARCH);
    expect(await searches.take('main', SPARE_SEARCH)).toMatchObject({
      code: 'hubspot.search_limited',
    });
    expect(await searches.take('main', SPARE)).toBeUndefined();
  });

  it('ends with the last hundredth of the day', async () => {
    const { turnstile } = standing(plan);
    turnstile.heed('main', { daily: { max: 250_000, remaining: 2_500 } }, 'UTC');
    expect(await turnstile.take('main', SPARE)).toMatchObject({ code: 'hubspot.daily_limited' });
  });

  it('is not what stops us: with it, too, we stay within HubSpot’s lowest tier', async () => {
    const lanes = { ONE, SEARCH, RESERVED, SPARE, SPARE_SEARCH };
    const names = fc.constantFrom(...(Object.keys(lanes) as (keyof typeof lanes)[]));
    const arrivals = fc.array(fc.record({ afterMs: fc.nat(400), lane: names, count: fc.nat(40) }), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(arrivals, async (steps) => {
        const { at, turnstile } = standing(plan);
        const gone: { at: number; isSearch: boolean }[] = [];
        for (const { afterMs, lane, count } of steps) {
          at.ms += afterMs;
          const turns = lanes[lane];
          for (let i = 0; i < count; i += 1) {
            if ((await turnstile.take('main', turns)) !== undefined) break;
            gone.push({ at: at.ms, isSearch: turns.searches[0] ?? false });
          }
        }
        const times = (searches: boolean) =>
          gone.filter(({ isSearch }) => isSearch || !searches).map(({ at: time }) => time);
        expect(mostWithin(times(false), 10_000)).toBeLessThanOrEqual(99);
        expect(mostWithin(times(true), 1_000)).toBeLessThanOrEqual(5);
      }),
    );
  });
});

describe('what HubSpot says is left', () => {
  const plan = { ...DEFAULT_RATE_PLAN, callsPerTenSeconds: 30, waitMaxMs: 0 };
  const left = (remaining: number): Heard => ({ burst: { remaining, intervalMs: 10_000 } });

  it('slows us down as far as others took of it, and only until the window has passed', async () => {
    const { at, turnstile } = standing(plan);
    await turnstile.take('main', ONE);
    expect(turnstile.heed('main', left(8))).toBeUndefined();
    // Eight are left, three of them are the reserve's.
    expect(await countFree(turnstile, ONE)).toBe(5);
    expect(await turnstile.take('main', ONE)).toEqual({
      code: 'hubspot.rate_limited',
      retryAfterSeconds: 10,
    });
    expect(await countFree(turnstile, RESERVED)).toBe(3);
    at.ms = 10_250;
    expect(await countFree(turnstile, ONE)).toBe(27);
  });

  it('stops the reserve too when nothing is left', async () => {
    const { turnstile } = standing(plan);
    turnstile.heed('main', left(0));
    expect(await countFree(turnstile, ONE)).toBe(0);
    expect(await countFree(turnstile, RESERVED)).toBe(0);
  });

  it('changes nothing while only we call: the plan is below the limit', async () => {
    const { turnstile } = standing(plan);
    for (let used = 1; used <= 20; used += 1) {
      await turnstile.take('main', ONE);
      turnstile.heed('main', left(100 - used));
    }
    expect(await countFree(turnstile, ONE)).toBe(7);
  });

  it('never lets us take more than it, whatever others do', async () => {
    const steps = fc.array(fc.record({ others: fc.nat(15), ours: fc.nat(15) }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(steps, async (rounds) => {
        const { at, turnstile } = standing(plan);
        const used: number[] = [];
        for (const { others, ours } of rounds) {
          at.ms += 700;
          const lately = () => used.filter((time) => time > at.ms - 10_000).length;
          for (let i = 0; i < others && lately() < 30; i += 1) used.push(at.ms);
          turnstile.heed('main', left(30 - lately()));
          for (let i = 0; i < ours; i += 1) {
            if ((await turnstile.take('main', RESERVED)) === undefined) used.push(at.ms);
          }
          expect(lately()).toBeLessThanOrEqual(30);
        }
      }),
    );
  });
});

describe('a refusal of HubSpot’s', () => {
  const plan = { ...DEFAULT_RATE_PLAN, waitMaxMs: 0 };
  const stop = (code: NonNullable<Heard['stop']>['code'], retryAfterMs?: number): Heard => ({
    stop: { code, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
  });

  it('stops every call for as long as it says', async () => {
    const { at, turnstile } = standing(plan);
    const said = { code: 'hubspot.rate_limited', retryAfterSeconds: 7 };
    expect(turnstile.heed('main', stop('hubspot.rate_limited', 7_000))).toEqual(said);
    expect(await turnstile.take('main', ONE)).toEqual(said);
    expect(await turnstile.take('main', RESERVED)).toEqual(said);
    at.ms = 7_000;
    expect(await turnstile.take('main', ONE)).toBeUndefined();
  });

  it('without a word of how long pauses a second, and longer each time that was too short', async () => {
    const { at, turnstile } = standing(plan);
    const pauses: (number | undefined)[] = [];
    for (let i = 0; i < 6; i += 1) {
      const said = turnstile.heed('main', stop('hubspot.rate_limited'));
      // The others of the same burst say nothing new.
      expect(turnstile.heed('main', stop('hubspot.rate_limited'))).toEqual(said);
      pauses.push(said?.retryAfterSeconds);
      at.ms += (said?.retryAfterSeconds ?? 0) * 1_000;
      expect(await turnstile.take('main', ONE)).toBeUndefined();
    }
    expect(pauses).toEqual([1, 2, 4, 8, 10, 10]);
    at.ms += 10_000;
    expect(turnstile.heed('main', stop('hubspot.rate_limited'))?.retryAfterSeconds).toBe(1);
  });

  it('of a search stops searches alone', async () => {
    const { turnstile } = standing(plan);
    turnstile.heed('main', stop('hubspot.search_limited'));
    expect(await turnstile.take('main', SEARCH)).toMatchObject({ code: 'hubspot.search_limited' });
    expect(await turnstile.take('main', ONE)).toBeUndefined();
  });

  it('reaches a call that waits for its turn already', async () => {
    const turnstile = createTurnstile({ ...plan, searchesPerSecond: 1, waitMaxMs: 3_000 });
    await turnstile.take('main', SEARCH);
    const waiting = turnstile.take('main', SEARCH);
    turnstile.heed('main', stop('hubspot.rate_limited', 60_000));
    expect(await waiting).toEqual({ code: 'hubspot.rate_limited', retryAfterSeconds: 59 });
  });
});

describe('the day', () => {
  const plan = { ...DEFAULT_RATE_PLAN, waitMaxMs: 0 };
  const SPENT: Heard = { stop: { code: 'hubspot.daily_limited' } };
  const day = (remaining: number): Heard => ({ daily: { max: 250_000, remaining } });

  it.each([
    ['America/New_York', '2026-11-25T22:30:00Z', 6.5],
    ['Europe/Zurich', '2026-11-25T22:30:00Z', 0.5],
    ['Pacific/Auckland', '2026-11-25T22:30:00Z', 12.5],
    ['Asia/Kathmandu', '2026-11-25T18:00:00Z', 0.25],
    // The day on which summer time ends has 25 hours.
    ['America/New_York', '2026-11-01T04:00:00Z', 25],
  ])('that is spent ends at midnight in %s (%s: %d h)', async (zone, now, hours) => {
    const { at, turnstile } = standing(plan, new Date(now));
    const said = { code: 'hubspot.daily_limited', retryAfterSeconds: hours * 3_600 };
    expect(turnstile.heed('main', SPENT, zone)).toEqual(said);
    expect(await turnstile.take('main', RESERVED)).toEqual(said);
    at.ms = hours * 3_600_000 - 1;
    expect(await turnstile.take('main', ONE)).toMatchObject({ retryAfterSeconds: 1 });
    at.ms += 1;
    expect(await turnstile.take('main', ONE)).toBeUndefined();
  });

  it.each([undefined, 'Mars/Olympus'])(
    'is tried at the next full hour when the zone is %s',
    async (zone) => {
      const { turnstile } = standing(plan, new Date('2026-11-25T22:30:00Z'));
      turnstile.heed('main', SPENT, zone);
      expect(await turnstile.take('main', ONE)).toMatchObject({ retryAfterSeconds: 1_800 });
    },
  );

  it('that is nearly spent is kept for reconciling and incidents', async () => {
    const { turnstile } = standing(plan);
    turnstile.heed('main', day(2_501), 'UTC');
    expect(await turnstile.take('main', ONE)).toBeUndefined();
    turnstile.heed('main', day(2_500), 'UTC');
    expect(await turnstile.take('main', ONE)).toMatchObject({ code: 'hubspot.daily_limited' });
    expect(await turnstile.take('main', RESERVED)).toBeUndefined();
    turnstile.heed('main', day(0), 'UTC');
    expect(await turnstile.take('main', RESERVED)).toMatchObject({ code: 'hubspot.daily_limited' });
  });

  it('goes on when HubSpot says that there is more', async () => {
    const { turnstile } = standing(plan);
    turnstile.heed('main', day(3), 'UTC');
    turnstile.heed('main', day(90_000), 'UTC');
    expect(await turnstile.take('main', ONE)).toBeUndefined();
  });
});
