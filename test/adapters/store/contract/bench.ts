import { afterEach, beforeEach } from 'vitest';
import type { RequestRecord } from '../../../../src/core/records.ts';
import type { Store } from '../../../../src/ports/store.ts';
import { START } from '../fixtures.ts';

export interface StoreUnderTest {
  /** A store on the same, at first empty, place: what another process would have. */
  open(clock: () => Date): Promise<Store>;
  close(): Promise<void>;
}

/** A fresh store before each test. */
export interface Bench {
  readonly store: Store;
  /** What every store's clock says. */
  now: Date;
  openOther(): Promise<Store>;
  insert(...rows: RequestRecord[]): Promise<void>;
}

export function createBench(start: () => Promise<StoreUnderTest>): Bench {
  let place: StoreUnderTest;
  let store: Store;
  const bench: Bench = {
    now: START,
    get store() {
      return store;
    },
    openOther: () => place.open(() => bench.now),
    insert: (...rows) =>
      store.commit(async (tx) => {
        for (const row of rows) await tx.requests.insert(row);
      }),
  };

  beforeEach(async () => {
    bench.now = START;
    place = await start();
    store = await bench.openOther();
  });

  afterEach(async () => {
    await place.close();
  });

  return bench;
}
