import { withoutUnseen } from '../core/unseen.ts';

const TAG = /<[^>]*>/g;
const ENTITIES = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['#39', "'"],
  ['nbsp', ' '],
]);

/**
 * Text of a mail or a note as an agent gets it: no tags, no hidden characters, one line, at most
 * `maxChars`. A convenience for reading and no safety against instructions in the text itself.
 */
export function readableText(html: string, maxChars: number): string {
  const plain = html
    .replaceAll(TAG, ' ')
    .replaceAll(/&(#39|[a-z]{2,4});/g, (entity, name: string) => ENTITIES.get(name) ?? entity)
    .replaceAll(/[\r\u2028\u2029]/g, ' ');
  const text = withoutUnseen(plain).replaceAll(/\s+/g, ' ').trim();
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 1).toWellFormed()}…`;
}
