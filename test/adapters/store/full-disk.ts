import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSqliteStore } from '../../../src/adapters/store/sqlite/store.ts';
import { errorCodeOf } from '../../../src/core/gateway-error.ts';
import { SEAL_KEY } from './sqlite-place.ts';

/** A process of its own on a small file system: fills it up, makes space again, and says what the store did. */
const [folder = ''] = process.argv.slice(2);
const ballast = join(folder, 'ballast');
writeFileSync(ballast, new Uint8Array(400_000));

const store = await createSqliteStore({ file: join(folder, 'store.db'), sealKey: SEAL_KEY });
const append = () =>
  store.commit((tx) =>
    tx.log.append({
      event: 'gateway.started',
      actor: 'gateway',
      facts: { text: 'x'.repeat(10_000) },
    }),
  );

let acknowledged = 0;
let refusal: unknown;
while (refusal === undefined && acknowledged < 1_000) {
  try {
    await append();
    acknowledged += 1;
  } catch (error) {
    refusal = error;
  }
}
const probed = await store.probe().catch((error: unknown) => error);
const sizeWhenFull = await store.log.size();
rmSync(ballast);
const healed = await append();
await store.close();

process.stdout.write(
  JSON.stringify({
    acknowledged,
    refusal: errorCodeOf(refusal),
    probe: probed === undefined ? 'ok' : errorCodeOf(probed),
    sizeWhenFull,
    healed,
  }),
);
