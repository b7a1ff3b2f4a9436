import { describe, expect, it } from 'vitest';
import { canMove, REQUEST_STATUSES } from '../../../../src/core/request-state.ts';
import type { Store } from '../../../../src/ports/store.ts';
import {
  cardFor,
  decision,
  DIGEST,
  later,
  ledgerEntry,
  plan,
  request,
  requestId,
} from '../fixtures.ts';
import type { Bench } from './bench.ts';

export function describeRequests(bench: Bench): void {
  describe('requests', () => {
    it('returns a row as it was inserted, with all that may be null filled or not', async () => {
      const full = request(2, {
        status: 'failed',
        card: cardFor(requestId(2)),
        credentialVersion: 3,
        result: { records: [{ id: '1', email: null }], total: 1 },
        code: 'record.conflict',
        detail: 'žluťoučký 🐎 "quoted"',
        expiresAt: later(3_600_000),
        updatedAt: later(7),
      });
      const empty = request(1, { plan: null, digest: null, requirement: null });
      await bench.insert(empty, full);
      expect(await bench.store.requests.get(empty.id)).toEqual(empty);
      expect(await bench.store.requests.get(full.id)).toEqual(full);
      expect(await bench.store.requests.get(requestId(3))).toBeUndefined();
    });

    it('lets one of many concurrent inserts of an id win and refuses the others', async () => {
      const other = await bench.openOther();
      const inserts = Array.from({ length: 20 }, (_, i) =>
        (i % 2 === 0 ? bench.store : other).commit((tx) =>
          tx.requests.insert(request(1, { detail: String(i) })),
        ),
      );
      const outcomes = await Promise.allSettled(inserts);
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
      expect(refused).toHaveLength(19);
      for (const { reason } of refused) {
        expect(reason).toMatchObject({ code: 'idempotency.mismatch' });
      }
      const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
      expect((await bench.store.requests.get(requestId(1)))?.detail).toBe(String(winner));
    });

    it('changes the given fields, stamps the time and leaves the rest', async () => {
      await bench.insert(request(1));
      bench.now = later(1_000);
      const card = cardFor(requestId(1));
      const expiresAt = later(60_000);
      const change = { status: 'awaiting_approval', card, expiresAt } as const;
      await bench.store.commit((tx) => tx.requests.update(requestId(1), change));
      const changed = request(1, { ...change, updatedAt: bench.now });
      expect(await bench.store.requests.get(requestId(1))).toEqual(changed);
      const ending = { status: 'expired', code: 'approval.expired', expiresAt: null } as const;
      await bench.store.commit((tx) => tx.requests.update(requestId(1), ending));
      expect(await bench.store.requests.get(requestId(1))).toEqual({ ...changed, ...ending });
    });

    it('refuses every move that the state table does not have', async () => {
      let number = 0;
      for (const from of REQUEST_STATUSES) {
        for (const to of REQUEST_STATUSES) {
          const row = request((number += 1), { status: from });
          await bench.insert(row);
          const move = bench.store.commit((tx) =>
            tx.requests.update(row.id, { status: to, detail: 'moved' }),
          );
          if (canMove(from, to)) await move;
          else await expect(move).rejects.toMatchObject({ code: 'internal.unexpected' });
          const isMoved = canMove(from, to);
          expect(await bench.store.requests.get(row.id)).toMatchObject({
            status: isMoved ? to : from,
            detail: isMoved ? 'moved' : null,
          });
        }
      }
    });

    it('refuses to change a request that does not exist', async () => {
      const update = bench.store.commit((tx) => tx.requests.update(requestId(1), { detail: 'x' }));
      await expect(update).rejects.toMatchObject({ code: 'internal.unexpected' });
    });

    it('lists the newest first, by agent, status and risk, page by page', async () => {
      const rows = Array.from({ length: 7 }, (_, i) =>
        request(i, {
          // Pairs share a millisecond.
          createdAt: later(Math.floor(i / 2)),
          agentId: i % 2 === 0 ? 'agt_even' : 'agt_odd',
          status: i < 3 ? 'planned' : 'approved',
          risk: i === 1 || i === 2 ? 'write' : i === 5 ? 'destructive' : 'read',
          // Of the reads some as well: what stands in a row is no reason to be asked about it.
          card: i === 2 ? null : cardFor(requestId(i)),
        }),
      );
      await bench.insert(...rows.toReversed());
      const ids = async (filter: Parameters<Store['requests']['list']>[0]) =>
        (await bench.store.requests.list(filter)).rows.map(({ id }) => id);
      const expected = (...numbers: number[]) => numbers.map(requestId);
      expect(await ids({ limit: 100 })).toEqual(expected(6, 5, 4, 3, 2, 1, 0));
      expect(await ids({ limit: 3 })).toEqual(expected(6, 5, 4));
      expect(await ids({ limit: 3, before: requestId(4) })).toEqual(expected(3, 2, 1));
      expect(await ids({ limit: 9, agentId: 'agt_odd' })).toEqual(expected(5, 3, 1));
      const planned = { limit: 9, statuses: ['planned'], before: requestId(2) } as const;
      expect(await ids(planned)).toEqual(expected(1, 0));
      expect(await ids({ limit: 9, statuses: [] })).toEqual([]);
      expect(await ids({ limit: 9, isAsked: true })).toEqual(expected(5, 1));
      expect(await ids({ limit: 9, isAsked: true, statuses: ['approved'] })).toEqual(expected(5));
      expect(await ids({ limit: 9, before: requestId(99) })).toEqual([]);
      expect((await bench.store.requests.list({ limit: 1 })).rows[0]).toEqual(rows[6]);
    });

    it('gives ids in some states, the oldest first, page by page', async () => {
      const createdAt = [0, 0, 1, 2, 2].map(later);
      await bench.insert(
        ...createdAt.map((at, i) =>
          request(i, { createdAt: at, status: i === 3 ? 'succeeded' : 'planned' }),
        ),
      );
      const open = ['planned', 'approved'] as const;
      expect(await bench.store.requests.idsIn(open, { limit: 2 })).toEqual([0, 1].map(requestId));
      expect(await bench.store.requests.idsIn(open, { limit: 9, after: requestId(1) })).toEqual(
        [2, 4].map(requestId),
      );
      expect(await bench.store.requests.idsIn([], { limit: 9 })).toEqual([]);
    });

    it('gives the status alone', async () => {
      await bench.insert(request(1, { status: 'approved' }));
      expect(await bench.store.requests.status(requestId(1))).toBe('approved');
      expect(await bench.store.requests.status(requestId(2))).toBeUndefined();
    });

    it('knows whose workflow owes a look at the record', async () => {
      await bench.insert(request(1), request(2), request(3));
      await bench.store.commit(async (tx) => {
        await tx.requests.setWake(requestId(1), later(2_000));
        await tx.requests.setWake(requestId(2), later(1_000));
      });
      expect(await bench.store.requests.overdue(later(999), 9)).toEqual([]);
      expect(await bench.store.requests.overdue(later(2_000), 9)).toEqual([2, 1].map(requestId));
      expect(await bench.store.requests.overdue(later(2_000), 1)).toEqual([requestId(2)]);
      await bench.store.commit((tx) => tx.requests.setWake(requestId(2), null));
      expect(await bench.store.requests.overdue(later(2_000), 9)).toEqual([requestId(1)]);
    });

    it('knows of each whether its workflow owes that look, due or not', async () => {
      await bench.insert(request(1), request(2));
      const owed = () =>
        Promise.all([1, 2, 3].map((number) => bench.store.requests.isWakeOwed(requestId(number))));
      expect(await owed()).toEqual([false, false, false]);
      await bench.store.commit((tx) => tx.requests.setWake(requestId(2), later(9_000)));
      expect(await owed()).toEqual([false, true, false]);
      await bench.store.commit((tx) => tx.requests.setWake(requestId(2), null));
      expect(await owed()).toEqual([false, false, false]);
    });

    it('knows whose time is over, by the states asked for', async () => {
      const expiresAt = [3_000, 1_000, 2_000, 1_000].map(later);
      await bench.insert(
        ...expiresAt.map((at, i) =>
          request(i, { expiresAt: at, status: i === 3 ? 'approved' : 'planned' }),
        ),
        request(4, { expiresAt: null }),
      );
      const { requests } = bench.store;
      expect(await requests.expired(['planned'], later(999), 9)).toEqual([]);
      expect(await requests.expired(['planned'], later(2_000), 9)).toEqual([1, 2].map(requestId));
      expect(await requests.expired(['planned'], later(9_000), 1)).toEqual([requestId(1)]);
      expect(await requests.expired(['approved'], later(9_000), 9)).toEqual([requestId(3)]);
    });

    it('counts the requests of one agent since a time', async () => {
      const at = [0, 10, 20, 30].map(later);
      await bench.insert(...at.map((createdAt, i) => request(i, { createdAt })));
      await bench.insert(request(9, { agentId: 'agt_other', createdAt: later(30) }));
      const count = (ms: number) => bench.store.requests.countSince('agt_00000000001', later(ms));
      expect([await count(0), await count(10), await count(11), await count(31)]).toEqual([
        4, 3, 2, 0,
      ]);
    });

    it('says when an agent made its newest request', async () => {
      await bench.insert(...[20, 0, 10].map((ms, i) => request(i, { createdAt: later(ms) })));
      await bench.insert(request(9, { agentId: 'agt_other', createdAt: later(30) }));
      const { requests } = bench.store;
      expect(await requests.lastMadeAt('agt_00000000001')).toEqual(later(20));
      expect(await requests.lastMadeAt('agt_silent')).toBeUndefined();
    });

    it('lets an approval be used once, under 100 concurrent tries from two instances', async () => {
      await bench.insert(request(1), request(2));
      const other = await bench.openOther();
      const tries = Array.from({ length: 100 }, (_, i) =>
        (i % 2 === 0 ? bench.store : other).commit((tx) =>
          tx.requests.consumeApproval(requestId(1), DIGEST),
        ),
      );
      const won = (await Promise.all(tries)).filter((isFirst) => isFirst);
      expect(won).toEqual([true]);
      const unused = bench.store.commit((tx) => tx.requests.consumeApproval(requestId(2), DIGEST));
      expect(await unused).toBe(true);
    });

    it('takes nothing about a request that does not exist', async () => {
      const id = requestId(9);
      const { store } = bench;
      const consume = store.commit((tx) => tx.requests.consumeApproval(id, DIGEST));
      await expect(consume).rejects.toThrow();
      await expect(store.commit((tx) => tx.decisions.insert(decision(id)))).rejects.toThrow();
      await expect(store.commit((tx) => tx.ledger.insert(ledgerEntry(id)))).rejects.toThrow();
    });

    it('does not count an approval as used when its unit is undone', async () => {
      await bench.insert(request(1));
      const undone = bench.store.commit(async (tx) => {
        await tx.requests.consumeApproval(requestId(1), DIGEST);
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      const again = bench.store.commit((tx) => tx.requests.consumeApproval(requestId(1), DIGEST));
      expect(await again).toBe(true);
    });

    it('refuses a plan or a card that could not be read back', async () => {
      await expect(
        bench.insert(request(1, { plan: { ...plan, operations: [] } })),
      ).rejects.toThrow();
      const card = { ...cardFor(requestId(1)), request_id: 'x' };
      await expect(bench.insert(request(1, { card }))).rejects.toThrow();
      expect(await bench.store.requests.get(requestId(1))).toBeUndefined();
    });
  });
}
