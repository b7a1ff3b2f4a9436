/** A stretch of text that stays, goes or comes. */
export interface Passage {
  readonly kind: 'same' | 'gone' | 'new';
  readonly text: string;
}

/** Past this many comparisons the whole text is shown as exchanged: a page must not take seconds. */
const CELLS_MAX = 1_000_000;

const wordsOf = (text: string): string[] => text.match(/\s+|[^\s]+/gu) ?? [];

/** Lengths of the longest common subsequences of all tails (Wagner–Fischer). */
function commonTails(one: readonly string[], other: readonly string[]): Uint32Array {
  const width = other.length + 1;
  const lengths = new Uint32Array((one.length + 1) * width);
  for (let i = one.length - 1; i >= 0; i -= 1) {
    for (let j = other.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        one[i] === other[j]
          ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
    }
  }
  return lengths;
}

function push(passages: Passage[], kind: Passage['kind'], text: string): void {
  const last = passages.at(-1);
  if (last?.kind === kind) passages[passages.length - 1] = { kind, text: last.text + text };
  else passages.push({ kind, text });
}

/**
 * Word by word what stays, goes and comes. The passages that stay or go are `before` exactly, those that stay or
 * come are `after`.
 */
export function wordDiff(before: string, after: string): Passage[] {
  const [one, other] = [wordsOf(before), wordsOf(after)];
  const passages: Passage[] = [];
  if (one.length * other.length > CELLS_MAX) {
    push(passages, 'gone', before);
    push(passages, 'new', after);
    return passages;
  }
  const lengths = commonTails(one, other);
  const width = other.length + 1;
  let [i, j] = [0, 0];
  while (i < one.length || j < other.length) {
    const [left, right] = [one[i], other[j]];
    if (left !== undefined && left === right) {
      push(passages, 'same', left);
      i += 1;
      j += 1;
    } else if (
      left !== undefined &&
      (right === undefined ||
        (lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0))
    ) {
      push(passages, 'gone', left);
      i += 1;
    } else {
      push(passages, 'new', right ?? '');
      j += 1;
    }
  }
  return passages;
}
