import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { every } from '../src/every.ts';

describe('work that is repeated', () => {
  it('is never under way twice, and what took long is not made up for', async () => {
    const runs: { from: number; to: number }[] = [];
    let atOnce = 0;
    let atOnceMax = 0;
    const stop = every(5, async () => {
      atOnce += 1;
      atOnceMax = Math.max(atOnceMax, atOnce);
      const from = performance.now();
      await sleep(runs.length === 0 ? 200 : 1);
      atOnce -= 1;
      runs.push({ from, to: performance.now() });
    });
    await sleep(300);
    await stop();
    expect(atOnceMax).toBe(1);
    // 40 turns were missed while the first took its time; none of them follows at once.
    const pauses = runs.slice(1).map(({ from }, index) => from - (runs[index]?.to ?? 0));
    expect(pauses.length).toBeGreaterThan(1);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(4);
  });

  it('ends with the work that is under way, and starts none after', async () => {
    let done = 0;
    const stop = every(1, async () => {
      await sleep(50);
      done += 1;
    });
    await sleep(10);
    await stop();
    expect(done).toBe(1);
    await sleep(20);
    expect(done).toBe(1);
  });
});
