import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { revokePasskey } from '../../../src/gate/passkeys.ts';
import { addAgent, changeRoles, revokeAgent, revokePerson } from '../../../src/gate/roster.ts';
import { revokeWebhookSigner } from '../../../src/gate/webhook-signers.ts';
import type { Store, StoreReads } from '../../../src/ports/store.ts';
import { logEntries } from '../../support/log-entries.ts';
import { noSecrets } from '../../support/no-secrets.ts';
import { putBack, rowOf, runInFile } from '../../support/store-file.ts';
import { agent, passkey, person, webhookSigner } from './fixtures.ts';
import { type SqlitePlace, sqlitePlace } from './sqlite-place.ts';

/** Threat: somebody who can write the file, has no key, and puts a row back from before its revocation. */

let place: SqlitePlace;
let store: Store;

beforeEach(async () => {
  place = await sqlitePlace();
  store = await place.open();
  await store.commit(async (tx) => {
    await tx.agents.insert(agent(1));
    await tx.people.insert(person(1));
    await tx.passkeys.insert(passkey(1, { personId: person(1).id }));
    await tx.webhookSigners.insert(webhookSigner(1));
  });
});
afterEach(() => place.close());

const by = 'operator';

interface Revocable {
  readonly revokedAt: Date | null;
}

interface Kind {
  readonly table: string;
  readonly id: string;
  readonly revoke: (id: string) => Promise<unknown>;
  readonly get: (from: StoreReads, id: string) => Promise<Revocable | undefined>;
  readonly list: (from: StoreReads) => Promise<readonly Revocable[]>;
}

const KINDS: readonly Kind[] = [
  {
    table: 'agents',
    id: agent(1).id,
    revoke: (id) => store.commit((tx) => revokeAgent(tx, { id, by })),
    get: (from, id) => from.agents.get(id),
    list: async (from) => (await from.agents.list()).rows,
  },
  {
    table: 'people',
    id: person(1).id,
    revoke: (id) => store.commit((tx) => revokePerson(tx, { id, by })),
    get: (from, id) => from.people.get(id),
    list: async (from) => [...(await from.people.list()), ...(await from.people.legible()).rows],
  },
  {
    table: 'passkeys',
    id: passkey(1).id,
    revoke: (id) => store.commit((tx) => revokePasskey(tx, { id, by })),
    get: (from, id) => from.passkeys.get(id),
    list: (from) => from.passkeys.of(person(1).id),
  },
  {
    table: 'webhook_signers',
    id: webhookSigner(1).id,
    revoke: (id) => revokeWebhookSigner({ store, secrets: noSecrets, by }, id),
    get: (from, id) => from.webhookSigners.get(id),
    list: async (from) => (await from.webhookSigners.list()).rows,
  },
];

