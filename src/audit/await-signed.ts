import { setTimeout as sleep } from 'node:timers/promises';
import type { Checkpoint } from './checkpoint.ts';
import type { LogFiles } from './log-folder.ts';
import { TILE_WIDTH, tilePath } from './tiles.ts';

interface Waiting {
  readonly files: LogFiles;
  /** Reads and opens the checkpoint as it is now. */
  readonly read: () => Promise<Checkpoint>;
  /** Entries that a checkpoint has to cover. */
  readonly end: number;
  /** How long checkpoint and tiles may both stand still. */
  readonly patienceMs: number;
}

const POLL_MS = 50;

/** Whether a bundle of 256 lies beyond a checkpoint of `size` when entries lie up to `end`. */
export function hasWholeTileBeyond(size: number, end: number): boolean {
  return Math.floor(end / TILE_WIDTH) > Math.floor(size / TILE_WIDTH);
}

/**
 * Waits for a checkpoint that covers what was written before it. A publisher writes its tiles first and
 * signs last, so at any one moment whole tiles may lie beyond the checkpoint; but it goes on writing
 * until it signs. Undefined when nothing moves any more and still nothing covers them: nobody publishes
 * here, and either the last one was stopped before it signed or an older checkpoint was put back.
 */
export async function awaitSigned(waiting: Waiting): Promise<Checkpoint | undefined> {
  const { files, read, end, patienceMs } = waiting;
  let bundles = Math.floor(end / TILE_WIDTH);
  let signed = -1;
  let movedAt = performance.now();
  while (performance.now() - movedAt <= patienceMs) {
    const checkpoint = await read();
    if (checkpoint.size >= end) return checkpoint;
    const written = await wholeBundlesFrom(files, bundles);
    if (written > bundles || checkpoint.size !== signed) movedAt = performance.now();
    [bundles, signed] = [written, checkpoint.size];
    await sleep(POLL_MS);
  }
  return undefined;
}

/** How many bundles are full, when the first `known` are. */
async function wholeBundlesFrom(files: LogFiles, known: number): Promise<number> {
  for (let index = known; ; index++) {
    const bytes = await files.read(
      tilePath({ level: 'entries', index, width: TILE_WIDTH }),
      Infinity,
    );
    if (bytes === undefined) return index;
  }
}
