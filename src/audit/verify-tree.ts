import type { Findings } from './findings.ts';
import { isCanonical } from './leaf.ts';
import { CHECKPOINT_PATH, type LogFiles } from './log-folder.ts';
import { type Hash, leafHash, rootOf, sameHash } from './merkle.ts';
import { type TileRead, readBundle, readHashTile } from './tile-reader.ts';
import {
  TILE_WIDTH,
  type Tile,
  edgeTiles,
  parseTilePath,
  partialsPath,
  rootOfEdge,
  tilePath,
} from './tiles.ts';

/** What one verification works on. */
export interface TreeCheck {
  readonly files: LogFiles;
  /** Of the signed checkpoint, as is `root`. */
  readonly size: number;
  readonly root: Hash;
  readonly findings: Findings;
  /** Called with the number of entries checked so far. */
  readonly onEntries: (entries: number) => void;
}

/** Hashes of one tile; one that could not be made out is undefined, and nothing is held against it. */
type Hashes = readonly (Hash | undefined)[];

/**
 * Checks every file of the signed tree from the root down: a tile that hashes to what its parent has
 * for it is authentic and speaks for the files below. One that does not is named, and made anew from
 * the files below it where these are authentic, so that one bad file never casts doubt on others.
 */
export async function checkTree(check: TreeCheck): Promise<void> {
  // Top down, so that entries come in their order and a reader sees the progress grow.
  for (const { tile, hashes } of (await authenticEdge(check)).reverse()) {
    await checkBelow(check, tile, hashes);
  }
}

async function authenticEdge(check: TreeCheck): Promise<{ tile: Tile; hashes: Hashes }[]> {
  const tiles = edgeTiles(check.size);
  const read: (readonly Hash[] | undefined)[] = [];
  for (const tile of tiles) read.push((await readNamed(check, tile))?.items);
  if (read.every(isDefined) && sameHash(rootOfEdge(read), check.root)) {
    return tiles.map((tile, i) => ({ tile, hashes: read[i] ?? [] }));
  }
  const rebuilt: Hashes[] = [];
  for (const tile of tiles) rebuilt.push(await rebuild(check.files, tile));
  const choice = choices(read, rebuilt).find((edge) => sameHash(rootOfEdge(edge), check.root));
  if (choice === undefined) {
    check.findings.add(CHECKPOINT_PATH, 'signs a root that the files of the log do not have');
    nameUnlikeBelow(check, tiles, read, rebuilt);
    return tiles.map((tile, i) => ({ tile, hashes: read[i] ?? known(rebuilt[i]) }));
  }
  return tiles.map((tile, i) => {
    const hashes = choice[i] ?? [];
    if (isDefined(read[i]) && read[i] !== hashes) {
      check.findings.add(tilePath(tile), 'does not lead to the signed root');
    }
    return { tile, hashes };
  });
}

/** With more than one file damaged nothing can be proven right, but what contradicts itself can be named. */
function nameUnlikeBelow(
  { findings }: TreeCheck,
  tiles: readonly Tile[],
  read: readonly (readonly Hash[] | undefined)[],
  rebuilt: readonly Hashes[],
): void {
  for (const [i, tile] of tiles.entries()) {
    const isUnlike = read[i]?.some((hash, k) => {
      const below = rebuilt[i]?.[k];
      return below !== undefined && !sameHash(hash, below);
    });
    if (isUnlike === true) findings.add(tilePath(tile), 'does not match the files below it');
  }
}

/** Every way to take each edge tile from its file or from the files below it. At most 2^7. */
function choices(
  read: readonly (readonly Hash[] | undefined)[],
  rebuilt: readonly Hashes[],
): (readonly Hash[])[][] {
  let edges: (readonly Hash[])[][] = [[]];
  for (const [i, fromFile] of read.entries()) {
    const below = rebuilt[i] ?? [];
    const options = [fromFile, isComplete(below) ? below : undefined].filter(isDefined);
    edges = options.flatMap((hashes) => edges.map((edge) => [...edge, hashes]));
  }
  return edges;
}

/** Checks the files under an authentic tile, and the other copies of the tile itself. */
async function checkBelow(check: TreeCheck, tile: Tile, hashes: Hashes): Promise<void> {
  await checkCopies(check, tile, hashes, async (copy) => {
    return (await readHashTile(check.files, copy)).items;
  });
  if (tile.level === 0) {
    await checkBundle(check, tile, hashes);
    return;
  }
  for (const [i, expected] of hashes.entries()) {
    const child = childOf(tile, i);
    await checkBelow(check, child, await authenticChild(check, child, expected, tilePath(tile)));
  }
}