describe.each(KINDS)('a row of $table that was revoked', ({ table, id, revoke, get, list }) => {
  /** The log has lost the revocation after this process has read it. */
  const putBackAndLost = async () => {
    const before = rowOf(place.file, table, id);
    await revoke(id);
    await store.commit((tx) => addAgent(tx, { name: 'later', groups: [], by }));
    await get(store, id);
    putBack(place.file, table, before);
    const revocations = "event LIKE '%.revoked' OR event = 'person.unlinked'";
    runInFile(place.file, `DELETE FROM log_entries WHERE ${revocations}`);
  };

  it('stays revoked, since when it was, when it is put back from before that', async () => {
    const before = rowOf(place.file, table, id);
    await revoke(id);
    const revoked = await get(store, id);
    expect(revoked?.revokedAt).toBeInstanceOf(Date);
    putBack(place.file, table, before);
    expect(await get(store, id)).toEqual(revoked);
    store = await place.open();
    expect(await get(store, id)).toEqual(revoked);
  });

  it('stays so for a process that knew of it, when the log has lost that', async () => {
    await putBackAndLost();
    expect((await get(store, id))?.revokedAt).toBeInstanceOf(Date);
  });

  it('lets nobody in by a process that begins after the log has lost that; lists go on', async () => {
    await putBackAndLost();
    store = await place.open();
    await expect(get(store, id)).rejects.toMatchObject({ code: 'store.unavailable' });
    expect(await list(store)).not.toEqual([]);
  });

  it('stays so in lists and transactions of a process that begins after the log has lost an earlier order', async () => {
    const before = rowOf(place.file, table, id);
    const facts = { freeze: 'frz_0000000000000001', target: 'connection:main' };
    await store.commit((tx) => tx.log.append({ event: 'freeze.placed', actor: by, facts }));
    await revoke(id);
    putBack(place.file, table, before);
    runInFile(place.file, "DELETE FROM log_entries WHERE event = 'freeze.placed'");
    store = await place.open();
    await expect(get(store, id)).rejects.toMatchObject({ code: 'store.unavailable' });
    const known = [await store.commit((tx) => get(tx, id)), ...(await list(store))];
    expect(known.filter((record) => record?.revokedAt == null)).toEqual([]);
  });

  it('can be revoked again by a process that begins after the log has lost that', async () => {
    await putBackAndLost();
    store = await place.open();
    const inUnit = () => store.commit((tx) => get(tx, id));
    expect(await inUnit()).toMatchObject({ revokedAt: null });
    await revoke(id);
    expect((await inUnit())?.revokedAt).toBeInstanceOf(Date);
  });
});

describe('a row of a person whose roles were changed', () => {
  const { id, roles: former } = person(1);
  const change = (roles: string[]) => store.commit((tx) => changeRoles(tx, { id, roles, by }));
  const rolesNow = async (): Promise<(readonly string[] | undefined)[]> => [
    (await store.people.get(id))?.roles,
    (await store.people.list())[0]?.roles,
    (await store.people.legible()).rows[0]?.roles,
    (await store.commit((tx) => tx.people.get(id)))?.roles,
  ];
  const all = (roles: readonly string[]) => Array.from({ length: 4 }, () => roles);

  it('has those of the last change, also when it is put back from before that, in every process', async () => {
    const before = rowOf(place.file, 'people', id);
    await change(['sales_lead', 'viewer']);
    await change(['viewer']);
    putBack(place.file, 'people', before);
    expect(await rolesNow()).toEqual(all(['viewer']));
    store = await place.open();
    expect(await rolesNow()).toEqual(all(['viewer']));
  });

  it('keeps them where something else of the person is written', async () => {
    const before = rowOf(place.file, 'people', id);
    await change(['viewer']);
    putBack(place.file, 'people', before);
    await store.commit((tx) => tx.people.useTotpStep(id, 7));
    expect(await store.people.get(id)).toMatchObject({ roles: ['viewer'], totpLastStep: 7 });
    await change([...former]);
    expect(await rolesNow()).toEqual(all(former));
  });

  it('is in the log once for each change, with the roles before it', async () => {
    await change(['viewer']);
    await change(['viewer']);
    const entries = await logEntries(store);
    expect(entries.filter(({ event }) => event === 'person.changed')).toMatchObject([
      { actor: by, facts: { person: id, roles: ['viewer'], former } },
    ]);
  });

  it('is not changed once they are revoked', async () => {
    await store.commit((tx) => revokePerson(tx, { id, by }));
    await expect(change(['viewer'])).rejects.toMatchObject({ code: 'request.not_found' });
  });
});

describe('lists of who was revoked', () => {
  it('have them revoked, whatever row was put back', async () => {
    const rows = KINDS.map(({ table, id }) => [table, rowOf(place.file, table, id)] as const);
    for (const { revoke, id } of KINDS) await revoke(id);
    for (const [table, row] of rows) putBack(place.file, table, row);
    const lists = await Promise.all(KINDS.map(({ list }) => list(store)));
    const listed = [...lists.flat(), await store.passkeys.find(passkey(1).credentialId)];
    expect(listed).toHaveLength(6);
    expect(listed.filter((record) => record?.revokedAt == null)).toEqual([]);
  });
});
