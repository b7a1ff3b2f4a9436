import { describe, expect, it } from 'vitest';
import { later, request, requestId, START } from '../fixtures.ts';
import type { Bench } from './bench.ts';

export function describeUnits(bench: Bench): void {
  describe('units of work', () => {
    it('returns what the work returns, once other instances see it', async () => {
      const other = await bench.openOther();
      const size = await bench.store.commit(async (tx) => {
        await tx.requests.insert(request(1));
        return tx.log.append({ event: 'gateway.started', actor: 'gateway' });
      });
      expect(size).toBe(0);
      expect(await other.requests.get(requestId(1))).toEqual(request(1));
      expect(await other.log.size()).toBe(1);
    });

    it('undoes a unit that throws and commits the others that came with it', async () => {
      const units = Array.from({ length: 9 }, (_, i) =>
        bench.store.commit(async (tx) => {
          await tx.requests.insert(request(i));
          await tx.log.append({ event: 'gateway.started', actor: 'gateway', facts: { i } });
          if (i % 3 === 1) throw new Error(`unit ${i}`);
        }),
      );
      const outcomes = await Promise.allSettled(units);
      expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual(
        [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => i % 3 !== 1),
      );
      expect(outcomes[4]).toMatchObject({ reason: { message: 'unit 4' } });
      for (let i = 0; i < 9; i += 1) {
        expect((await bench.store.requests.get(requestId(i))) === undefined).toBe(i % 3 === 1);
      }
      expect(await bench.store.log.size()).toBe(6);
    });

    it('shows a unit its own writes and nobody else before the commit', async () => {
      const seen = await bench.store.commit(async (tx) => {
        await tx.requests.insert(request(1));
        const outside = await bench.store.requests.get(requestId(1));
        return { inside: await tx.requests.get(requestId(1)), outside };
      });
      expect(seen).toEqual({ inside: request(1), outside: undefined });
    });

    it('gives each unit one time, from its clock', async () => {
      const times = await bench.store.commit(async (tx) => {
        const first = tx.now;
        bench.now = later(5_000);
        await tx.requests.insert(request(1));
        return [first, tx.now];
      });
      expect(times).toEqual([START, START]);
      expect(await bench.store.commit((tx) => Promise.resolve(tx.now))).toEqual(later(5_000));
    });

    it('refuses what a unit does after it has ended, and keeps it out of other units', async () => {
      const late: Promise<unknown>[] = [];
      const broken = bench.store.commit(async (tx) => {
        const append = async (steps: number) => {
          for (let i = 0; i < steps; i += 1) await tx.requests.get(requestId(i));
          await tx.log.append({ event: 'gateway.started', actor: 'gateway' });
        };
        late.push(append(50));
        late[0]?.catch(() => undefined);
        await Promise.all([...late, Promise.reject(new Error('early'))]);
      });
      const good = bench.store.commit((tx) => tx.requests.insert(request(1)));
      await expect(broken).rejects.toThrow('early');
      await good;
      await expect(late[0]).rejects.toThrow('after its unit of work');
      expect(await bench.store.log.size()).toBe(0);
    });

    it('proves that it can write', async () => {
      await expect(bench.store.probe()).resolves.toBeUndefined();
    });

    it('refuses everything after it was closed', async () => {
      await bench.store.close();
      const unavailable = { code: 'store.unavailable' };
      await expect(bench.store.commit(() => Promise.resolve(1))).rejects.toMatchObject(unavailable);
      await expect(bench.store.probe()).rejects.toMatchObject(unavailable);
      await expect(bench.store.requests.get('x')).rejects.toMatchObject(unavailable);
      await expect(bench.store.close()).resolves.toBeUndefined();
    });
  });
}
