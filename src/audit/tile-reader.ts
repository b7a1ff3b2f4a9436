import { LogFormatError } from './format-error.ts';
import type { LogFiles } from './log-folder.ts';
import { HASH_BYTES, type Hash, type HashReader, rootOf } from './merkle.ts';
import {
  TILE_FILE_MAX_BYTES,
  TILE_WIDTH,
  type Tile,
  parseEntryBundle,
  parseHashTile,
  tilePath,
  widthAt,
} from './tiles.ts';

/** Each tile level stands for this many levels of the binary tree. */
const TILE_HEIGHT = 8;

/** What was read, and from which file: a partial tile may have made room for the full one. */
export interface TileRead<T> {
  readonly path: string;
  readonly items: readonly T[];
}

/** The hashes of a hash tile. Throws LogFormatError when it is missing or has another length. */
export function readHashTile(files: LogFiles, tile: Tile): Promise<TileRead<Hash>> {
  return readTile(files, tile, TILE_WIDTH * HASH_BYTES, parseHashTile);
}

/** The entries of a bundle. Throws LogFormatError when it is missing or torn. */
export function readBundle(files: LogFiles, tile: Tile): Promise<TileRead<Uint8Array>> {
  return readTile(files, tile, TILE_FILE_MAX_BYTES, parseEntryBundle);
}

async function readTile<T>(
  files: LogFiles,
  tile: Tile,
  maxBytes: number,
  parse: (bytes: Uint8Array, width: number) => T[],
): Promise<TileRead<T>> {
  const path = tilePath(tile);
  const bytes = await files.read(path, maxBytes);
  if (bytes !== undefined) return { path, items: parse(bytes, tile.width) };
  // A log may delete a partial tile once the full one is there (C2SP tlog-tiles, "Partial Tiles").
  const fullPath = tilePath({ ...tile, width: TILE_WIDTH });
  const full = tile.width < TILE_WIDTH ? await files.read(fullPath, maxBytes) : undefined;
  if (full === undefined) throw new LogFormatError('is missing');
  return { path: fullPath, items: parse(full, TILE_WIDTH).slice(0, tile.width) };
}

/**
 * Reads subtrees of the tree of `size` leaves from its hash tiles, O(log n) files for one proof.
 * Nothing read here is trusted: what it serves to build is checked against a signed root.
 */
export function createHashReader(files: LogFiles, size: number): HashReader {
  const tiles = new Map<string, Promise<TileRead<Hash>>>();
  return async (level, index) => {
    const span = 2 ** (level % TILE_HEIGHT);
    const tileLevel = Math.floor(level / TILE_HEIGHT);
    const tileIndex = Math.floor((index * span) / TILE_WIDTH);
    const width = widthAt(tileLevel, tileIndex, size);
    const tile = { level: tileLevel, index: tileIndex, width };
    const start = (index * span) % TILE_WIDTH;
    if (start + span > width) throw new RangeError(`the tree has no subtree ${level}/${index}`);
    const path = tilePath(tile);
    const read = tiles.get(path) ?? readHashTile(files, tile);
    tiles.set(path, read);
    return rootOf((await read).items.slice(start, start + span));
  };
}
