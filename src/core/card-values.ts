import type { CardChange } from '../contracts/card.ts';

/** Whether what would be sent is what stands there, letter by letter: it is sent all the same, and shown. */
export const isKept = ({ before, after }: CardChange): boolean => before === after;

/** In place of a second telling of the value. */
export const KEPT = 'stays as it is';

/** All of it that is anybody's words, HubSpot's names for the values among them. */
export const textsOf = (change: CardChange): string[] =>
  [
    change.label,
    change.before,
    change.after,
    change.before_name,
    change.after_name,
    change.remark,
  ].filter((text) => text != null);

/** How many characters stand in its values and their names. */
export const valueChars = (change: CardChange): number =>
  textsOf(change).reduce((sum, text) => sum + text.length, 0) - change.label.length;
