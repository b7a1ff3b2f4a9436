import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { GatewayError } from '../core/gateway-error.ts';

/** How much one caller may ask. Throws `rate.limited` with the seconds to wait. */
export interface RateLimit {
  /**
   * `id`: of an agent or a person, proven; of who has shown nothing yet the address. `count`: how many at once, 1 by
   * default; more than are left are refused together, and none is left then.
   */
  take(id: string, count?: number): Promise<void>;
}

export interface RateLimitOptions {
  readonly perMinute: number;
  /** What is counted, in the plural; the refusal says it. */
  readonly what: string;
  /** Of all callers together; without it each stands alone. */
  readonly allPerMinute?: number;
  /** How many this caller is known to have had since then, where the record tells it. */
  readonly countSince?: (id: string, since: Date) => Promise<number>;
  /** How many one request of this caller counts as; 1 where nothing is said. */
  readonly costOf?: (id: string) => Promise<number>;
  readonly clock: () => Date;
}

const WINDOW_SECONDS = 60;
const EVERYBODY = 'everybody';

const windowOf = (points: number): RateLimiterMemory =>
  new RateLimiterMemory({ points, duration: WINDOW_SECONDS });

/** On first sight of a caller its window is filled from the record, so a restart is not a way round it. */
function createRefill(
  limiter: RateLimiterMemory,
  { countSince, clock }: Pick<RateLimitOptions, 'countSince' | 'clock'>,
): ((id: string) => Promise<void>) | undefined {
  if (countSince === undefined) return undefined;
  const count = countSince;
  const refilled = new Map<string, Promise<void>>();

  async function refill(id: string): Promise<void> {
    const made = await count(id, new Date(clock().getTime() - WINDOW_SECONDS * 1000));
    if (made > 0) await limiter.penalty(id, made);
  }

  return async (id) => {
    const known = refilled.get(id) ?? refill(id);
    refilled.set(id, known);
    try {
      await known;
    } catch (error) {
      refilled.delete(id);
      throw error;
    }
  };
}

/** A fixed window per caller, and one for all together. Both are in memory, where they cost a request nothing. */
export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { perMinute, what, allPerMinute, costOf } = options;
  const one = windowOf(perMinute);
  const all = allPerMinute === undefined ? undefined : windowOf(allPerMinute);
  const refill = createRefill(one, options);
  return {
    take: async (id, count = 1) => {
      // However slow: one a minute is left, so that what is asked for in the end is heard.
      const each = (await costOf?.(id)) ?? 1;
      const cost = Math.min(perMinute, each * count);
      try {
        await refill?.(id);
        // Each caller first: who is past it takes nothing away from the others.
        await one.consume(id, cost);
        await all?.consume(EVERYBODY);
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        const retryAfterSeconds = Math.ceil(refused.msBeforeNext / 1000);
        throw new GatewayError('rate.limited', {
          retryAfterSeconds,
          detail:
            each === 1
              ? `${perMinute} ${what} a minute`
              : `${Math.floor(perMinute / each)} ${what} a minute, since an alert was raised`,
        });
      }
    },
  };
}
