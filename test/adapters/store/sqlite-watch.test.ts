import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../../src/core/gateway-error.ts';
import { createRequestWatch } from '../../../src/adapters/store/sqlite/watch.ts';
import { request, requestId } from './fixtures.ts';

/** Longer than the watch takes between two looks at the file. */
const TWO_POLLS_MS = 150;
const never = () => false;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

type Wait = (isDone: () => boolean, timeoutMs: number, signal?: AbortSignal) => Promise<unknown>;

/** A watch that counts what it asks of the store. */
function countingWatch() {
  const asked = { rows: 0, versions: 0 };
  const watch = createRequestWatch({
    get: () => {
      asked.rows += 1;
      return Promise.resolve(request(1));
    },
    revisions: () => Promise.resolve(new Map()),
    foreignVersion: () => (asked.versions += 1),
  });
  return { asked, watch };
}

describe('the watch over requests', () => {
  it.each([
    ['is done', (wait: Wait) => wait(() => true, 60_000)],
    ['runs out of time', (wait: Wait) => wait(never, 5)],
    ['is aborted', (wait: Wait) => wait(never, 60_000, AbortSignal.timeout(5))],
    [
      'fails',
      (wait: Wait, fail: () => void) => {
        setImmediate(fail);
        return wait(never, 60_000);
      },
    ],
  ])('keeps nothing of a wait that %s', async (_how, run) => {
    const { asked, watch } = countingWatch();
    const signals: AbortSignal[] = [];
    const wait: Wait = (isDone, timeoutMs, signal = new AbortController().signal) => {
      signals.push(signal);
      return watch.wait(requestId(1), isDone, timeoutMs, signal);
    };
    const fail = () => {
      watch.failed(new GatewayError('store.unavailable'));
    };
    await run(wait, fail).catch(() => undefined);
    const before = { ...asked };
    watch.committed(new Set([requestId(1)]));
    await pause(TWO_POLLS_MS);
    expect(asked).toEqual(before);
    expect(signals.map((signal) => getEventListeners(signal, 'abort').length)).toEqual([0]);
  });

  it('looks at the file only while someone waits', async () => {
    const { asked, watch } = countingWatch();
    await pause(TWO_POLLS_MS);
    expect(asked.versions).toBe(0);
    await watch.wait(requestId(1), never, TWO_POLLS_MS);
    expect(asked.versions).toBeGreaterThan(1);
  });
});
