import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { GatewayError } from '../core/gateway-error.ts';

/** How much one caller may ask. Throws `rate.limited` with the seconds to wait. */
export interface RateLimit {
  /** `id`: of an agent or a person, proven. */
  take(id: string): Promise<void>;
}

export interface RateLimitOptions {
  readonly perMinute: number;
  /** What is counted, in the plural; the refusal says it. */
  readonly what: string;
  /** How many this caller is known to have had since then, where the record tells it. */
  readonly countSince: (id: string, since: Date) => Promise<number>;
  readonly clock: () => Date;
}

const WINDOW_SECONDS = 60;

/**
 * A fixed window per caller. The counter is in memory, where it costs a request nothing; on first sight
 * of a caller it is filled from the record, so a restart is not a way round it.
 */
export function createRateLimit(options: RateLimitOptions): RateLimit {
  const { perMinute, what, countSince, clock } = options;
  const limiter = new RateLimiterMemory({ points: perMinute, duration: WINDOW_SECONDS });
  const refilled = new Map<string, Promise<void>>();

  async function refill(id: string): Promise<void> {
    const made = await countSince(id, new Date(clock().getTime() - WINDOW_SECONDS * 1000));
    if (made > 0) await limiter.penalty(id, made);
  }

  return {
    take: async (id) => {
      const known = refilled.get(id) ?? refill(id);
      refilled.set(id, known);
      try {
        await known;
        await limiter.consume(id);
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) {
          refilled.delete(id);
          throw refused;
        }
        const retryAfterSeconds = Math.ceil(refused.msBeforeNext / 1000);
        throw new GatewayError('rate.limited', {
          retryAfterSeconds,
          detail: `${perMinute} ${what} a minute`,
        });
      }
    },
  };
}
