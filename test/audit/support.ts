import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type Hash, type HashReader, leafHash, rootOf } from '../../src/audit/merkle.ts';

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
