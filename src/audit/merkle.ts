import { hash } from 'node:crypto';

/** 32 bytes of SHA-256. */
export type Hash = Uint8Array;

export const HASH_BYTES = 32;

/**
 * Reads the root of one perfect subtree: `level` 0 is a leaf hash, `level` k covers 2^k leaves, and
 * `index` counts from the left within the level. Only asked for subtrees that lie wholly in the tree.
 */
export type HashReader = (level: number, index: number) => Hash | Promise<Hash>;

/** Leaf hash of RFC 6962 section 2.1: SHA-256(0x00 || leaf). */
export function leafHash(leaf: Uint8Array): Hash {
  const input = Buffer.allocUnsafe(leaf.length + 1);
  input[0] = 0;
  input.set(leaf, 1);
  return hash('sha256', input, 'buffer');
}

/** Node hash of RFC 6962 section 2.1: SHA-256(0x01 || left || right). */
export function nodeHash(left: Hash, right: Hash): Hash {
  return hash('sha256', Buffer.concat([Uint8Array.of(1), left, right]), 'buffer');
}

/** Whether two hashes are the same bytes; hashes of a log are public, so timing does not matter. */
export function sameHash(a: Hash, b: Hash): boolean {
  return Buffer.compare(a, b) === 0;
}

/**
 * Merkle Tree Hash of a list of hashes in order. The last one may stand for an incomplete subtree
 * (a tree's right edge); all others stand for perfect subtrees of one size.
 */
export function rootOf(hashes: readonly Hash[]): Hash {
  if (hashes.length === 0) return hash('sha256', new Uint8Array(), 'buffer');
  let row: readonly Hash[] = hashes;
  while (row.length > 1) row = parents(row);
  return row[0] as Hash;
}

function parents(row: readonly Hash[]): Hash[] {
  const above: Hash[] = [];
  for (let i = 0; i < row.length; i += 2) {
    const [left, right] = [row[i] as Hash, row[i + 1]];
    above.push(right === undefined ? left : nodeHash(left, right));
  }
  return above;
}

/** Root of the leaves `begin` to `end` (exclusive); reads O(log n) subtrees. */
export async function rangeRoot(begin: number, end: number, read: HashReader): Promise<Hash> {
  const count = end - begin;
  if (isPowerOfTwo(count) && begin % count === 0) return read(Math.log2(count), begin / count);
  const middle = begin + splitPoint(count);
  return nodeHash(await rangeRoot(begin, middle, read), await rangeRoot(middle, end, read));
}

/** Root of the tree of the first `size` leaves. */
export async function rootAt(size: number, read: HashReader): Promise<Hash> {
  assertSize(size);
  return size === 0 ? rootOf([]) : rangeRoot(0, size, read);
}

/**
 * Inclusion proof (RFC 6962 section 2.1.1) of leaf `index` in the tree of `size` leaves, from the
 * leaf's sibling up. Throws RangeError when the tree has no such leaf.
 */
export async function inclusionProof(
  index: number,
  size: number,
  read: HashReader,
): Promise<Hash[]> {
  assertSize(size);
  if (!isSize(index) || index >= size) throw new RangeError(`no leaf ${index} in ${size}`);
  const downward: Hash[] = [];
  let [begin, end] = [0, size];
  while (end - begin > 1) {
    const middle = begin + splitPoint(end - begin);
    const isLeft = index < middle;
    downward.push(await (isLeft ? rangeRoot(middle, end, read) : rangeRoot(begin, middle, read)));
    [begin, end] = isLeft ? [begin, middle] : [middle, end];
  }
  return downward.reverse();
}

/**
 * Consistency proof (RFC 6962 section 2.1.2) from the tree of `size1` leaves to that of `size2`.
 * Throws RangeError for size 0, from which everything follows and nothing is proven.
 */
export async function consistencyProof(
  size1: number,
  size2: number,
  read: HashReader,
): Promise<Hash[]> {
  assertSize(size2);
  if (!isSize(size1) || size1 === 0 || size1 > size2) {
    throw new RangeError(`no consistency proof from ${size1} to ${size2}`);
  }
  const downward: Hash[] = [];
  let [begin, end] = [0, size2];
  while (end !== size1) {
    const middle = begin + splitPoint(end - begin);
    const isLeft = size1 <= middle;
    downward.push(await (isLeft ? rangeRoot(middle, end, read) : rangeRoot(begin, middle, read)));
    [begin, end] = isLeft ? [begin, middle] : [middle, end];
  }
  if (begin > 0) downward.push(await rangeRoot(begin, end, read));
  return downward.reverse();
}

/** Checks an inclusion proof (RFC 9162 section 2.1.3.2). False for everything that is not exactly right. */
export function verifyInclusion(
  index: number,
  size: number,
  leaf: Hash,
  proof: readonly Hash[],
  root: Hash,
): boolean {
  if (!isSize(index) || !isSize(size) || index >= size) return false;
  const top = climb(index, size - 1, leaf, proof);
  return top !== undefined && sameHash(top.whole, root);
}

/**
 * Checks a consistency proof (RFC 9162 section 2.1.4.2). Equal sizes need an empty proof and equal
 * roots. A proof from size 0 is refused: it would say nothing, and a caller who passes it has lost the
 * earlier checkpoint.
 */
export function verifyConsistency(
  size1: number,
  size2: number,
  proof: readonly Hash[],
  root1: Hash,
  root2: Hash,
): boolean {
  if (!isSize(size1) || !isSize(size2) || size1 > size2) return false;
  if (size1 === 0) return false;
  if (size1 === size2) return proof.length === 0 && sameHash(root1, root2);
  if (proof.length === 0) return false;
  // A perfect old tree is a subtree of the new one, so the proof leaves its root out.
  const [seed, ...path] = isPowerOfTwo(size1) ? [root1, ...proof] : proof;
  let [node, last] = [size1 - 1, size2 - 1];
  while (node % 2 === 1) [node, last] = [half(node), half(last)];
  const top = climb(node, last, seed as Hash, path);
  return top !== undefined && sameHash(top.left, root1) && sameHash(top.whole, root2);
}

/**
 * Walks a proof up from `node` in a level whose last node is `last`. `whole` is the root it leads to,
 * `left` the root of everything up to and including `node`. Undefined when the proof is too long or
 * too short for this tree, or has anything in it that is not a hash.
 */
function climb(
  startNode: number,
  startLast: number,
  seed: Hash,
  path: readonly Hash[],
): { left: Hash; whole: Hash } | undefined {
  if (![seed, ...path].every(isHash)) return undefined;
  let [node, last, left, whole] = [startNode, startLast, seed, seed];
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (node % 2 === 1 || node === last) {
      [left, whole] = [nodeHash(sibling, left), nodeHash(sibling, whole)];
      // A right-edge node without a sibling is its own parent: skip to where it has one.
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      whole = nodeHash(whole, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? { left, whole } : undefined;
}

/** A number of leaves or a place among them. Beyond 2^53 a JS number no longer counts by one. */
export function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0;
}

function assertSize(size: number): void {
  if (!isSize(size)) throw new RangeError(`${size} is not a tree size`);
}

/** Exact up to 2^53, where bit operations on numbers and the rounding of log2 are not. */
function isPowerOfTwo(count: number): boolean {
  return /^10*$/.test(count.toString(2));
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === HASH_BYTES;
}

/** The largest power of two below `count`, where RFC 6962 divides a list. */
function splitPoint(count: number): number {
  let point = 1;
  while (point * 2 < count) point *= 2;
  return point;
}

function half(value: number): number {
  return Math.floor(value / 2);
}
