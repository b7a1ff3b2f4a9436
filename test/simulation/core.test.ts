import { describe, expect, it, vi } from 'vitest';
import { scaled } from '../faults/scale.ts';
import { EVENT_NAMES, type Outcome, simulate } from './simulate.ts';

vi.mock(
  '@temporalio/workflow',
  async () => (await import('./fake-temporal.ts')).fakeWorkflowModule,
);

/**
 * The gate, the activities and the workflow's own code on the real SQLite store (in memory), with a
 * seeded scheduler for the engine and a HubSpot that drops, delays and garbles its answers. What it
 * does in which order is pure in the seed: `SEED=n` runs that one alone and prints every step; `SEEDS_FROM=n` takes others
 * than the first.
 */
const SEEDS = scaled(1_000, 10_000);
const STEPS = 100;
const TIME_LIMIT_MS = scaled(1_200_000, 7_200_000);
const TRACE_SHOWN_MAX = 60;
const ONLY = process.env['SEED'];
const FROM = Number(process.env['SEEDS_FROM'] ?? 1);

async function run(seed: number): Promise<Outcome> {
  const outcome = await simulate(seed, { steps: STEPS });
  const { violation, trace } = outcome;
  if (ONLY !== undefined) console.log(trace.join('\n'));
  if (violation !== undefined)
    expect.fail(`SEED=${seed}: ${violation}\n${trace.slice(-TRACE_SHOWN_MAX).join('\n')}`);
  return outcome;
}

describe('the core under a seeded scheduler', () => {
  it(
    `keeps its rules for ${ONLY ?? SEEDS} ${ONLY === undefined ? 'seeds' : 'alone'}, ${STEPS} steps of trouble each`,
    async () => {
      if (ONLY !== undefined) {
        await run(Number(ONLY));
        return;
      }
      const did = new Map<string, number>();
      const ends = new Map<string, number>();
      let effects = 0;
      for (let seed = FROM; seed < FROM + SEEDS; seed += 1) {
        const outcome = await run(seed);
        effects += outcome.effects;
        for (const [name, times] of outcome.did) did.set(name, (did.get(name) ?? 0) + times);
        for (const end of outcome.ends) ends.set(end, (ends.get(end) ?? 0) + 1);
      }
      const counts = { from: FROM, seeds: SEEDS, steps: STEPS, effects };
      console.log('core', {
        ...counts,
        did: Object.fromEntries(did),
        ends: Object.fromEntries(ends),
      });
      // That what could go wrong was tried, and often went well all the same.
      expect(EVENT_NAMES.filter((name) => !did.has(name))).toEqual([]);
      expect(effects).toBeGreaterThan(SEEDS);
      for (const status of ['succeeded', 'failed', 'refused', 'rejected', 'expired', 'withdrawn'])
        expect([...ends.keys()].some((end) => end.startsWith(status))).toBe(true);
    },
    TIME_LIMIT_MS,
  );
});
