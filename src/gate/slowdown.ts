import type { StoreReads } from '../ports/store.ts';
import { slowedAgents } from './alerts.ts';

/** A request of an agent that is slowed down counts as so many: a tenth of its rate is left. */
const SLOWED_COST = 10;
/** How long what the log says is taken for true. */
const KNOWN_MS = 1_000;

/**
 * How many requests one of this agent's counts as. Read from the log's alerts, at most once a second, so
 * it holds in every process and over a restart, and ends by itself. Throws `store.unavailable`.
 */
export function createSlowdown(
  store: Pick<StoreReads, 'log'>,
  clock: () => Date,
): (agentId: string) => Promise<number> {
  let known: Promise<ReadonlyMap<string, number>> | undefined;
  let knownAt = 0;
  return async (agentId) => {
    const now = clock();
    if (known === undefined || Math.abs(now.getTime() - knownAt) >= KNOWN_MS) {
      knownAt = now.getTime();
      known = slowedAgents(store, now);
      known.catch(() => {
        known = undefined;
      });
    }
    const until = (await known).get(agentId);
    return until !== undefined && until > now.getTime() ? SLOWED_COST : 1;
  };
}
