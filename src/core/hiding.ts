import { alikeIn } from './alike.ts';
import { needlessUnseen } from './unseen.ts';

const LAYOUT: readonly string[] = ['U+0009', 'U+000A'];

export interface Hidden {
  /** Characters that cannot be seen and that the text does not need. */
  readonly unseen: number;
  /** Letters that pass for Latin ones. */
  readonly alike: readonly string[];
}

/** What in the text makes a reader see another one. */
export function hiddenIn(text: string): Hidden {
  const suspects = alikeIn(text);
  const letters = Array.from(text).filter((_, place) => suspects.has(place));
  return {
    unseen: needlessUnseen(text).filter((name) => !LAYOUT.includes(name)).length,
    alike: [...new Set(letters)],
  };
}

export const isHiding = (text: string): boolean => {
  const { unseen, alike } = hiddenIn(text);
  return unseen + alike.length > 0;
};
