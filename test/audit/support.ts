import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { onTestFinished } from 'vitest';
import { type NoteSigner, generateSignerKey, parseSigner } from '../../src/audit/note.ts';
import { type PublisherDeps, createPublisher } from '../../src/audit/publisher.ts';
import type { SignedCheckpoint } from '../../src/audit/signed-checkpoint.ts';
import { type Hash, type HashReader, leafHash, rootOf } from '../../src/audit/merkle.ts';
import type { Store } from '../../src/ports/store.ts';

/** A folder that is gone when the test ends. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-log-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Canonical entries as a gateway would log them, only smaller. */
export function sampleEntries(count: number, label = 'entry'): Uint8Array[] {
  return Array.from({ length: count }, (_, seq) =>
    Buffer.from(JSON.stringify({ event: label, seq })),
  );
}

export function leafHashes(entries: readonly Uint8Array[]): Hash[] {
  return entries.map(leafHash);
}

/** Reads subtrees of a tree whose leaf hashes are all at hand. */
export function readerOf(leaves: readonly Hash[]): HashReader {
  return (level, index) => {
    const span = 2 ** level;
    const part = leaves.slice(index * span, (index + 1) * span);
    if (part.length !== span) throw new RangeError(`no subtree ${level}/${index}`);
    return rootOf(part);
  };
}

/** The log of a store that is an array. */
export function arrayStore(entries: readonly Uint8Array[]): Pick<Store, 'log'> {
  return {
    log: {
      size: () => Promise.resolve(entries.length),
      leaves: (from, to) => Promise.resolve(entries.slice(from, to)),
      each: () => Promise.resolve([]),
      newest: () => Promise.resolve([]),
      ofRequest: () => Promise.resolve([]),
      trace: () => Promise.resolve({ records: [], damaged: undefined }),
    },
  };
}

/** A log whose store is an array: what is pushed into `entries` is sequenced. */
export interface TestLog {
  readonly folder: string;
  readonly signer: NoteSigner;
  readonly entries: Uint8Array[];
  readonly deps: PublisherDeps;
  publish(): Promise<SignedCheckpoint>;
  /** Ranges the publisher asked the store for. */
  readonly asked: [number, number][];
  /** How often the head was read, which is once a run. */
  heads(): number;
  /** The most runs that read entries at one time. */
  mostAtOnce(): number;
  /** Makes the next reading of the head fail. */
  failNext(): void;
}

export function createTestLog(
  folder: string,
  signerKey = generateSignerKey('log.example/test'),
): TestLog {
  const signer = parseSigner(signerKey);
  const entries: Uint8Array[] = [];
  const asked: [number, number][] = [];
  const counts = { heads: 0, running: 0, most: 0, toFail: 0 };
  const deps: PublisherDeps = {
    folder,
    origin: signer.name,
    signer,
    source: {
      head() {
        counts.heads += 1;
        if (counts.toFail > 0) {
          counts.toFail -= 1;
          return Promise.reject(new Error('the store is away'));
        }
        return Promise.resolve({ size: entries.length });
      },
      async entries(from, to) {
        asked.push([from, to]);
        counts.running += 1;
        counts.most = Math.max(counts.most, counts.running);
        await new Promise((resolve) => setImmediate(resolve));
        counts.running -= 1;
        return entries.slice(from, to);
      },
    },
  };
  const publisher = createPublisher(deps);
  return {
    folder,
    signer,
    entries,
    deps,
    asked,
    publish: () => publisher.publish(),
    heads: () => counts.heads,
    mostAtOnce: () => counts.most,
    failNext: () => {
      counts.toFail += 1;
    },
  };
}

/** Every file below a folder, as sorted paths relative to it. */
export function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}
