import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { createFrontier, parseFrontier } from '../../src/audit/frontier.ts';
import {
  type Hash,
  consistencyProof,
  inclusionProof,
  leafHash,
  nodeHash,
  rootAt,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from '../../src/audit/merkle.ts';
import { leafHashes, readerOf, sampleEntries } from './support.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** The eight leaves of the Certificate Transparency reference tests, and the root of each prefix. */
const CT_LEAVES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((leaf) => Buffer.from(leaf, 'hex'));
const CT_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

const leaves = leafHashes(sampleEntries(300));
const read = readerOf(leaves);
const prefixRoot = (size: number) => rootOf(leaves.slice(0, size));

describe('the tree', () => {
  it('has the published roots of the empty tree and of the eight-leaf reference tree', async () => {
    const frontier = createFrontier();
    const hashes = leafHashes(CT_LEAVES);
    for (const [size, root] of CT_ROOTS.entries()) {
      expect(hex(frontier.root())).toBe(root);
      expect(hex(rootOf(hashes.slice(0, size)))).toBe(root);
      expect(hex(await rootAt(size, readerOf(hashes)))).toBe(root);
      const next = hashes[size];
      if (next !== undefined) frontier.append(next);
    }
  });

  it('keeps leaves and nodes apart, so that a node cannot pass for an entry', () => {
    const [a, b] = [leaves[0]!, leaves[1]!];
    expect(leafHash(Buffer.concat([a, b]))).not.toEqual(nodeHash(a, b));
  });
});

describe('a frontier', () => {
  it('has the root of the whole list at every size, saved and loaded between appends', () => {
    let frontier = createFrontier();
    for (const [index, leaf] of leaves.entries()) {
      frontier.append(leaf);
      const saved = JSON.stringify(frontier.hashes());
      frontier = parseFrontier(frontier.size, JSON.parse(saved) as string[]);
      expect(frontier.size).toBe(index + 1);
      expect(frontier.root()).toEqual(prefixRoot(index + 1));
    }
  });

  it('refuses a saved form that cannot be a tree of that size', () => {
    const hash = 'ab'.repeat(32);
    expect(() => parseFrontier(3, [hash])).toThrow(RangeError);
    expect(() => parseFrontier(2, [hash, hash])).toThrow(RangeError);
    expect(() => parseFrontier(0, [hash])).toThrow(RangeError);
    expect(() => parseFrontier(1, [hash.slice(2)])).toThrow(RangeError);
    expect(() => parseFrontier(1, [hash.toUpperCase()])).toThrow(RangeError);
    for (const size of [-1, 0.5, NaN, 2 ** 53]) {
      expect(() => parseFrontier(size, [hash])).toThrow(RangeError);
    }
  });

  it('refuses a leaf that is not a hash', () => {
    expect(() => {
      createFrontier().append(Buffer.alloc(31));
    }).toThrow(RangeError);
  });

  it('counts beyond 32 bits', () => {
    const hash = 'ab'.repeat(32);
    const frontier = parseFrontier(2 ** 40 - 1, Array<string>(40).fill(hash));
    frontier.append(Buffer.from(hash, 'hex'));
    expect(frontier.size).toBe(2 ** 40);
    expect(frontier.hashes()).toHaveLength(1);
  });
});

/** Every way of breaking a proof that an attacker with the true one at hand would try. */
function mutations(proof: readonly Hash[]): Hash[][] {
  const flipped = proof.map((hash, at) => {
    const bad = Buffer.from(hash);
    bad[at % 32]! ^= 1 << (at % 8);
    return proof.with(at, bad);
  });
  const dropped = proof.map((_, at) => proof.toSpliced(at, 1));
  const doubled = proof.map((hash, at) => proof.toSpliced(at, 0, hash));
  const cut = proof.map((hash, at) => proof.with(at, hash.subarray(0, 31)));
  const longer = proof.map((hash, at) => proof.with(at, Buffer.concat([hash, Buffer.alloc(1)])));
  const extra = [
    [...proof, prefixRoot(1)],
    [prefixRoot(1), ...proof],
    [...proof, Buffer.alloc(0)],
  ];
  return [...flipped, ...dropped, ...doubled, ...cut, ...longer, ...extra];
}

const sizeAndIndex = fc
  .integer({ min: 1, max: leaves.length })
  .chain((size) => fc.tuple(fc.constant(size), fc.integer({ min: 0, max: size - 1 })));

describe('inclusion proofs', () => {
  it('verify for every leaf of every tree of up to 40 leaves, and at no other place', async () => {
    for (let size = 1; size <= 40; size++) {
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(index, size, read);
        for (let at = 0; at < size; at++) {
          const holds = verifyInclusion(at, size, leaves[index]!, proof, prefixRoot(size));
          expect(holds).toBe(at === index);
        }
      }
    }
  });

  it('verify in random trees, and refuse every mutation', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(sizeAndIndex, async ([size, index]) => {
        const [leaf, root] = [leaves[index]!, prefixRoot(size)];
        const proof = await inclusionProof(index, size, read);
        expect(verifyInclusion(index, size, leaf, proof, root)).toBe(true);
        for (const bad of mutations(proof)) {
          expect(verifyInclusion(index, size, leaf, bad, root)).toBe(false);
          refused += 1;
        }
        expect(verifyInclusion(index, size, leaves[(index + 1) % 300]!, proof, root)).toBe(false);
        expect(verifyInclusion(index, size, leaf, proof, prefixRoot(size - 1))).toBe(false);
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(5_000);
  });

  it('refuse indexes and sizes that are none', () => {
    const leaf = leaves[0]!;
    for (const [index, size] of [
      [0, 0],
      [1, 1],
      [-1, 1],
      [0, -1],
      [0, NaN],
      [0.5, 1],
      [2 ** 64, 2 ** 65],
    ] as const) {
      expect(verifyInclusion(index, size, leaf, [], leaf)).toBe(false);
    }
  });

  it('are not made for leaves the tree has not', async () => {
    await expect(inclusionProof(5, 5, read)).rejects.toThrow(RangeError);
    await expect(inclusionProof(-1, 5, read)).rejects.toThrow(RangeError);
  });
});

describe('consistency proofs', () => {
  it('verify between all trees of up to 40 leaves', async () => {
    for (let size2 = 1; size2 <= 40; size2++) {
      for (let size1 = 1; size1 <= size2; size1++) {
        const proof = await consistencyProof(size1, size2, read);
        const roots = [prefixRoot(size1), prefixRoot(size2)] as const;
        expect(verifyConsistency(size1, size2, proof, ...roots)).toBe(true);
      }
    }
  });

  it('verify between random trees, and refuse every mutation and every other root', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(sizeAndIndex, async ([size2, index]) => {
        const size1 = index + 1;
        const [root1, root2] = [prefixRoot(size1), prefixRoot(size2)];
        const proof = await consistencyProof(size1, size2, read);
        expect(verifyConsistency(size1, size2, proof, root1, root2)).toBe(true);
        for (const bad of mutations(proof)) {
          expect(verifyConsistency(size1, size2, bad, root1, root2)).toBe(false);
          refused += 1;
        }
        const forged = leafHash(root1);
        expect(verifyConsistency(size1, size2, proof, forged, root2)).toBe(false);
        expect(verifyConsistency(size1, size2, proof, root1, forged)).toBe(false);
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(5_000);
  });

  it('from size 0 are neither made nor accepted', async () => {
    const empty = rootOf([]);
    await expect(consistencyProof(0, 5, read)).rejects.toThrow(RangeError);
    expect(verifyConsistency(0, 5, [], empty, prefixRoot(5))).toBe(false);
    expect(verifyConsistency(0, 0, [], empty, empty)).toBe(false);
  });

  it('are not made or accepted backwards', async () => {
    await expect(consistencyProof(6, 5, read)).rejects.toThrow(RangeError);
    const proof = await consistencyProof(5, 6, read);
    expect(verifyConsistency(6, 5, proof, prefixRoot(6), prefixRoot(5))).toBe(false);
  });

  it('stay within 64 hashes for the largest tree a number can count', async () => {
    const fake = leafHash(Buffer.from('any'));
    const size = Number.MAX_SAFE_INTEGER;
    const proof = await consistencyProof(size - 2, size, () => fake);
    expect(proof.length).toBeLessThanOrEqual(64);
    expect((await inclusionProof(size - 1, size, () => fake)).length).toBeLessThanOrEqual(64);
  });
});
