import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createSqliteStore,
  type SqliteStoreOptions,
} from '../../../src/adapters/store/sqlite/store.ts';
import type { Store } from '../../../src/ports/store.ts';

export const SEAL_KEY = new Uint8Array(32).fill(7);

export interface SqlitePlace {
  readonly folder: string;
  readonly file: string;
  open(options?: Partial<SqliteStoreOptions>): Promise<Store>;
  /** Closes what was opened and removes the folder. */
  close(): Promise<void>;
}

/** A store's place in a folder of its own. */
export async function sqlitePlace(): Promise<SqlitePlace> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-store-'));
  const file = join(folder, 'data', 'store.db');
  const opened: Store[] = [];
  return {
    folder,
    file,
    async open(options = {}) {
      const store = await createSqliteStore({ file, sealKey: SEAL_KEY, ...options });
      opened.push(store);
      return store;
    },
    async close() {
      for (const store of opened) await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
