import { setTimeout as sleep } from 'node:timers/promises';
import { NotShownError } from './unproven.ts';

const POLL_MS = 50;

/** Asks until the answer is defined. Throws `NotShownError` when that takes longer than `maxMs`. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  maxMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + maxMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new NotShownError(`${what}: not within ${maxMs / 1000} s`);
    await sleep(POLL_MS);
  }
}

/** The same for a condition. */
export const untilTrue = (
  what: string,
  ask: () => Promise<boolean>,
  maxMs?: number,
): Promise<true> => until(what, async () => ((await ask()) ? true : undefined), maxMs);
