import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { revokePasskey } from '../../../src/gate/passkeys.ts';
import { addAgent, revokeAgent, revokePerson } from '../../../src/gate/roster.ts';
import type { Store, StoreTransaction } from '../../../src/ports/store.ts';
import { agent, passkey, person } from './fixtures.ts';
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
  });
});
afterEach(() => place.close());

function inFile<T>(work: (file: DatabaseSync) => T): T {
  const file = new DatabaseSync(place.file, { timeout: 5_000 });
  try {
    return work(file);
  } finally {
    file.close();
  }
}

type Row = Record<string, SQLInputValue>;

const rowOf = (table: string, id: string): Row =>
  inFile((file) => file.prepare(`SELECT * FROM ${table} WHERE id = ?`).get(id) as Row);

function putBack(table: string, row: Row): void {
  const columns = Object.keys(row);
  const values = columns.map(() => '?').join(', ');
  inFile((file) =>
    file
      .prepare(`INSERT OR REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${values})`)
      .run(...Object.values(row)),
  );
}

const by = 'operator';

interface Kind {
  readonly table: string;
  readonly id: string;
  readonly revoke: (tx: StoreTransaction, id: string) => Promise<unknown>;
  readonly get: (id: string) => Promise<{ readonly revokedAt: Date | null } | undefined>;
}

const KINDS: readonly Kind[] = [
  {
    table: 'agents',
    id: agent(1).id,
    revoke: (tx, id) => revokeAgent(tx, { id, by }),
    get: (id) => store.agents.get(id),
  },
  {
    table: 'people',
    id: person(1).id,
    revoke: (tx, id) => revokePerson(tx, { id, by }),
    get: (id) => store.people.get(id),
  },
  {
    table: 'passkeys',
    id: passkey(1).id,
    revoke: (tx, id) => revokePasskey(tx, { id, by }),
    get: (id) => store.passkeys.get(id),
  },
];

describe.each(KINDS)('a row of $table that was revoked', ({ table, id, revoke, get }) => {
  it('stays revoked, since when it was, when it is put back from before that', async () => {
    const before = rowOf(table, id);
    await store.commit((tx) => revoke(tx, id));
    const revoked = await get(id);
    expect(revoked?.revokedAt).toBeInstanceOf(Date);
    putBack(table, before);
    expect(await get(id)).toEqual(revoked);
    store = await place.open();
    expect(await get(id)).toEqual(revoked);
  });

  it('is of nobody knows whom when the log has lost an order, but for the process that knew of it', async () => {
    const before = rowOf(table, id);
    await store.commit((tx) => revoke(tx, id));
    await store.commit((tx) => addAgent(tx, { name: 'later', groups: [], by }));
    await get(id);
    putBack(table, before);
    inFile((file) => {
      file.exec("DELETE FROM log_entries WHERE event LIKE '%.revoked'");
    });
    expect((await get(id))?.revokedAt).toBeInstanceOf(Date);
    store = await place.open();
    await expect(get(id)).rejects.toMatchObject({ code: 'store.unavailable' });
    // Who is to be told of it is known all the same, and somebody else may be revoked.
    expect((await store.people.legible()).rows).toHaveLength(1);
    await store.commit((tx) => revoke(tx, id));
  });
});

describe('lists of who was revoked', () => {
  it('have them revoked, whatever row was put back', async () => {
    const rows = KINDS.map(({ table, id }) => [table, rowOf(table, id)] as const);
    await store.commit(async (tx) => {
      for (const { revoke, id } of KINDS) await revoke(tx, id);
    });
    for (const [table, row] of rows) putBack(table, row);
    const listed = [
      ...(await store.agents.list()).rows,
      ...(await store.people.list()),
      ...(await store.people.legible()).rows,
      ...(await store.passkeys.of(person(1).id)),
      await store.passkeys.find(passkey(1).credentialId),
    ];
    expect(listed).toHaveLength(5);
    expect(listed.filter((record) => record?.revokedAt == null)).toEqual([]);
  });
});
