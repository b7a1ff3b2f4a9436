import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../src/audit/leaf.ts';
import { verifyConsistency, verifyInclusion } from '../../src/audit/merkle.ts';

/**
 * Published vectors are read where they are at hand and never copied: `rfc6962/` is `testdata/` of
 * github.com/transparency-dev/merkle, `rfc8785/` that of github.com/cyberphone/json-canonicalization.
 */
const folder =
  process.env['SALLYPORT_VECTORS_DIR'] ??
  join(import.meta.dirname, '..', '..', '..', 'shared', 'vectors');
const rfc6962 = join(folder, 'rfc6962');
const rfc8785 = join(folder, 'rfc8785');

interface Vector {
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
}
interface InclusionVector extends Vector {
  readonly leafIdx: number;
  readonly treeSize: number;
  readonly leafHash: string | null;
  readonly root: string | null;
}
interface ConsistencyVector extends Vector {
  readonly size1: number;
  readonly size2: number;
  readonly root1: string | null;
  readonly root2: string | null;
}

const bytes = (base64: string | null) => Buffer.from(base64 ?? '', 'base64');
const proofOf = ({ proof }: Vector) => (proof ?? []).map(bytes);

function vectorFiles(kind: string): string[] {
  return readdirSync(join(rfc6962, kind), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(rfc6962, kind, name));
}

/** Runs every vector of one kind and returns how many were good and how many bad. */
function countAgreeing(kind: string, holds: (vector: never) => boolean) {
  const counts = { good: 0, bad: 0 };
  for (const file of vectorFiles(kind)) {
    const vector = JSON.parse(readFileSync(file, 'utf8')) as Vector;
    expect(holds(vector as never), file).toBe(!vector.wantErr);
    counts[vector.wantErr ? 'bad' : 'good'] += 1;
  }
  console.log(`rfc6962 ${kind} vectors: ${counts.good} good, ${counts.bad} bad`);
  return counts;
}

const isMissing = (path: string) => !existsSync(path);

describe.skipIf(isMissing(rfc6962))(
  'the published RFC 6962 vectors (skipped: SALLYPORT_VECTORS_DIR has none)',
  () => {
    it('agree on all 98 inclusion proofs', () => {
      const counts = countAgreeing('inclusion', (v: InclusionVector) =>
        verifyInclusion(v.leafIdx, v.treeSize, bytes(v.leafHash), proofOf(v), bytes(v.root)),
      );
      expect(counts).toEqual({ good: 6, bad: 92 });
    });

    it('agree on all 98 consistency proofs', () => {
      const counts = countAgreeing('consistency', (v: ConsistencyVector) =>
        verifyConsistency(v.size1, v.size2, proofOf(v), bytes(v.root1), bytes(v.root2)),
      );
      expect(counts).toEqual({ good: 6, bad: 92 });
    });
  },
);

describe.skipIf(isMissing(rfc8785))(
  'the published RFC 8785 vectors (skipped: SALLYPORT_VECTORS_DIR has none)',
  () => {
    it('are written byte for byte as published', () => {
      const names = readdirSync(join(rfc8785, 'input'));
      for (const name of names) {
        const input: unknown = JSON.parse(readFileSync(join(rfc8785, 'input', name), 'utf8'));
        const expected = readFileSync(
          join(rfc8785, 'outhex', name.replace('.json', '.txt')),
          'utf8',
        );
        const actual = Buffer.from(canonicalBytes(input)).toString('hex');
        expect(actual, name).toBe(expected.replaceAll(/\s/g, ''));
      }
      console.log(`rfc8785 vectors: ${names.length}`);
      expect(names).toHaveLength(6);
    });
  },
);
