import type { CardChange } from '../../src/contracts/card.ts';
import { createSeededRandom } from './seeded-random.ts';

const UNSEEN = ['\u202e', '\u200b', '\u2066', '\u00ad', '\u{e0041}'];

/** What cards would change: 1 to 60 fields, of up to 4,000 characters, unseen ones among them; a third has names of HubSpot's. */
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
    return Array.from({ length: count }, (_, i) => {
      const before = below(2) === 0 ? null : value();
      const after = below(20) === 0 && before !== null ? before : value();
      const change = { label: `Field ${i}`, property: `p${i}`, before, after };
      if (below(3) > 0) return change;
      const [was, will] = [`n${value().slice(0, 1_000)}`, `n${value().slice(0, 1_000)}`];
      return { ...change, ...(before === null ? {} : { before_name: was }), after_name: will };
    });
  };
}

/** What a reader has to find of a change, and no more. */
export const readable = ({ label, before, after, before_name, after_name }: CardChange) => ({
  ...{ label, before, after },
  ...(before_name === undefined ? {} : { before_name }),
  ...(after_name === undefined ? {} : { after_name }),
});

/** An independent reading: what is on the screen, spelled-out characters put back. */
export const asRead = (text: string): string =>
  text.replace(/<U\+([0-9A-F]{4,6})>/g, (_, hex) => String.fromCodePoint(parseInt(hex, 16)));
