import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { GatewayError } from '../core/gateway-error.ts';
import type { Store } from '../ports/store.ts';

/** How much one agent may ask. Throws `rate.limited` with the seconds to wait. */
export interface AgentRateLimit {
  take(agentId: string): Promise<void>;
}

const WINDOW_SECONDS = 60;

/**
 * A fixed window per agent. The counter is in memory, where it costs a request nothing; on first sight
 * of an agent it is filled from the record, so a restart is not a way round it.
 */
export function createAgentRateLimit(
  store: Pick<Store, 'requests'>,
  requestsPerMinute: number,
  clock: () => Date,
): AgentRateLimit {
  const limiter = new RateLimiterMemory({ points: requestsPerMinute, duration: WINDOW_SECONDS });
  const refilled = new Map<string, Promise<void>>();

  async function refill(agentId: string): Promise<void> {
    const since = new Date(clock().getTime() - WINDOW_SECONDS * 1000);
    const made = await store.requests.countSince(agentId, since);
    if (made > 0) await limiter.penalty(agentId, made);
  }

  return {
    take: async (agentId) => {
      const known = refilled.get(agentId) ?? refill(agentId);
      refilled.set(agentId, known);
      try {
        await known;
        await limiter.consume(agentId);
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) {
          refilled.delete(agentId);
          throw refused;
        }
        const retryAfterSeconds = Math.ceil(refused.msBeforeNext / 1000);
        const detail = `${requestsPerMinute} requests a minute`;
        throw new GatewayError('rate.limited', { retryAfterSeconds, detail });
      }
    },
  };
}
