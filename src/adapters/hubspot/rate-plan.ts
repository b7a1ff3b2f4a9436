import { setTimeout as sleep } from 'node:timers/promises';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/**
 * Our own budget below HubSpot's lowest tier (100 calls in 10 s per app, 5 searches a second per
 * account), so that HubSpot's limiter is never what stops us.
 * https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
 */
export interface RatePlan {
  readonly callsPerTenSeconds: number;
  readonly searchesPerSecond: number;
  /** How long a call waits for its turn before it is given up as unsent, ms. */
  readonly waitMaxMs: number;
}

export const DEFAULT_RATE_PLAN: RatePlan = {
  callsPerTenSeconds: 90,
  searchesPerSecond: 4,
  waitMaxMs: 3_000,
};

export interface Turnstile {
  /** Seconds to wait when there is no turn in time; undefined when the call may go now. */
  take(connection: string, isSearch: boolean): Promise<number | undefined>;
}

async function takeFrom(
  limiter: RateLimiterMemory,
  key: string,
  deadline: number,
): Promise<number | undefined> {
  for (;;) {
    try {
      await limiter.consume(key);
      return undefined;
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused;
      const waitMs = Math.max(refused.msBeforeNext, 1);
      if (Date.now() + waitMs > deadline) return Math.ceil(waitMs / 1000);
      await sleep(waitMs);
    }
  }
}

export function createTurnstile(plan: RatePlan): Turnstile {
  const calls = new RateLimiterMemory({ points: plan.callsPerTenSeconds, duration: 10 });
  const searches = new RateLimiterMemory({ points: plan.searchesPerSecond, duration: 1 });
  return {
    take: async (connection, isSearch) => {
      const deadline = Date.now() + plan.waitMaxMs;
      const wait = isSearch ? await takeFrom(searches, connection, deadline) : undefined;
      return wait ?? takeFrom(calls, connection, deadline);
    },
  };
}
