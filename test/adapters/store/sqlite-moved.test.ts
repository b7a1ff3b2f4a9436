import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../src/ports/store.ts';
import { agent } from './fixtures.ts';
import { type SqlitePlace, sqlitePlace } from './sqlite-place.ts';

/** SQLite itself goes on with the file that it opened, wherever that is by now. */
let place: SqlitePlace;
let store: Store;

beforeEach(async () => {
  place = await sqlitePlace();
  store = await place.open();
});
afterEach(() => place.close());

const insert = (n: number): Promise<unknown> =>
  store.commit((tx) => tx.agents.insert(agent(n)).then(() => undefined));
const isThere = async (n: number): Promise<boolean> =>
  (await store.agents.get(agent(n).id)) !== undefined;

describe('a database file that is not in its place any more', () => {
  it.each<[string, (file: string) => void]>([
    [
      'moved away',
      (file) => {
        renameSync(file, `${file}.away`);
      },
    ],
    [
      'deleted',
      (file) => {
        rmSync(file);
      },
    ],
    [
      'replaced by a copy',
      (file) => {
        copyFileSync(file, `${file}.copy`);
        renameSync(`${file}.copy`, file);
      },
    ],
    [
      'left without its write-ahead log',
      (file) => {
        rmSync(`${file}-wal`);
      },
    ],
  ])('takes no commit once it is %s: the next start would not find it', async (_how, displace) => {
    await insert(1);
    displace(place.file);
    await expect(insert(2)).rejects.toMatchObject({ code: 'store.unavailable' });
  });

  it('takes commits again when it is put back', async () => {
    renameSync(place.file, `${place.file}.away`);
    await expect(insert(1)).rejects.toMatchObject({ code: 'store.unavailable' });
    renameSync(`${place.file}.away`, place.file);
    await insert(2);
    expect([await isThere(1), await isThere(2)]).toEqual([false, true]);
  });
});
