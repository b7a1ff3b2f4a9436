import { describe, expect, it } from 'vitest';
import { request, requestId } from '../fixtures.ts';
import type { Bench } from './bench.ts';

export function describeWaiting(bench: Bench): void {
  describe('waiting for a request', () => {
    const isEnded = ({ status }: { status: string }) => status === 'succeeded';
    const move = (number: number, status: 'executing' | 'succeeded', on = bench.store) =>
      on.commit((tx) => tx.requests.update(requestId(number), { status }));

    it('answers at once when it is done already', async () => {
      await bench.insert(request(1, { status: 'succeeded' }));
      const done = await bench.store.waitForRequest(requestId(1), isEnded, 60_000);
      expect(done?.status).toBe('succeeded');
    });

    it('wakes on the commit that makes it done, not on one before', async () => {
      await bench.insert(request(1, { status: 'approved' }));
      const waiting = bench.store.waitForRequest(requestId(1), isEnded, 60_000);
      await move(1, 'executing');
      await move(1, 'succeeded');
      expect((await waiting)?.status).toBe('succeeded');
    });

    it('wakes for a request that did not exist yet', async () => {
      const waiting = bench.store.waitForRequest(requestId(1), isEnded, 60_000);
      await bench.insert(request(1, { status: 'succeeded' }));
      expect((await waiting)?.id).toBe(requestId(1));
    });

    it('wakes on the commit of another instance', async () => {
      await bench.insert(request(1, { status: 'approved' }));
      const other = await bench.openOther();
      const waiting = bench.store.waitForRequest(requestId(1), isEnded, 60_000);
      await move(1, 'executing', other);
      await new Promise((resolve) => setTimeout(resolve, 120));
      await move(1, 'succeeded', other);
      expect((await waiting)?.status).toBe('succeeded');
    });

    it('gives the present state, or nothing, after its time', async () => {
      await bench.insert(request(1));
      const [present, nothing] = await Promise.all([
        bench.store.waitForRequest(requestId(1), isEnded, 30),
        bench.store.waitForRequest(requestId(2), isEnded, 0),
      ]);
      expect(present).toEqual(request(1));
      expect(nothing).toBeUndefined();
    });

    it('ends with the reason of an aborted signal', async () => {
      await bench.insert(request(1));
      const stop = new AbortController();
      const waiting = bench.store.waitForRequest(requestId(1), isEnded, 60_000, stop.signal);
      stop.abort(new Error('gone away'));
      await expect(waiting).rejects.toThrow('gone away');
      const late = bench.store.waitForRequest(requestId(1), isEnded, 60_000, stop.signal);
      await expect(late).rejects.toThrow('gone away');
    });

    it('passes on what its condition throws', async () => {
      await bench.insert(request(1));
      const broken = bench.store.waitForRequest(
        requestId(1),
        () => {
          throw new Error('condition');
        },
        60_000,
      );
      await expect(broken).rejects.toThrow('condition');
    });

    it('ends with bench.store.unavailable when the store closes', async () => {
      await bench.insert(request(1));
      const waiting = bench.store.waitForRequest(requestId(1), isEnded, 60_000);
      const ended = expect(waiting).rejects.toMatchObject({ code: 'store.unavailable' });
      await bench.store.close();
      await ended;
    });

    it('carries 1,000 waiters and wakes each by its own request', async () => {
      await bench.insert(
        ...Array.from({ length: 500 }, (_, i) => request(i, { status: 'executing' })),
      );
      let asked = 0;
      const counting = (row: { status: string }) => {
        asked += 1;
        return isEnded(row);
      };
      const waiters = Array.from({ length: 1_000 }, (_, i) =>
        bench.store.waitForRequest(requestId(i % 500), counting, 60_000),
      );
      await Promise.all(Array.from({ length: 500 }, (_, i) => move(i, 'succeeded')));
      const woken = await Promise.all(waiters);
      expect(woken.map((row) => row?.id)).toEqual(
        Array.from({ length: 1_000 }, (_, i) => requestId(i % 500)),
      );
      // Once when it came and once when it was woken; a herd would be 500 times as many.
      expect(asked).toBeLessThanOrEqual(2_000);
    });
  });
}
