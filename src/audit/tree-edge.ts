import { InconsistentLogError } from './format-error.ts';
import { isCanonical } from './leaf.ts';
import type { LogFolder } from './log-folder.ts';
import { type Hash, leafHash, rootOf, sameHash } from './merkle.ts';
import {
  TILE_LEVELS,
  TILE_WIDTH,
  type Tile,
  changedTiles,
  encodeEntryBundle,
  encodeHashTile,
  hashesAt,
  tilePath,
} from './tiles.ts';

/** The hashes of a tree's partial tiles, by tile level: what has to be known to make it grow. */
export interface TreeEdge {
  readonly size: number;
  /** Index 0 is level 0; a level without a partial tile is an empty list. */
  readonly levels: readonly (readonly Hash[])[];
}

/** Grown in steps of this many entries, so that a long backlog does not have to fit in memory. */
const STEP_ENTRIES = TILE_WIDTH ** 2;

/**
 * Writes every bundle and hash tile that a tree of `to` entries has and the tree of the edge has not,
 * and returns the new edge. Existing files are never changed.
 *
 * Throws InconsistentLogError when the source gives other entries than were published.
 */
export async function growTree(
  folder: LogFolder,
  source: { entries(from: number, to: number): Promise<readonly Uint8Array[]> },
  edge: TreeEdge,
  to: number,
): Promise<TreeEdge> {
  let grown = edge;
  while (grown.size < to) {
    const step = (Math.floor(grown.size / STEP_ENTRIES) + 1) * STEP_ENTRIES;
    grown = await growStep(folder, source, grown, Math.min(step, to));
  }
  return grown;
}

async function growStep(
  folder: LogFolder,
  source: Parameters<typeof growTree>[1],
  edge: TreeEdge,
  to: number,
): Promise<TreeEdge> {
  const rows = createRows(edge);
  for (const tile of changedTiles(edge.size, to)) {
    if (tile.level === 'entries') {
      const first = tile.index * TILE_WIDTH;
      const entries = await source.entries(first, first + tile.width);
      const known = first < edge.size ? (edge.levels[0] ?? []) : [];
      const leaves = checkedLeaves(tile, entries, known);
      await folder.writeOnce(tilePath(tile), encodeEntryBundle(entries));
      rows.add(0, leaves.slice(known.length));
    } else {
      const hashes = rows.slice(tile.level, tile.index * TILE_WIDTH, tile.width);
      await folder.writeOnce(tilePath(tile), encodeHashTile(hashes));
      if (tile.width === TILE_WIDTH) rows.add(tile.level + 1, [rootOf(hashes)]);
    }
  }
  const levels = Array.from({ length: TILE_LEVELS }, (_, level) => {
    const width = hashesAt(level, to) % TILE_WIDTH;
    return rows.slice(level, hashesAt(level, to) - width, width);
  });
  return { size: to, levels };
}

/** The hashes of each tile level from the left end of the edge's tile on. */
function createRows(edge: TreeEdge) {
  const rows = Array.from({ length: TILE_LEVELS }, (_, level) => [...(edge.levels[level] ?? [])]);
  return {
    add(level: number, hashes: readonly Hash[]): void {
      rows[level]?.push(...hashes);
    },
    slice(level: number, first: number, width: number): readonly Hash[] {
      const count = hashesAt(level, edge.size);
      const start = first - (count - (count % TILE_WIDTH));
      return rows[level]?.slice(start, start + width) ?? [];
    },
  };
}

/** Leaf hashes of what the source gave, once it is what a log may publish and has published. */
function checkedLeaves(tile: Tile, entries: readonly Uint8Array[], known: readonly Hash[]): Hash[] {
  const path = tilePath(tile);
  if (entries.length !== tile.width) {
    throw new InconsistentLogError(path, `the store gave ${entries.length} entries for it`);
  }
  if (!entries.every(isCanonical)) {
    throw new InconsistentLogError(path, 'the store holds an entry that is not canonical JSON');
  }
  const leaves = entries.map(leafHash);
  if (!known.every((hash, i) => sameHash(hash, leaves[i] as Hash))) {
    throw new InconsistentLogError(path, 'the store has other entries than were published');
  }
  return leaves;
}
