// A process that grows and publishes a log until it is killed: argv is folder, signing key.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCheckpoint } from '../../src/audit/checkpoint.ts';
import { parseSigner } from '../../src/audit/note.ts';
import { createPublisher } from '../../src/audit/publisher.ts';

const [, , folder = '', signerKey = ''] = process.argv;
const signer = parseSigner(signerKey);
const entry = (seq: number) => Buffer.from(JSON.stringify({ event: 'kill', seq }));
let size = publishedSize();
const publisher = createPublisher({
  folder,
  signer,
  origin: signer.name,
  source: {
    head: () => Promise.resolve({ size }),
    entries: (from, to) =>
      Promise.resolve(Array.from({ length: to - from }, (_, i) => entry(from + i))),
  },
});

for (;;) {
  size += 37;
  await publisher.publish();
  process.stdout.write('.');
}

/** A store never forgets: a new process starts from what was published. */
function publishedSize(): number {
  try {
    return openCheckpoint(readFileSync(join(folder, 'checkpoint')), signer.vkey).size;
  } catch {
    return 0;
  }
}
