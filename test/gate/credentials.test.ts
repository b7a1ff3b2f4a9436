import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { activateCredential, adoptCandidate } from '../../src/gate/credentials.ts';
import { placeFreeze } from '../../src/gate/freezes.ts';
import type { Store } from '../../src/ports/store.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';

let place: SqlitePlace;
let store: Store;

const key = (version: number) => ({
  ...{ connection: 'main', version, fingerprint: `f${version}`.padEnd(12, '0'), by: 'test' },
});
const adopt = (version: number) => store.commit((tx) => adoptCandidate(tx, key(version)));
const inUse = async () => (await store.credentials.active('main'))?.version;

beforeEach(async () => {
  place = await sqlitePlace();
  store = await place.open({});
  await store.commit((tx) => activateCredential(tx, key(2)));
});
afterEach(() => place.close());

describe('a key that was tried', () => {
  it('takes the place of the one before', async () => {
    await adopt(3);
    expect(await inUse()).toBe(3);
  });

  it('does not under a freeze that came while it was tried: an incident keeps the key of its beginning', async () => {
    const target = { kind: 'connection', id: 'main' } as const;
    const freeze = { target, reason: 'test', by: 'test', configured: 'main' };
    await store.commit((tx) => placeFreeze(tx, freeze));
    await expect(adopt(3)).rejects.toMatchObject({ code: 'freeze.active' });
    expect(await inUse()).toBe(2);
  });

  it('does not where a newer one came into use meanwhile', async () => {
    await adopt(4);
    await expect(adopt(3)).rejects.toMatchObject({ code: 'secret.conflict' });
    expect(await inUse()).toBe(4);
  });
});
