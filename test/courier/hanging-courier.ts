import { createSqliteStore } from '../../src/adapters/store/sqlite/store.ts';
import { createCourier } from '../../src/courier.ts';
import type { Notifier } from '../../src/ports/notifier.ts';
import { SEAL_KEY } from '../adapters/store/sqlite-place.ts';

/** A process of its own: takes what is due, tells its parent that it sends it, and never hears back. */
const [file = ''] = process.argv.slice(2);
const store = await createSqliteStore({ file, sealKey: SEAL_KEY });
const hanging: Notifier = {
  channel: 'webhook',
  tell: ({ notice }) => {
    process.stdout.write(`sent ${notice.id}\n`);
    return new Promise(() => undefined);
  },
};
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const deps = { store, notifiers: [hanging], origin: 'http://localhost:1', logger: quiet };
await createCourier({
  ...deps,
  cargo: 'requests',
  clock: () => new Date(),
  leaseMs: 700,
}).deliver();