async function authenticChild(
  check: TreeCheck,
  tile: Tile,
  expected: Hash | undefined,
  parentPath: string,
): Promise<Hashes> {
  const read = (await readNamed(check, tile))?.items;
  const isExpected = (hashes: readonly Hash[]) =>
    expected === undefined || sameHash(rootOf(hashes), expected);
  if (read !== undefined && isExpected(read)) return read;
  const problem = `does not hash to what ${parentPath} has for it`;
  if (read !== undefined) check.findings.add(tilePath(tile), problem);
  const rebuilt = await rebuild(check.files, tile);
  if (!isComplete(rebuilt)) return read ?? known(rebuilt);
  if (isExpected(rebuilt)) return rebuilt;
  // Tile and entries were rewritten to agree with each other: neither is what was signed.
  if (tile.level === 0) check.findings.add(tilePath({ ...tile, level: 'entries' }), problem);
  return read ?? rebuilt;
}

async function checkBundle(check: TreeCheck, tile: Tile, hashes: Hashes): Promise<void> {
  const bundle = { ...tile, level: 'entries' } as const;
  const reading = readBundle(check.files, bundle);
  const read = await check.findings.attempt(tilePath(bundle), reading);
  const first = tile.index * TILE_WIDTH;
  for (const [i, entry] of (read?.items ?? []).entries()) {
    const place = read?.path ?? tilePath(bundle);
    const expected = hashes[i];
    if (expected !== undefined && !sameHash(leafHash(entry), expected)) {
      const problem = `entry bytes do not match the leaf hash in ${tilePath(tile)}`;
      check.findings.add(place, problem, first + i);
    } else if (!isCanonical(entry)) {
      check.findings.add(place, 'entry is not canonical JSON', first + i);
    }
  }
  await checkCopies(check, bundle, hashes, async (copy) => {
    return (await readBundle(check.files, copy)).items.map(leafHash);
  });
  check.onEntries(first + tile.width);
}

/** Partial tiles of earlier sizes, or of a later one that is not signed yet: all begin as this one does. */
async function checkCopies(
  check: TreeCheck,
  tile: Tile,
  hashes: Hashes,
  readHashes: (copy: Tile) => Promise<readonly Hash[]>,
): Promise<void> {
  for (const copy of await copiesOf(check, tile)) {
    const path = tilePath(copy);
    const found = await check.findings.attempt(path, readHashes(copy));
    const at = hashes.findIndex((hash, i) => {
      const other = found?.[i];
      return hash !== undefined && other !== undefined && !sameHash(hash, other);
    });
    if (at < 0) continue;
    const entry = tile.level === 'entries' ? tile.index * TILE_WIDTH + at : undefined;
    check.findings.add(path, `is not the beginning of ${tilePath(tile)}`, entry);
  }
}

async function copiesOf({ files, findings }: TreeCheck, tile: Tile): Promise<Tile[]> {
  const folder = partialsPath(tile.level, tile.index);
  const names = (await findings.attempt(folder, files.list(folder))) ?? [];
  const partials = names.map(({ name }) => parseTilePath(`${folder}/${name}`)).filter(isDefined);
  const copies = partials.filter((copy) => copy.width !== tile.width);
  const full = { ...tile, width: TILE_WIDTH };
  const hasFull = tile.width < TILE_WIDTH && (await exists(files, tilePath(full)));
  return hasFull ? [...copies, full] : copies;
}

async function exists(files: LogFiles, path: string): Promise<boolean> {
  // What is there and cannot be read counts: reading it again is what names the reason.
  return files.read(path, Infinity).then(isDefined, () => true);
}

/** A hash tile, with a finding when it cannot be read. */
function readNamed(check: TreeCheck, tile: Tile): Promise<TileRead<Hash> | undefined> {
  return check.findings.attempt(tilePath(tile), readHashTile(check.files, tile));
}

/** What a hash tile must hold, going by the tiles one level below it, or by their entries. */
async function rebuild(files: LogFiles, tile: Tile): Promise<Hashes> {
  if (tile.level === 0) return (await leavesOf(files, tile)) ?? unknown(tile);
  const hashes: (Hash | undefined)[] = [];
  for (let i = 0; i < tile.width; i++) {
    const child = childOf(tile, i);
    const read = await readHashTile(files, child).catch(ignore);
    // Not further down: a checkpoint can claim 2^50 entries that nobody has ever seen.
    const below = read?.items ?? (child.level === 0 ? await leavesOf(files, child) : undefined);
    hashes.push(below === undefined ? undefined : rootOf(below));
  }
  return hashes;
}

async function leavesOf(files: LogFiles, tile: Tile): Promise<readonly Hash[] | undefined> {
  const bundle = await readBundle(files, { ...tile, level: 'entries' }).catch(ignore);
  return bundle?.items.map(leafHash);
}

function unknown(tile: Tile): Hashes {
  return Array<undefined>(tile.width).fill(undefined);
}

/** No hashes at all when none is known: there is nothing below, and one finding says so. */
function known(hashes: Hashes = []): Hashes {
  return hashes.some(isDefined) ? hashes : [];
}

function childOf(tile: Tile, position: number): Tile {
  const index = tile.index * TILE_WIDTH + position;
  return { level: Number(tile.level) - 1, index, width: TILE_WIDTH };
}

function isComplete(hashes: Hashes): hashes is readonly Hash[] {
  return hashes.every(isDefined);
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}

/** The finding for an unreadable file is made where the file is checked, not where it is a stand-in. */
function ignore(): undefined {
  return undefined;
}
