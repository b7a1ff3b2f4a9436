import type { Findings } from './findings.ts';
import { isCanonical } from './leaf.ts';
import { CHECKPOINT_PATH, type LogFiles, walk } from './log-folder.ts';
import { leafHash, rootOf, sameHash } from './merkle.ts';
import { readBundle, readHashTile } from './tile-reader.ts';
import { TILE_WIDTH, type Tile, parseTilePath, tilePath, widthAt } from './tiles.ts';

interface UnsignedCheck {
  readonly files: LogFiles;
  /** Of the signed checkpoint. */
  readonly size: number;
  readonly findings: Findings;
}

/** As for findings: a bound on what is kept, not on what is checked. */
const UNSIGNED_MAX = 1_000;

/** What lies in the folder beyond the checkpoint. */
export interface Unsigned {
  /** At most 1,000 are listed. */
  readonly paths: readonly string[];
  /** Entries from the checkpoint's size to the end of the last bundle. */
  readonly entries: number;
}

/**
 * Goes through everything in the folder that the signed tree does not need. Files of no log are
 * findings. Tiles beyond the checkpoint are what a publisher writes before it signs: no signature
 * covers them, but they hang together, or they are findings too.
 */
export async function checkUnsigned(check: UnsignedCheck): Promise<Unsigned> {
  const { files, size, findings } = check;
  const paths: string[] = [];
  let end = size;
  const walking = (async () => {
    for await (const { path, kind } of walk(files)) {
      if (path === CHECKPOINT_PATH) continue;
      const tile = kind === 'file' ? parseTilePath(path) : undefined;
      if (tile === undefined) {
        findings.add(path, 'is no file of a log');
      } else if (tile.width > widthAt(tile.level, tile.index, size)) {
        if (paths.length < UNSIGNED_MAX) paths.push(path);
        if (tile.level === 'entries') end = Math.max(end, tile.index * TILE_WIDTH + tile.width);
        await checkTile(check, tile);
      }
    }
  })();
  await findings.attempt('', walking);
  return { paths, entries: end - size };
}

function checkTile(check: UnsignedCheck, tile: Tile): Promise<void> {
  if (tile.level === 'entries') return checkBundle(check, tile);
  return tile.level === 0 ? checkLeaves(check, tile) : checkNodes(check, tile);
}

async function checkBundle({ files, size, findings }: UnsignedCheck, tile: Tile): Promise<void> {
  const path = tilePath(tile);
  const first = tile.index * TILE_WIDTH;
  const read = await findings.attempt(path, readBundle(files, tile));
  for (const [i, entry] of (read?.items ?? []).entries()) {
    const isSigned = first + i < size;
    if (!isSigned && !isCanonical(entry)) {
      findings.add(path, 'entry is not canonical JSON', first + i);
    }
  }
  if (first <= size) return;
  const before = { ...tile, index: tile.index - 1, width: TILE_WIDTH };
  const isThere = await readBundle(files, before).then(
    () => true,
    () => false,
  );
  if (!isThere) findings.add(path, `follows ${tilePath(before)}, which is not there`);
}

async function checkLeaves({ files, findings }: UnsignedCheck, tile: Tile): Promise<void> {
  const bundle = { ...tile, level: 'entries' } as const;
  const [path, bundlePath] = [tilePath(tile), tilePath(bundle)];
  const hashes = await findings.attempt(path, readHashTile(files, tile));
  const entries = await findings.attempt(bundlePath, readBundle(files, bundle));
  if (hashes === undefined || entries === undefined) return;
  const at = hashes.items.findIndex((hash, i) => {
    const entry = entries.items[i];
    return entry === undefined || !sameHash(hash, leafHash(entry));
  });
  if (at < 0) return;
  // No signature says which of the two is right, so both are named.
  const entry = tile.index * TILE_WIDTH + at;
  findings.add(path, `does not match ${bundlePath}, and no signature covers either`, entry);
  findings.add(bundlePath, `does not match ${path}, and no signature covers either`, entry);
}

async function checkNodes({ files, size, findings }: UnsignedCheck, tile: Tile): Promise<void> {
  const path = tilePath(tile);
  const read = await findings.attempt(path, readHashTile(files, tile));
  for (const [i, hash] of (read?.items ?? []).entries()) {
    if (i < widthAt(tile.level, tile.index, size)) continue;
    const index = tile.index * TILE_WIDTH + i;
    const child = { level: Number(tile.level) - 1, index, width: TILE_WIDTH };
    const below = await readHashTile(files, child).catch(() => undefined);
    if (below !== undefined && sameHash(rootOf(below.items), hash)) continue;
    const childPath = tilePath(child);
    findings.add(path, `does not match ${childPath}, and no signature covers either`);
    findings.add(childPath, `does not match ${path}, and no signature covers either`);
  }
}
