import { writeSync } from 'node:fs';
import { createSqliteStore } from '../../../src/adapters/store/sqlite/store.ts';
import { SEAL_KEY } from './sqlite-place.ts';

/** A process of its own: appends `count` entries, `width` at a time, and prints each index once it is acknowledged. */
const [file = '', name = '', count = '0', width = '1'] = process.argv.slice(2);

// Several of these fill the lock without a pause; what is shown is the log, not the patience.
const store = await createSqliteStore({ file, sealKey: SEAL_KEY, busyTimeoutMs: 20_000 });
let next = 0;

async function appendInTurn(): Promise<void> {
  while (next < Number(count)) {
    const number = next++;
    const index = await store.commit((tx) =>
      tx.log.append({ event: 'gateway.started', actor: 'gateway', facts: { name, number } }),
    );
    writeSync(1, `${index} ${number}\n`);
  }
}

await Promise.all(Array.from({ length: Number(width) }, appendInTurn));
await store.close();
