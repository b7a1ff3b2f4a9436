import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { later, passkey } from '../adapters/store/fixtures.ts';
import { createInstallation, type Installation } from './support.ts';

let installation: Installation;
let id: string;

beforeAll(async () => {
  installation = await createInstallation();
  const added = await installation.sallyport([
    ...['person', 'add', 'Kim Doe', '--email', 'kim@acme.test', '--json'],
  ]);
  ({ id } = JSON.parse(added.out) as { id: string });
});
afterAll(() => {
  installation.remove();
});

const events = () =>
  installation.open(async ({ store }) =>
    (await store.log.leaves(0, await store.log.size())).map((leaf) =>
      JSON.parse(Buffer.from(leaf).toString()),
    ),
  );

describe('sallyport person invite', () => {
  it('prints a link for one enrolment, whose token is nowhere else', async () => {
    const said = await installation.sallyport(['person', 'invite', 'Kim@acme.test']);
    expect(said).toMatchObject({ status: 0, err: '' });
    const [link = '', token = ''] =
      /http:\/\/localhost:8480\/console\/enrol#(spi_[0-9a-z]{16}_[\w-]{43})/.exec(said.out) ?? [];
    expect(link).not.toBe('');
    const entry = (await events()).at(-1);
    expect(entry).toMatchObject({
      event: 'invitation.created',
      actor: 'operator',
      facts: { person: id },
    });
    expect(JSON.stringify(await events())).not.toContain(token);
    const invitation = await installation.open(({ store }) =>
      store.invitations.get(entry.facts.invitation),
    );
    expect(invitation).toMatchObject({ personId: id, usedAt: null });
    const { createdAt, expiresAt } = invitation!;
    expect(expiresAt.getTime() - createdAt.getTime()).toBe(24 * 3_600_000);
  });

  it('names the origin that is set', async () => {
    const env = { SALLYPORT_ORIGIN: 'https://gate.acme.test' };
    const { out } = await installation.sallyport(['person', 'invite', id, '--json'], { env });
    expect(JSON.parse(out).link).toMatch(/^https:\/\/gate\.acme\.test\/console\/enrol#spi_/);
  });

  it('invites nobody who is not on the roster', async () => {
    for (const named of ['nobody', 'lee@acme.test']) {
      const said = await installation.sallyport(['person', 'invite', named]);
      expect(said).toMatchObject({ status: 1, err: expect.stringContaining('no person') });
    }
    await installation.sallyport(['person', 'add', 'Lee Roe', '--email', 'lee@acme.test']);
    const people = await installation.open(({ store }) => store.people.list());
    const lee = people.find(({ email }) => email === 'lee@acme.test')!;
    await installation.sallyport(['person', 'revoke', lee.id]);
    const said = await installation.sallyport(['person', 'invite', lee.id]);
    expect(said).toMatchObject({ status: 1, err: expect.stringContaining('no person') });
  });
});

describe('sallyport person passkeys', () => {
  it('lists them and revokes one, with its entry in the log', async () => {
    await installation.open(({ store }) =>
      store.commit(async (tx) => {
        await tx.passkeys.insert(passkey(1, { personId: id, lastUsedAt: later(5) }));
        await tx.passkeys.insert(passkey(2, { personId: id, lastUsedAt: null }));
      }),
    );
    const listed = await installation.sallyport(['person', 'passkeys', 'kim@acme.test']);
    expect(listed.out).toMatch(/psk_00000000001 +Laptop 1 .*2026-11-01T10:00:00\.005Z +active/);
    expect(listed.out).toMatch(/psk_00000000002 +Laptop 2 .*never +active/);
    const revoked = await installation.sallyport(['person', 'passkeys', 'revoke', passkey(1).id]);
    expect(revoked).toMatchObject({ status: 0, out: expect.stringContaining('is revoked') });
    expect((await events()).at(-1)).toMatchObject({
      event: 'passkey.revoked',
      actor: 'operator',
      facts: { passkey: passkey(1).id, person: id },
    });
    const { out } = await installation.sallyport(['person', 'passkeys', id, '--json']);
    const states = (JSON.parse(out) as { id: string; revokedAt: string | null }[]).map(
      ({ revokedAt }) => revokedAt === null,
    );
    expect(states).toEqual([false, true]);
    expect(out).not.toContain('publicKey');
  });

  it('says which passkey there is none of, and asks for a person', async () => {
    const none = await installation.sallyport(['person', 'passkeys', 'revoke', 'psk_none']);
    expect(none).toMatchObject({ status: 1, err: expect.stringContaining('no passkey psk_none') });
    expect((await installation.sallyport(['person', 'passkeys'])).status).toBe(2);
  });
});
