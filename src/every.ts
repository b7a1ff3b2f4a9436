import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs the work at once, and again this long after it has ended, one at a time: work that takes long is
 * not followed by all that it has missed. What it throws is its own to handle. Returns how to end it,
 * which waits for the work that is under way.
 */
export function every(pauseMs: number, work: () => Promise<void>): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  async function run(): Promise<void> {
    while (!signal.aborted) {
      await work();
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }
  const running = run();
  return async () => {
    stopping.abort();
    await running;
  };
}
