import { HASH_BYTES, type Hash, isSize, nodeHash, rootOf } from './merkle.ts';

/**
 * The right edge of a Merkle tree: all that is needed to append to it and to name its root, O(log n)
 * hashes whatever its size. One writer at a time; the store's transaction that appends an entry also
 * saves the frontier, so the two never differ.
 */
export interface Frontier {
  /** Leaves so far. */
  readonly size: number;
  /** Adds one leaf hash; O(log n) at worst, two hashes on average. */
  append(leaf: Hash): void;
  /** Merkle Tree Hash of all leaves so far (RFC 6962 section 2.1). */
  root(): Hash;
  /** Roots of the perfect subtrees, largest first, in hex: with `size` all that has to be saved. */
  hashes(): readonly string[];
}

export function createFrontier(): Frontier {
  return frontierOf(0, []);
}

/** Loads a saved frontier. Throws RangeError when the hashes cannot belong to a tree of that size. */
export function parseFrontier(size: number, hashes: readonly string[]): Frontier {
  if (!isSize(size)) throw new RangeError(`${size} is not a tree size`);
  if (hashes.length !== subtreeCount(size)) {
    throw new RangeError(
      `a tree of ${size} has ${subtreeCount(size)} subtrees, not ${hashes.length}`,
    );
  }
  const hex = new RegExp(`^[0-9a-f]{${HASH_BYTES * 2}}$`);
  if (!hashes.every((text) => hex.test(text))) throw new RangeError('a subtree hash is malformed');
  return frontierOf(
    size,
    hashes.map((text) => Buffer.from(text, 'hex')),
  );
}

function frontierOf(startSize: number, subtrees: Hash[]): Frontier {
  let size = startSize;
  return {
    get size() {
      return size;
    },
    append(leaf) {
      if (leaf.length !== HASH_BYTES) throw new RangeError('a leaf hash has 32 bytes');
      if (!isSize(size + 1)) throw new RangeError('the tree is full');
      let node = leaf;
      for (let rest = size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
        node = nodeHash(subtrees.pop() as Hash, node);
      }
      subtrees.push(node);
      size += 1;
    },
    root() {
      if (subtrees.length === 0) return rootOf([]);
      return subtrees.reduceRight((right, left) => nodeHash(left, right));
    },
    hashes() {
      return subtrees.map((subtree) => Buffer.from(subtree).toString('hex'));
    },
  };
}

function subtreeCount(size: number): number {
  return size.toString(2).replaceAll('0', '').length;
}
