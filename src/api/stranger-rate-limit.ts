import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { GatewayError } from '../core/gateway-error.ts';

/** How much those may ask who have shown nothing yet. Throws `rate.limited` with the seconds to wait. */
export interface StrangerRateLimit {
  take(address: string): Promise<void>;
}

const WINDOW_SECONDS = 60;
/** Each costs a commit, so all addresses together are bounded too. */
const ALL_FACTOR = 5;
const EVERYBODY = 'everybody';

/** Fixed windows in memory: a restart forgets them, and forgets nobody's key by it. */
export function createStrangerRateLimit(perAddressPerMinute: number): StrangerRateLimit {
  const duration = WINDOW_SECONDS;
  const one = new RateLimiterMemory({ points: perAddressPerMinute, duration });
  const all = new RateLimiterMemory({ points: perAddressPerMinute * ALL_FACTOR, duration });
  return {
    take: async (address) => {
      try {
        // One address first: who is past it takes nothing away from the others.
        await one.consume(address);
        await all.consume(EVERYBODY);
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) throw refused;
        const retryAfterSeconds = Math.ceil(refused.msBeforeNext / 1000);
        throw new GatewayError('rate.limited', { retryAfterSeconds });
      }
    },
  };
}
