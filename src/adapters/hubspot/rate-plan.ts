import { setTimeout as sleep } from 'node:timers/promises';

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

/**
 * HubSpot's window rolls, so ours does: never more than `max` turns in any `spanMs`. A window that
 * starts anew every ten seconds would let twice as many through around its edge.
 */
interface Window {
  readonly max: number;
  readonly spanMs: number;
  /** Times of the turns that still count, some still to come, in order. */
  readonly turns: number[];
}

const firstFree = ({ max, spanMs, turns }: Window, now: number): number => {
  const oldest = turns.at(-max);
  return oldest === undefined ? now : Math.max(now, oldest + spanMs);
};

function reserve({ spanMs, turns }: Window, at: number, now: number): void {
  while ((turns[0] ?? now) <= now - spanMs) turns.shift();
  turns.splice(turns.findLastIndex((turn) => turn <= at) + 1, 0, at);
}

/**
 * Calls that leave together arrive apart (a first connection takes its time), so two bursts a window
 * apart here can lie in one window there: ours are longer by this much.
 */
const ARRIVAL_SPREAD_MS = 250;

interface Budget {
  readonly calls: Window;
  readonly searches: Window;
}

const newBudget = (plan: RatePlan): Budget => ({
  calls: { max: plan.callsPerTenSeconds, spanMs: 10_000 + ARRIVAL_SPREAD_MS, turns: [] },
  searches: { max: plan.searchesPerSecond, spanMs: 1_000 + ARRIVAL_SPREAD_MS, turns: [] },
});

/** `clock` in ms and never backwards: the wall clock would stall every call when it is set back. */
export function createTurnstile(
  plan: RatePlan,
  clock: () => number = () => performance.now(),
): Turnstile {
  const budgets = new Map<string, Budget>();
  return {
    take: async (connection, isSearch) => {
      const budget = budgets.get(connection) ?? newBudget(plan);
      budgets.set(connection, budget);
      const windows = isSearch ? [budget.searches, budget.calls] : [budget.calls];
      const now = clock();
      const at = Math.max(...windows.map((window) => firstFree(window, now)));
      if (at - now > plan.waitMaxMs) return Math.ceil((at - now) / 1000);
      // Reserved before the wait: those who ask later queue behind, in order.
      for (const window of windows) reserve(window, at, now);
      if (at > now) await sleep(at - now);
      return undefined;
    },
  };
}
