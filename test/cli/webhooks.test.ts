import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInstallation, type Installation } from './support.ts';

let installation: Installation;
let personId: string;

beforeAll(async () => {
  installation = await createInstallation();
  const added = await installation.sallyport([
    ...['person', 'add', 'Kim Doe', '--email', 'kim@acme.test', '--json'],
  ]);
  ({ id: personId } = JSON.parse(added.out) as { id: string });
});
afterAll(() => {
  installation.remove();
});

const webhook = (...args: string[]) => installation.sallyport(['person', 'webhook', ...args]);
const add = async () =>
  JSON.parse((await webhook('add', 'kim@acme.test', '--json')).out) as {
    id: string;
    secret: string;
    address: string;
  };
const logged = () =>
  installation.open(async ({ store }) =>
    (await store.log.leaves(0, await store.log.size())).map((leaf) =>
      JSON.parse(Buffer.from(leaf).toString()),
    ),
  );
const secretsOf = (id: string) =>
  installation.open(async ({ secrets }) =>
    Promise.all([1, 2, 3].map(async (v) => (await secrets.get(`webhook/in/${id}`, v))?.value)),
  );

describe('sallyport person webhook', () => {
  it('says whose word it is, where to send and the secret, which is nowhere else', async () => {
    const { out, status } = await webhook('add', 'kim@acme.test');
    expect(status).toBe(0);
    const [, id = ''] =
      /http:\/\/localhost:8480\/v1\/webhooks\/approvals\/(whk_\w{16})\n/.exec(out) ?? [];
    const [secret = ''] = /whsec_[A-Za-z0-9+/]{43}=/.exec(out) ?? [];
    expect(out).toContain(`decided by Kim Doe (${personId})`);
    expect((await secretsOf(id))[0]).toBe(secret);
    const entries = await logged();
    expect(entries.at(-1)).toMatchObject({
      event: 'person.linked',
      actor: 'operator',
      facts: { person: personId, webhook_signer: id },
    });
    expect(JSON.stringify(entries)).not.toContain(secret);
    expect((await webhook('list')).out).toMatch(new RegExp(`${id} +${personId} .* active`));
    expect((await webhook('list', '--json')).out).not.toContain('whsec_');
  });

  it('rotates and retires, each with its entry in the log', async () => {
    const { id, secret } = await add();
    const { secret: second } = JSON.parse((await webhook('rotate', id, '--json')).out) as {
      secret: string;
    };
    expect(await secretsOf(id)).toEqual([secret, second, undefined]);
    expect((await webhook('retire', id)).out).toContain('alone holds');
    expect(await secretsOf(id)).toEqual([undefined, second, undefined]);
    expect((await logged()).slice(-2)).toMatchObject([
      { event: 'signer.changed', facts: { webhook_signer: id, secrets: 2 } },
      { event: 'signer.changed', facts: { webhook_signer: id, secrets: 1 } },
    ]);
    expect((await webhook('retire', id)).out).toContain('one secret already');
  });

  it('revokes, with the secrets, and knows it no more', async () => {
    const { id } = await add();
    expect((await webhook('revoke', id)).out).toBe(`${id} is nobody from now on.\n`);
    expect(await secretsOf(id)).toEqual([undefined, undefined, undefined]);
    expect((await logged()).at(-1)).toMatchObject({
      event: 'person.unlinked',
      facts: { webhook_signer: id },
    });
    expect((await webhook('list')).out).toMatch(new RegExp(`${id}.* revoked`));
    const said = await Promise.all(['rotate', 'retire', 'revoke'].map((verb) => webhook(verb, id)));
    const gone = { status: 1, err: expect.stringContaining(`no active webhook signer ${id}`) };
    expect(said).toMatchObject([gone, gone, gone]);
  });

  it('adds none for who is not on the roster', async () => {
    expect(await webhook('add', 'lee@acme.test')).toMatchObject({ status: 1 });
  });

  it('lets the secrets of channels be set by hand, and no signer’s', async () => {
    const set = (name: string) =>
      installation.sallyport(['secret', 'set', name], { input: 'whsec_0123456789' });
    expect((await set('webhook/out')).out).toBe('Stored webhook/out as version 1.\n');
    expect(await set('webhook/in/whk_0000000000000000')).toMatchObject({ status: 1 });
  });
});
