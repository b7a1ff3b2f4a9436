import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { LogFormatError } from '../../src/audit/format-error.ts';
import { rootOf } from '../../src/audit/merkle.ts';
import {
  type Tile,
  changedTiles,
  edgeTiles,
  encodeEntryBundle,
  encodeHashTile,
  hashesAt,
  parseEntryBundle,
  parseHashTile,
  parseTilePath,
  rootOfEdge,
  tilePath,
  widthAt,
} from '../../src/audit/tiles.ts';
import { leafHashes, sampleEntries } from './support.ts';

describe('tile paths', () => {
  it.each([
    [{ level: 0, index: 0, width: 256 }, 'tile/0/000'],
    [{ level: 'entries', index: 0, width: 12 }, 'tile/entries/000.p/12'],
    [{ level: 1, index: 999, width: 1 }, 'tile/1/999.p/1'],
    [{ level: 0, index: 1000, width: 256 }, 'tile/0/x001/000'],
    [{ level: 2, index: 1_234_067, width: 255 }, 'tile/2/x001/x234/067.p/255'],
  ] satisfies [Tile, string][])('of %j is %s, both ways', (tile, path) => {
    expect(tilePath(tile)).toBe(path);
    expect(parseTilePath(path)).toEqual(tile);
  });

  it.each([
    'tile/00/000',
    'tile/-1/000',
    'tile/64/000',
    'tile/0/0',
    'tile/0/1000',
    'tile/0/x000/001',
    'tile/0/001/000',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/012',
    'tile/0/000.p/',
    'tile/0/000.p',
    'tile/data/000',
    'tile/0/000/',
    '/tile/0/000',
    'tile/0/../000',
    'tile/0/000\n',
    'checkpoint',
    '',
  ])('%j is none', (path) => {
    expect(parseTilePath(path)).toBeUndefined();
  });

  it('are unique and read back for any tile', () => {
    const tiles = fc.record({
      level: fc.oneof(fc.constant('entries' as const), fc.integer({ min: 0, max: 63 })),
      index: fc.integer({ min: 0, max: 2 ** 45 }),
      width: fc.integer({ min: 1, max: 256 }),
    });
    fc.assert(
      fc.property(tiles, (tile) => {
        expect(parseTilePath(tilePath(tile))).toEqual(tile);
      }),
    );
  });
});

describe('the tiles of a tree', () => {
  it('of 70,000 entries are those the specification counts', () => {
    const tiles = [...changedTiles(0, 70_000)];
    const widths = (level: Tile['level'], isFull: boolean) =>
      tiles
        .filter((tile) => tile.level === level && (tile.width === 256) === isFull)
        .map(({ width }) => width);
    expect(widths(0, true)).toHaveLength(273);
    expect(widths('entries', true)).toHaveLength(273);
    expect(widths(0, false)).toEqual([112]);
    expect(widths(1, true)).toEqual([256]);
    expect(widths(1, false)).toEqual([17]);
    expect(widths(2, false)).toEqual([1]);
    expect(edgeTiles(70_000)).toEqual(tiles.filter((t) => t.width < 256 && t.level !== 'entries'));
  });

  it('of 256 entries are one full tile and a partial one of width 1 above', () => {
    expect([...changedTiles(0, 256)].map(tilePath)).toEqual([
      'tile/entries/000',
      'tile/0/000',
      'tile/1/000.p/1',
    ]);
  });

  it('of 65,535 entries include tile/0/255.p/255 and no full tile in its place', () => {
    const paths = [...changedTiles(65_280, 65_535)].map(tilePath);
    expect(paths).toEqual(['tile/entries/255.p/255', 'tile/0/255.p/255']);
    expect([...changedTiles(65_535, 65_536)].map(tilePath)).toEqual([
      'tile/entries/255',
      'tile/0/255',
      'tile/1/000',
      'tile/2/000.p/1',
    ]);
  });

  it('that change between two sizes are exactly those whose width changes', () => {
    const sizes = fc.integer({ min: 0, max: 140_000 });
    fc.assert(
      fc.property(sizes, sizes, (a, b) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const changed = new Set([...changedTiles(from, to)].map(tilePath));
        for (const level of ['entries', 0, 1, 2, 3] as const) {
          for (let index = 0; index * 256 < hashesAt(level, to); index++) {
            const width = widthAt(level, index, to);
            const isChanged = width !== widthAt(level, index, from);
            expect(changed.delete(tilePath({ level, index, width }))).toBe(isChanged);
          }
        }
        expect(changed.size).toBe(0);
      }),
      { numRuns: 30 },
    );
  });

  it('lead to the root of the tree by their edge alone', () => {
    const leaves = leafHashes(sampleEntries(1_300));
    for (const size of [0, 1, 2, 255, 256, 257, 511, 512, 700, 1_024, 1_300]) {
      const full = Array.from({ length: Math.floor(size / 256) }, (_, n) =>
        rootOf(leaves.slice(n * 256, (n + 1) * 256)),
      );
      const byLevel = [leaves.slice(size - (size % 256), size), full];
      const edge = edgeTiles(size).map(({ level }) => byLevel[level as number]!);
      expect(rootOfEdge(edge)).toEqual(rootOf(leaves.slice(0, size)));
    }
  });
});

describe('hash tiles', () => {
  it('read back, and refuse every other length', () => {
    const hashes = leafHashes(sampleEntries(5));
    const bytes = encodeHashTile(hashes);
    expect(bytes).toHaveLength(160);
    expect(parseHashTile(bytes, 5)).toEqual(hashes);
    for (const wrong of [4, 6]) expect(() => parseHashTile(bytes, wrong)).toThrow(LogFormatError);
    expect(() => parseHashTile(bytes.subarray(1), 5)).toThrow(LogFormatError);
  });
});

describe('entry bundles', () => {
  const bundles = fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 256 });

  it('put a big-endian 16-bit length before each entry', () => {
    const bundle = encodeEntryBundle([Buffer.from('ab'), Buffer.alloc(258, 1)]);
    expect(Buffer.from(bundle.subarray(0, 6)).toString('hex')).toBe('000261620102');
  });

  it('read back whatever they hold', () => {
    fc.assert(
      fc.property(bundles, (entries) => {
        const back = parseEntryBundle(encodeEntryBundle(entries), entries.length);
        expect(back.map((entry) => Buffer.from(entry))).toEqual(entries.map((e) => Buffer.from(e)));
      }),
    );
  });

  it('refuse to be cut anywhere, to go on, or to hold another number of entries', () => {
    const bundle = encodeEntryBundle(sampleEntries(3));
    for (let length = 0; length < bundle.length; length++) {
      expect(() => parseEntryBundle(bundle.subarray(0, length), 3)).toThrow(LogFormatError);
    }
    expect(() => parseEntryBundle(Buffer.concat([bundle, Buffer.alloc(1)]), 3)).toThrow('goes on');
    expect(() => parseEntryBundle(bundle, 2)).toThrow(LogFormatError);
    expect(() => parseEntryBundle(bundle, 4)).toThrow(LogFormatError);
  });

  it('hold an entry of 65,535 bytes and none longer', () => {
    const entry = Buffer.alloc(65_535, 120);
    expect(parseEntryBundle(encodeEntryBundle([entry]), 1)[0]).toHaveLength(65_535);
    expect(() => encodeEntryBundle([Buffer.alloc(65_536)])).toThrow(RangeError);
  });
});
