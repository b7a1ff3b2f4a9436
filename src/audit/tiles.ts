import { LogFormatError } from './format-error.ts';
import { LIMITS } from './leaf.ts';
import { HASH_BYTES, type Hash, rootOf } from './merkle.ts';

/** Hashes in a full tile, and the step from one tile level to the next (C2SP tlog-tiles). */
export const TILE_WIDTH = 256;

/** Tile levels a tree of at most 2^53 leaves can have. */
export const TILE_LEVELS = 7;

/** The specification's own bound on `<L>`; higher levels than ours parse, so that a stray is named. */
const LEVEL_MAX = 63;

const LENGTH_BYTES = 2;

/** No file of a log is longer: 256 entries with their length prefixes. */
export const TILE_FILE_MAX_BYTES = TILE_WIDTH * (LIMITS.leafMaxBytes + LENGTH_BYTES);

/** One file of the log. `width` is 256 for a full tile, 1 to 255 for a partial one. */
export interface Tile {
  /** Hash tile level (0 holds leaf hashes), or the entry bundle beside level 0. */
  readonly level: number | 'entries';
  /** Position from the left within the level. */
  readonly index: number;
  readonly width: number;
}

/** Path of a tile below the log's prefix: `tile/0/x001/234`, `tile/entries/000.p/12`. */
export function tilePath(tile: Tile): string {
  const digits = String(tile.index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/\d{3}/g) ?? [];
  const name = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  const suffix = tile.width === TILE_WIDTH ? '' : `.p/${tile.width}`;
  return `tile/${tile.level}/${name}${suffix}`;
}

/** The folder of a position's partial tiles: `tile/0/000.p`. */
export function partialsPath(level: Tile['level'], index: number): string {
  return `${tilePath({ level, index, width: TILE_WIDTH })}.p`;
}

/** The tile a path names, or `undefined` when no log of this form has such a file. */
export function parseTilePath(path: string): Tile | undefined {
  const form = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/;
  const [, level, name, width] = form.exec(path) ?? [];
  if (level === undefined || name === undefined) return undefined;
  const tile = {
    level: level === 'entries' ? level : Number(level),
    index: Number(name.replaceAll(/[x/]/g, '')),
    width: width === undefined ? TILE_WIDTH : Number(width),
  } as const;
  const isPossible = isPossibleTile(tile) && (width === undefined || tile.width < TILE_WIDTH);
  // Leading zeroes and needless groups give a second name to one tile: only the written form counts.
  return isPossible && tilePath(tile) === path ? tile : undefined;
}

function isPossibleTile(tile: Tile): boolean {
  const isLevel = tile.level === 'entries' || tile.level <= LEVEL_MAX;
  return isLevel && Number.isSafeInteger(tile.index) && tile.width >= 1 && tile.width <= TILE_WIDTH;
}

/** How many hashes (or entries) the tile at this position holds in a tree of `size`: 0 to 256. */
export function widthAt(level: Tile['level'], index: number, size: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, hashesAt(level, size) - index * TILE_WIDTH));
}

/** Hashes at a tile level in a tree of `size`: one for each full tile below. */
export function hashesAt(level: Tile['level'], size: number): number {
  return Math.floor(size / TILE_WIDTH ** (level === 'entries' ? 0 : level));
}

/** The partial hash tiles at the right edge of a tree, lowest level first; full ones are not edge. */
export function edgeTiles(size: number): Tile[] {
  const tiles: Tile[] = [];
  for (let level = 0; level < TILE_LEVELS; level++) {
    const count = hashesAt(level, size);
    const width = count % TILE_WIDTH;
    if (width > 0) tiles.push({ level, index: Math.floor(count / TILE_WIDTH), width });
  }
  return tiles;
}

/** Root of a tree from the hashes of its edge tiles, lowest level first; empty levels do not count. */
export function rootOfEdge(tiles: readonly (readonly Hash[])[]): Hash {
  let rest: Hash[] = [];
  for (const hashes of tiles) {
    if (hashes.length > 0) rest = [rootOf([...hashes, ...rest])];
  }
  return rootOf(rest);
}

/**
 * Every tile that a log of size `to` has and one of size `from` has not, in the order to write them:
 * a tile never comes before what it is made from.
 */
export function* changedTiles(from: number, to: number): Generator<Tile> {
  for (let n = Math.floor(from / TILE_WIDTH); n < Math.ceil(to / TILE_WIDTH); n++) {
    if (widthAt(0, n, from) === widthAt(0, n, to)) continue;
    yield { level: 'entries', index: n, width: widthAt('entries', n, to) };
    yield { level: 0, index: n, width: widthAt(0, n, to) };
  }
  for (let level = 1; level < TILE_LEVELS; level++) {
    const [before, after] = [hashesAt(level, from), hashesAt(level, to)];
    if (before === after) return;
    for (let n = Math.floor(before / TILE_WIDTH); n * TILE_WIDTH < after; n++) {
      yield { level, index: n, width: widthAt(level, n, to) };
    }
  }
}

export function encodeHashTile(hashes: readonly Hash[]): Uint8Array {
  return Buffer.concat(hashes);
}

/** Splits a hash tile of exactly `width` hashes. Throws LogFormatError for any other length. */
export function parseHashTile(bytes: Uint8Array, width: number): Hash[] {
  if (bytes.length !== width * HASH_BYTES) {
    throw new LogFormatError(`has ${bytes.length} bytes instead of ${width * HASH_BYTES}`);
  }
  return Array.from({ length: width }, (_, i) =>
    bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  );
}

/** Entries, each behind its length as a big-endian uint16. Throws RangeError for a longer entry. */
export function encodeEntryBundle(entries: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const entry of entries) {
    if (entry.length > LIMITS.leafMaxBytes) {
      throw new RangeError(`an entry has ${entry.length} bytes, ${LIMITS.leafMaxBytes} at most`);
    }
    const length = Buffer.allocUnsafe(LENGTH_BYTES);
    length.writeUInt16BE(entry.length);
    parts.push(length, entry);
  }
  return Buffer.concat(parts);
}

/** Splits a bundle of exactly `width` entries. Throws LogFormatError when it holds more or fewer bytes. */
export function parseEntryBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (entries.length < width) {
    const start = at + LENGTH_BYTES;
    const end = start <= bytes.length ? start + view.getUint16(at) : Infinity;
    if (end > bytes.length) {
      throw new LogFormatError(`ends within entry ${entries.length} of ${width}`);
    }
    entries.push(bytes.subarray(start, end));
    at = end;
  }
  if (at !== bytes.length) throw new LogFormatError(`goes on after ${width} entries`);
  return entries;
}
