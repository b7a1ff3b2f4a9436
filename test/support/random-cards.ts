import type { CardChange } from '../../src/contracts/card.ts';
import { createSeededRandom } from './seeded-random.ts';

const UNSEEN = ['\u202e', '\u200b', '\u2066', '\u00ad', '\u{e0041}'];

/** What cards would change: 1 to 60 fields, of up to 4,000 characters, unseen ones among them. */
export function randomChanges(seed: number): () => CardChange[] {
  const { below } = createSeededRandom(seed);
  const value = (): string => {
    const length = below(20) === 0 ? below(4_000) : below(60);
    return Array.from({ length }, () =>
      below(30) === 0 ? UNSEEN[below(UNSEEN.length)]! : 'abc &<>\nдеф é'.charAt(below(13)),
    ).join('');
  };
  return () => {
    const count = below(10) === 0 ? below(60) + 1 : below(5) + 1;
    return Array.from({ length: count }, (_, i) => ({
      label: `Field ${i}`,
      property: `p${i}`,
      before: below(2) === 0 ? null : value(),
      after: value(),
    }));
  };
}

/** An independent reading: what is on the screen, spelled-out characters put back. */
export const asRead = (text: string): string =>
  text.replace(/<U\+([0-9A-F]{4,6})>/g, (_, hex) => String.fromCodePoint(parseInt(hex, 16)));
