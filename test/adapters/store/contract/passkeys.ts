import { describe, expect, it } from 'vitest';
import { challenge, invitation, later, passkey, person, session } from '../fixtures.ts';
import type { Bench } from './bench.ts';

export function describePasskeys(bench: Bench): void {
  describe('passkeys', () => {
    it('has each by its id, its credential and its person, oldest first', async () => {
      const rows = [passkey(2), passkey(1), passkey(3, { personId: person(2).id })];
      await bench.store.commit(async (tx) => {
        for (const row of rows) expect(await tx.passkeys.insert(row)).toBe(true);
      });
      const { passkeys } = bench.store;
      expect(await passkeys.get(passkey(1).id)).toEqual(passkey(1));
      expect(await passkeys.find('credential-2')).toEqual(passkey(2));
      expect(await passkeys.of(person(1).id)).toEqual([passkey(1), passkey(2)]);
      expect([await passkeys.get('x'), await passkeys.find('x')]).toEqual([undefined, undefined]);
      expect(await passkeys.of('x')).toEqual([]);
    });

    it('takes a credential once, whoever’s it is and though it was revoked', async () => {
      const insert = (row = passkey(1)) => bench.store.commit((tx) => tx.passkeys.insert(row));
      expect(await insert()).toBe(true);
      await bench.store.commit((tx) => tx.passkeys.revoke(passkey(1).id));
      const { credentialId } = passkey(1);
      expect(await insert(passkey(2, { credentialId, personId: person(2).id }))).toBe(false);
      expect(await bench.store.passkeys.of(person(2).id)).toEqual([]);
    });

    it('keeps what a passkey showed last, and revokes it once', async () => {
      await bench.store.commit((tx) => tx.passkeys.insert(passkey(1)));
      bench.now = later(500);
      await bench.store.commit((tx) => tx.passkeys.used(passkey(1).id, 9));
      const used = { ...passkey(1), counter: 9, lastUsedAt: bench.now };
      expect(await bench.store.passkeys.get(passkey(1).id)).toEqual(used);
      const revoke = (id: string) => bench.store.commit((tx) => tx.passkeys.revoke(id));
      expect([await revoke(passkey(1).id), await revoke(passkey(1).id), await revoke('x')]).toEqual(
        [true, false, false],
      );
      expect(await bench.store.passkeys.find('credential-1')).toEqual({
        ...used,
        revokedAt: bench.now,
      });
    });
  });

  describe('sessions', () => {
    it('keeps when each was seen, and ends it once', async () => {
      await bench.store.commit(async (tx) => {
        await tx.sessions.insert(session(1));
        await tx.sessions.insert(session(2));
      });
      bench.now = later(500);
      await bench.store.commit((tx) => tx.sessions.touch(session(1).id));
      const seen = { ...session(1), lastSeenAt: bench.now };
      expect(await bench.store.sessions.get(session(1).id)).toEqual(seen);
      const end = (id: string) => bench.store.commit((tx) => tx.sessions.end(id));
      expect([await end(session(1).id), await end(session(1).id), await end('x')]).toEqual([
        true,
        false,
        false,
      ]);
      expect(await bench.store.sessions.get(session(1).id)).toEqual({
        ...seen,
        endedAt: bench.now,
      });
      expect(await bench.store.sessions.get(session(2).id)).toEqual(session(2));
      expect(await bench.store.sessions.get('x')).toBeUndefined();
    });
  });

  describe('invitations', () => {
    it('are used once, by one of several who try at the same time', async () => {
      await bench.store.commit((tx) => tx.invitations.insert(invitation(1)));
      bench.now = later(500);
      const use = (id: string) => bench.store.commit((tx) => tx.invitations.use(id));
      const tries = await Promise.all(Array.from({ length: 9 }, () => use(invitation(1).id)));
      expect(tries.filter(Boolean)).toHaveLength(1);
      expect(await use('x')).toBe(false);
      expect(await bench.store.invitations.get(invitation(1).id)).toEqual(
        invitation(1, { usedAt: bench.now }),
      );
      expect(await bench.store.invitations.get('x')).toBeUndefined();
    });
  });

  describe('challenges', () => {
    const put = (...rows: ReturnType<typeof challenge>[]) =>
      bench.store.commit(async (tx) => {
        for (const row of rows) await tx.challenges.insert(row);
      });
    const take = (number: number) =>
      bench.store.commit((tx) => tx.challenges.take(challenge(number).value));

    it('are taken once, by one of several who try at the same time', async () => {
      await put(challenge(1), challenge(2, { purpose: 'sign_in', personId: null }));
      bench.now = later(500);
      const tries = await Promise.all(Array.from({ length: 9 }, () => take(1)));
      expect(tries.filter((row) => row !== undefined)).toEqual([
        challenge(1, { usedAt: bench.now }),
      ]);
      expect(await take(2)).toMatchObject({ purpose: 'sign_in', personId: null });
      expect(await take(3)).toBeUndefined();
    });

    it('are worth nothing from their end on, and are forgotten when the next one comes', async () => {
      await put(challenge(1), challenge(2, { expiresAt: later(90_000) }));
      bench.now = challenge(1).expiresAt;
      expect(await take(1)).toBeUndefined();
      await put(challenge(3));
      // Gone, and not only over: its value may be inserted again.
      await put(challenge(1, { expiresAt: later(90_000) }));
      expect(await take(1)).toBeDefined();
      expect(await take(2)).toBeDefined();
    });
  });
}
