import { closeSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { placeFreeze } from '../../../src/gate/freezes.ts';
import { agent, person } from './fixtures.ts';
import { type SqlitePlace, sqlitePlace } from './sqlite-place.ts';

let place: SqlitePlace;

beforeEach(async () => {
  place = await sqlitePlace();
  const store = await place.open();
  await store.commit(async (tx) => {
    await tx.agents.insert(agent(1));
    await tx.people.insert(person(1));
    await tx.log.append({ event: 'gateway.started', actor: 'gateway' });
  });
  await store.close();
});
afterEach(() => place.close());

/** Overwrites the first page of a table, as a failing disk would. */
function damage(table: string): void {
  const raw = new DatabaseSync(place.file, { readOnly: true });
  const page = Number(
    raw.prepare('select rootpage from sqlite_schema where name = ?').get(table)?.['rootpage'],
  );
  const size = Number(raw.prepare('PRAGMA page_size').get()?.['page_size']);
  raw.close();
  const file = openSync(place.file, 'r+');
  writeSync(file, Buffer.alloc(size, 0xff), 0, size, (page - 1) * size);
  closeSync(file);
}

const refused = {
  code: 'store.unavailable',
  detail: expect.stringMatching(/store\.db is damaged.*backup/s),
};

describe('a database with a damaged page', () => {
  it.each(['agents', 'people', 'freezes', 'log_entries', 'requests'])(
    'in %s is refused on opening, with the way out',
    async (table) => {
      damage(table);
      await expect(place.open()).rejects.toMatchObject(refused);
    },
  );

  it('that is too large to read in whole is looked at where it decides who may do what', async () => {
    damage('people');
    await expect(place.open({ checkBytesMax: 0 })).rejects.toMatchObject(refused);
  });

  it('can still be opened by a caller that has to act on what is left', async () => {
    damage('requests');
    const store = await place.open({ isChecked: false });
    const target = { kind: 'agent', id: agent(1).id } as const;
    const of = { target, reason: 'It went wrong.', by: 'operator', configured: 'main' };
    const { id } = await store.commit((tx) => placeFreeze(tx, of));
    expect(await store.freezes.standing([target])).toMatchObject({ id });
  });
});

describe('a file that is no database', () => {
  it('is refused in the same way', async () => {
    rmSync(`${place.file}-wal`, { force: true });
    writeFileSync(place.file, 'This was a spreadsheet once. '.repeat(400));
    await expect(place.open({ isChecked: false })).rejects.toMatchObject(refused);
  });

  it('nor is one that was cut off', async () => {
    truncateSync(place.file, 9_000);
    await expect(place.open()).rejects.toMatchObject(refused);
  });
});
