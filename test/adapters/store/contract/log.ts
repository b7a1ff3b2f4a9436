import { describe, expect, it } from 'vitest';
import { isCanonical, opens } from '../../../../src/audit/leaf.ts';
import { AuditEntrySchema } from '../../../../src/contracts/audit-entry.ts';
import { DIGEST, requestId, START } from '../fixtures.ts';
import type { Bench } from './bench.ts';

export function describeLog(bench: Bench): void {
  describe('the log', () => {
    const personal = {
      user_id: 'dana@acme.test',
      agent_prompt: 'Note that I called.',
      structured_action: { action: 'create_note', company: 'Acme Corp' },
    };
    const append = (requestNumber: number, on = bench.store) =>
      on.commit((tx) =>
        tx.log.append({
          event: 'request.accepted',
          actor: 'agent:agt_1',
          requestId: requestId(requestNumber),
          personal,
        }),
      );

    it('sequences from 0 without gaps, whichever instance appends', async () => {
      const other = await bench.openOther();
      expect(await bench.store.log.size()).toBe(0);
      const indices = await Promise.all(
        Array.from({ length: 60 }, (_, i) => append(i, i % 2 === 0 ? bench.store : other)),
      );
      expect(indices.toSorted((a, b) => a - b)).toEqual([...indices.keys()]);
      expect(await bench.store.log.size()).toBe(60);
      const leaves = await other.log.leaves(0, 60);
      const entries = leaves.map((leaf) =>
        AuditEntrySchema.parse(JSON.parse(Buffer.from(leaf).toString())),
      );
      expect(entries.map(({ index }) => index)).toEqual([...indices.keys()]);
      for (const [i, index] of indices.entries()) {
        expect(entries[index]?.request_id).toBe(requestId(i));
      }
    });

    it('gives entries one by one, with the words of those that are asked for', async () => {
      for (let i = 0; i < 3; i += 1) await append(i);
      await bench.store.commit((tx) => tx.log.append({ event: 'gateway.started', actor: 'test' }));
      const bare = await bench.store.log.each(1, 4, () => false);
      expect(bare.map((one) => one?.index)).toEqual([1, 2, 3]);
      expect(bare.map((one) => one?.personal)).toEqual([null, null, null]);
      expect(bare.map((one) => one?.leaf)).toEqual(await bench.store.log.leaves(1, 4));
      const worded = await bench.store.log.each(1, 4, (event) => event === 'request.accepted');
      expect(worded.map((one) => one?.personal?.value)).toEqual([personal, personal, undefined]);
      expect(await bench.store.log.each(4, 4, () => true)).toEqual([]);
    });

    it('finds the newest of a rare kind, before a place and inside a unit too', async () => {
      const told = (on: Pick<typeof bench.store, 'log'>, limit: number, before?: number) =>
        on.log
          .newest('alert.raised', before === undefined ? { limit } : { limit, before })
          .then((all) => all.map(({ index }) => index));
      expect(await told(bench.store, 9)).toEqual([]);
      for (let i = 0; i < 6; i += 1) {
        await append(i);
        await bench.store.commit((tx) =>
          tx.log.append({ event: 'alert.raised', actor: 'gateway' }),
        );
      }
      expect(await told(bench.store, 9)).toEqual([11, 9, 7, 5, 3, 1]);
      expect(await told(bench.store, 2, 9)).toEqual([7, 5]);
      expect(await bench.store.log.newest('detection.marked', { limit: 9 })).toEqual([]);
      await bench.store.commit(async (tx) => {
        await tx.log.append({ event: 'alert.raised', actor: 'gateway' });
        expect(await told(tx, 1)).toEqual([12]);
      });
    });

    it('gives leaves by range, up to the end', async () => {
      for (let i = 0; i < 5; i += 1) await append(i);
      const all = await bench.store.log.leaves(0, 5);
      expect(await bench.store.log.leaves(1, 3)).toEqual(all.slice(1, 3));
      expect(await bench.store.log.leaves(3, 99)).toEqual(all.slice(3));
      expect(await bench.store.log.leaves(5, 9)).toEqual([]);
    });

    it('writes each event as one canonical leaf with every key', async () => {
      await bench.store.commit((tx) =>
        tx.log.append({
          event: 'hubspot.answered',
          actor: 'gateway',
          requestId: requestId(1),
          agentId: 'agt_1',
          code: 'record.conflict',
          digest: DIGEST,
          hubspotEndpoint: '/crm/objects/2026-09/notes',
          responseStatus: 409,
          facts: { attempt: 1, purpose: 'execute' },
        }),
      );
      await bench.store.commit((tx) =>
        tx.log.append({ event: 'gateway.started', actor: 'gateway' }),
      );
      const leaves = await bench.store.log.leaves(0, 2);
      expect(leaves.map((leaf) => isCanonical(leaf))).toEqual([true, true]);
      const common = { v: 1, timestamp: '2026-11-01T10:00:00.000Z', personal: null };
      expect(leaves.map((leaf) => JSON.parse(Buffer.from(leaf).toString()) as unknown)).toEqual([
        {
          ...common,
          index: 0,
          event: 'hubspot.answered',
          actor: 'gateway',
          request_id: requestId(1),
          agent_id: 'agt_1',
          code: 'record.conflict',
          digest: DIGEST,
          hubspot_endpoint: '/crm/objects/2026-09/notes',
          response_status: 409,
          facts: { attempt: 1, purpose: 'execute' },
        },
        {
          ...common,
          index: 1,
          event: 'gateway.started',
          actor: 'gateway',
          request_id: null,
          agent_id: null,
          code: null,
          digest: null,
          hubspot_endpoint: null,
          response_status: null,
          facts: {},
        },
      ]);
    });

    it('commits to personal content, with a salt of its own for each entry', async () => {
      await append(1);
      await append(2);
      await append(1);
      const records = await bench.store.log.ofRequest(requestId(1));
      expect(records.map(({ index }) => index)).toEqual([0, 2]);
      const commitments = records.map(({ leaf, personal: opened }) => {
        const text = Buffer.from(leaf).toString();
        expect(text).not.toContain('dana@acme.test');
        const { personal: commitment } = AuditEntrySchema.parse(JSON.parse(text));
        expect(opened?.value).toEqual(personal);
        expect(opens(commitment!, opened!.salt, opened!.value)).toBe(true);
        expect(opens(commitment!, opened!.salt, { ...personal, user_id: 'eve' })).toBe(false);
        return commitment;
      });
      expect(commitments[0]).not.toBe(commitments[1]);
    });

    it('refuses an entry that no leaf can hold and leaves no gap for it', async () => {
      await append(1);
      const facts = { text: 'x'.repeat(65_536) };
      const tooLarge = bench.store.commit((tx) =>
        tx.log.append({ event: 'gateway.started', actor: 'gateway', facts }),
      );
      await expect(tooLarge).rejects.toThrow(RangeError);
      const notJson = bench.store.commit((tx) =>
        tx.log.append({ event: 'gateway.started', actor: 'gateway', facts: { at: START } }),
      );
      await expect(notJson).rejects.toThrow();
      expect(await append(2)).toBe(1);
    });
  });
}
