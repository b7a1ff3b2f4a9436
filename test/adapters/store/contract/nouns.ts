import { describe, expect, it } from 'vitest';
import {
  agent,
  connection,
  decision,
  freeze,
  later,
  ledgerEntry,
  person,
  request,
  requestId,
} from '../fixtures.ts';
import type { Bench } from './bench.ts';

export function describeNouns(bench: Bench): void {
  describe('decisions', () => {
    it('keeps the first decision of each person, in the order they were made', async () => {
      await bench.insert(request(1), request(2));
      const first = decision(requestId(1), { personId: 'per_b' });
      const second = decision(requestId(1), { personId: 'per_a', reason: null, proof: 'key' });
      const made = await bench.store.commit(async (tx) => [
        await tx.decisions.insert(first),
        await tx.decisions.insert(second),
        await tx.decisions.insert({ ...first, decision: 'reject' }),
      ]);
      expect(made).toEqual([true, true, false]);
      expect(await bench.store.decisions.of(requestId(1))).toEqual([first, second]);
      expect(await bench.store.decisions.of(requestId(2))).toEqual([]);
    });
  });

  describe('agents and people', () => {
    it('keeps agents and revokes each once, from the commit on', async () => {
      await bench.store.commit(async (tx) => {
        await tx.agents.insert(agent(2));
        await tx.agents.insert(agent(1, { groups: [] }));
      });
      bench.now = later(500);
      const revoke = (id: string) => bench.store.commit((tx) => tx.agents.revoke(id));
      expect([await revoke(agent(1).id), await revoke(agent(1).id), await revoke('x')]).toEqual([
        true,
        false,
        false,
      ]);
      expect((await bench.store.agents.list()).rows).toEqual([
        agent(1, { groups: [], revokedAt: bench.now }),
        agent(2),
      ]);
      expect(await bench.store.agents.get(agent(2).id)).toEqual(agent(2));
      expect(await bench.store.agents.get('x')).toBeUndefined();
    });

    it('keeps people, one standing person for each e-mail', async () => {
      const email = 'dana@acme.test';
      const add = (number: number) =>
        bench.store.commit((tx) => tx.people.insert(person(number, { email })));
      await add(1);
      await expect(add(2)).rejects.toThrow();
      bench.now = later(500);
      expect(await bench.store.commit((tx) => tx.people.revoke(person(1).id))).toBe(true);
      expect(await bench.store.commit((tx) => tx.people.revoke(person(1).id))).toBe(false);
      await add(2);
      expect(await bench.store.people.list()).toEqual([
        person(1, { email, revokedAt: bench.now }),
        person(2, { email }),
      ]);
      expect(await bench.store.people.get(person(2).id)).toEqual(person(2, { email }));
      expect(await bench.store.people.get('x')).toBeUndefined();
    });

    it('takes each TOTP step once, and none before the last one', async () => {
      await bench.store.commit((tx) => tx.people.insert(person(1, { totpLastStep: 10 })));
      const use = (step: number, id = person(1).id) =>
        bench.store.commit((tx) => tx.people.useTotpStep(id, step));
      const twice = await Promise.all([use(12), use(12)]);
      expect(twice.toSorted()).toEqual([false, true]);
      expect([await use(11), await use(12), await use(13), await use(14, 'x')]).toEqual([
        false,
        false,
        true,
        false,
      ]);
      expect((await bench.store.people.get(person(1).id))?.totpLastStep).toBe(13);
    });
  });

  describe('wrong TOTP codes', () => {
    it('are kept with the person they were tried for', async () => {
      await bench.store.commit((tx) => tx.people.insert(person(1)));
      const totpGuesses = [{ at: later(5), code: '000001' }];
      const set = (id: string) =>
        bench.store.commit((tx) => tx.people.setTotpGuesses(id, totpGuesses));
      await set(person(1).id);
      await set('x');
      expect(await bench.store.people.list()).toEqual([person(1, { totpGuesses })]);
      await bench.store.commit((tx) => tx.people.useTotpStep(person(1).id, 9));
      expect(await bench.store.people.get(person(1).id)).toEqual(
        person(1, { totpGuesses, totpLastStep: 9 }),
      );
    });
  });

  describe('freezes', () => {
    it('finds the oldest standing freeze on any of the targets, until it is lifted', async () => {
      const onAgent = freeze(1, { target: { kind: 'agent', id: 'agt_1' }, placedAt: later(20) });
      const onMain = freeze(2, { placedAt: later(10) });
      const onOther = freeze(3, { target: { kind: 'connection', id: 'agt_1' } });
      await bench.store.commit(async (tx) => {
        for (const row of [onAgent, onMain, onOther]) await tx.freezes.insert(row);
      });
      const targets = [onMain.target, onAgent.target];
      expect(await bench.store.freezes.standing(targets)).toEqual(onMain);
      expect(await bench.store.freezes.standing([onAgent.target])).toEqual(onAgent);
      expect(await bench.store.freezes.standing([{ kind: 'agent', id: 'main' }])).toBeUndefined();
      expect(await bench.store.freezes.standing([])).toBeUndefined();
      bench.now = later(99);
      expect(await bench.store.commit((tx) => tx.freezes.lift(onMain.id))).toBe(true);
      expect(await bench.store.commit((tx) => tx.freezes.lift(onMain.id))).toBe(false);
      expect(await bench.store.commit((tx) => tx.freezes.lift('x'))).toBe(false);
      expect(await bench.store.freezes.standing(targets)).toEqual(onAgent);
      const lifted = { ...onMain, liftedAt: bench.now };
      expect(await bench.store.freezes.get(onMain.id)).toEqual(lifted);
      expect(await bench.store.freezes.list()).toEqual([onOther, lifted, onAgent]);
    });
  });

  describe('credentials', () => {
    it('has one active version per connection, the last that was activated', async () => {
      const activate = (version: number, connection = 'main') =>
        bench.store.commit((tx) =>
          tx.credentials.activate({ connection, version, fingerprint: `fp-${version}` }),
        );
      expect(await bench.store.credentials.active('main')).toBeUndefined();
      await activate(1);
      await activate(7, 'other');
      bench.now = later(1_000);
      await activate(2);
      await activate(2);
      const second = { connection: 'main', version: 2, fingerprint: 'fp-2', createdAt: bench.now };
      expect(await bench.store.credentials.active('main')).toEqual({ ...second, state: 'active' });
      expect((await bench.store.credentials.get('main', 1))?.state).toBe('retired');
      expect((await bench.store.credentials.active('other'))?.version).toBe(7);
      expect(await bench.store.credentials.get('main', 3)).toBeUndefined();
      await activate(1);
      expect((await bench.store.credentials.active('main'))?.version).toBe(1);
      expect(await bench.store.credentials.get('main', 2)).toEqual({ ...second, state: 'retired' });
    });
  });

  describe('connections', () => {
    it('has what was found last of each', async () => {
      const main = connection();
      await bench.store.commit((tx) => tx.connections.put(main));
      await bench.store.commit((tx) => tx.connections.put(connection({ name: 'other' })));
      expect(await bench.store.connections.get('main')).toEqual(main);
      expect(await bench.store.connections.get('x')).toBeUndefined();
      const bare = { accountType: null, timeZone: null, uniqueProperties: {} };
      const moved = connection({ portalId: 9, checkedAt: later(5), ...bare });
      await bench.store.commit((tx) => tx.connections.put(moved));
      expect(await bench.store.connections.get('main')).toEqual(moved);
    });
  });

  describe('the write ledger', () => {
    it('keeps what each write changed, in order', async () => {
      await bench.insert(request(1), request(2));
      const entries = [
        ledgerEntry(requestId(1)),
        ledgerEntry(requestId(1), { objectType: 'contacts', before: {}, after: { a: '' } }),
      ];
      await bench.store.commit(async (tx) => {
        for (const entry of entries) await tx.ledger.insert(entry);
      });
      expect(await bench.store.ledger.of(requestId(1))).toEqual(entries);
      expect(await bench.store.ledger.of(requestId(2))).toEqual([]);
    });

    it('has what was executed in a time on one connection, each with its step', async () => {
      await bench.insert(request(1), request(2), request(3, { connection: 'other' }));
      const rows = [
        ledgerEntry(requestId(1), { executedAt: later(10) }),
        ledgerEntry(requestId(1), { executedAt: later(30) }),
        ledgerEntry(requestId(2), { executedAt: later(20) }),
        ledgerEntry(requestId(3), { executedAt: later(20) }),
      ];
      await bench.store.commit(async (tx) => {
        for (const row of rows) await tx.ledger.insert(row);
      });
      const between = async (from: number, to: number) =>
        (await bench.store.ledger.between('main', later(from), later(to))).rows;
      const [first, second, third] = rows;
      expect(await between(10, 30)).toEqual([
        { ...first, step: 1 },
        { ...third, step: 1 },
        { ...second, step: 2 },
      ]);
      expect(await between(11, 29)).toEqual([{ ...third, step: 1 }]);
      expect(await between(31, 99)).toEqual([]);
      expect(await bench.store.ledger.between('x', later(0), later(99))).toEqual({
        rows: [],
        damaged: [],
      });
    });
  });

  describe('the radar', () => {
    it('keeps how far it has looked, and what it has found', async () => {
      const swept = (change: object) => ({
        connection: 'main',
        sweptTo: later(5),
        found: [],
        ...change,
      });
      expect(await bench.store.radar.get('main')).toBeUndefined();
      await bench.store.commit((tx) => tx.radar.put(swept({})));
      await bench.store.commit((tx) => tx.radar.put(swept({ connection: 'other' })));
      const next = swept({
        sweptTo: later(9),
        found: [{ key: 'changed contacts/1', at: later(7) }],
      });
      await bench.store.commit((tx) => tx.radar.put(next));
      expect(await bench.store.radar.get('main')).toEqual(next);
      expect(await bench.store.radar.get('other')).toEqual(swept({ connection: 'other' }));
    });
  });
}
