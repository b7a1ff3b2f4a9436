import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SecretStore } from '../../../src/ports/secret-store.ts';

export interface SecretStoreUnderTest {
  /** A new instance on the same, at first empty, place: what another process would have. */
  open(): Promise<SecretStore>;
  close(): Promise<void>;
}

const conflict = { code: 'secret.conflict' };

/** What every secret store owes by its port; each adapter's tests run it on the real thing. */
export function describeSecretStoreContract(
  title: string,
  start: () => Promise<SecretStoreUnderTest>,
): void {
  describe(`${title} keeps the contract of a secret store`, () => {
    let place: SecretStoreUnderTest;
    let store: SecretStore;

    beforeEach(async () => {
      place = await start();
      store = await place.open();
    });

    afterEach(async () => {
      await place.close();
    });

    it('returns what was put, by newest and by number', async () => {
      const before = Date.now();
      expect(await store.put('hubspot/main', 'first', 0)).toBe(1);
      expect(await store.put('hubspot/main', 'second', 1)).toBe(2);
      const newest = await store.get('hubspot/main');
      expect(newest).toMatchObject({ name: 'hubspot/main', version: 2, value: 'second' });
      expect(newest!.createdAt.getTime()).toBeGreaterThanOrEqual(before - 2_000);
      expect(newest!.createdAt.getTime()).toBeLessThanOrEqual(Date.now() + 2_000);
      expect(await store.get('hubspot/main', 1)).toMatchObject({ version: 1, value: 'first' });
      expect(await store.get('hubspot/main', 2)).toMatchObject({ version: 2, value: 'second' });
    });

    it('keeps any text exactly, also empty and beyond ASCII', async () => {
      const values = ['', ' \n\t', 'žluťoučký 🐎', '{"a":"\\u0000"}', 'x'.repeat(60_000)];
      for (const [index, value] of values.entries()) {
        await store.put('text/all', value, index);
        expect((await store.get('text/all'))?.value).toBe(value);
      }
    });

    it('returns undefined for unknown names and versions', async () => {
      await store.put('hubspot/main', 'value', 0);
      expect(await store.get('hubspot/other')).toBeUndefined();
      expect(await store.get('constructor')).toBeUndefined();
      for (const version of [0, 2, -1, 1.5]) {
        expect(await store.get('hubspot/main', version)).toBeUndefined();
      }
    });

    it('refuses a put on any version but the newest and changes nothing', async () => {
      await store.put('hubspot/main', 'first', 0);
      await store.put('hubspot/main', 'second', 1);
      for (const expected of [0, 1, 3, -1]) {
        await expect(store.put('hubspot/main', 'third', expected)).rejects.toMatchObject(conflict);
      }
      await expect(store.put('hubspot/new', 'value', 1)).rejects.toMatchObject(conflict);
      expect(await store.get('hubspot/main')).toMatchObject({ version: 2, value: 'second' });
      expect(await store.names()).toEqual(['hubspot/main']);
    });

    it('shows a write to another instance at once', async () => {
      const other = await place.open();
      expect(await other.get('log/signing-key')).toBeUndefined();
      await store.put('log/signing-key', 'first', 0);
      expect((await other.get('log/signing-key'))?.value).toBe('first');
      await other.put('log/signing-key', 'second', 1);
      expect((await store.get('log/signing-key'))?.value).toBe('second');
    });

    it('lets exactly one of 20 concurrent writers win each version', async () => {
      const instances = await Promise.all([place.open(), place.open(), place.open(), place.open()]);
      for (const expected of [0, 1, 2]) {
        const results = await Promise.allSettled(
          Array.from({ length: 20 }, (_, index) =>
            instances[index % 4]!.put('race/key', `writer ${index} on ${expected}`, expected),
          ),
        );
        const won = results.flatMap((result, index) =>
          result.status === 'fulfilled' ? index : [],
        );
        expect(won).toHaveLength(1);
        for (const result of results) {
          if (result.status === 'rejected') expect(result.reason).toMatchObject(conflict);
        }
        const stored = await store.get('race/key');
        expect(stored?.value).toBe(`writer ${won[0]!} on ${expected}`);
        expect(stored?.version).toBe(expected + 1);
      }
    });

    it('destroys one version for good and leaves the others', async () => {
      await store.put('hubspot/main', 'first', 0);
      await store.put('hubspot/main', 'second', 1);
      await store.destroy('hubspot/main', 1);
      expect(await store.get('hubspot/main', 1)).toBeUndefined();
      expect((await store.get('hubspot/main'))?.value).toBe('second');
      expect(await (await place.open()).get('hubspot/main', 1)).toBeUndefined();
    });

    it('does not fall back to an older version when the newest is destroyed', async () => {
      await store.put('hubspot/main', 'retired', 0);
      await store.put('hubspot/main', 'leaked', 1);
      await store.destroy('hubspot/main', 2);
      expect(await store.get('hubspot/main')).toBeUndefined();
      expect((await store.get('hubspot/main', 1))?.value).toBe('retired');
    });

    it('never gives a destroyed version number to another value', async () => {
      await store.put('hubspot/main', 'first', 0);
      await store.destroy('hubspot/main', 1);
      await expect(store.put('hubspot/main', 'again', 0)).rejects.toMatchObject(conflict);
      expect(await store.put('hubspot/main', 'second', 1)).toBe(2);
      expect(await store.get('hubspot/main', 1)).toBeUndefined();
      expect(await store.names()).toEqual(['hubspot/main']);
    });

    it('ignores a destroy of what is not there', async () => {
      await store.put('hubspot/main', 'first', 0);
      await store.destroy('hubspot/other', 1);
      await store.destroy('hubspot/main', 7);
      await store.destroy('hubspot/main', 0);
      expect((await store.get('hubspot/main'))?.value).toBe('first');
      expect(await store.names()).toEqual(['hubspot/main']);
    });

    it('gives a pending version by its number and as the newest, before and after its promotion', async () => {
      await store.put('hubspot/main', 'first', 0);
      expect(await store.put('hubspot/main', 'second', 1, 'pending')).toBe(2);
      for (const promote of [() => Promise.resolve(), () => store.promote('hubspot/main', 2)]) {
        await promote();
        expect(await store.get('hubspot/main')).toMatchObject({ version: 2, value: 'second' });
        expect(await store.get('hubspot/main', 1)).toMatchObject({ version: 1, value: 'first' });
      }
      await store.promote('hubspot/main', 2);
      expect(await store.put('hubspot/main', 'third', 2)).toBe(3);
    });

    it('ignores a promotion of what is not there', async () => {
      await store.put('hubspot/main', 'first', 0);
      await store.promote('hubspot/main', 7);
      await store.promote('hubspot/other', 1);
      expect((await store.get('hubspot/main'))?.value).toBe('first');
      expect(await store.names()).toEqual(['hubspot/main']);
    });

    it('takes 30 versions of one name, and keeps each', async () => {
      for (let version = 0; version < 30; version += 1)
        await store.put('payload/key', `value ${version + 1}`, version);
      for (const version of [1, 2, 15, 29, 30])
        expect((await store.get('payload/key', version))?.value).toBe(`value ${version}`);
    });

    it('answers a probe also where nothing was stored yet', async () => {
      await expect(store.probe()).resolves.toBeUndefined();
    });

    it('lists names sorted', async () => {
      expect(await store.names()).toEqual([]);
      for (const name of ['slack/signing', 'hubspot/main', 'log/signing-key']) {
        await store.put(name, 'value', 0);
      }
      expect(await store.names()).toEqual(['hubspot/main', 'log/signing-key', 'slack/signing']);
    });

    it('never names a value in an error', async () => {
      const canary = 'canary-4f1d9c';
      await store.put('hubspot/main', canary, 0);
      const error: unknown = await store.put('hubspot/main', canary, 0).catch((e: unknown) => e);
      expect(error).toMatchObject(conflict);
      expect(String(error) + JSON.stringify(error)).not.toContain(canary);
    });
  });
}
