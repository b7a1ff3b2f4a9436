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
/** Characters people do not see but models read: zero-width, bidi, Unicode tags, controls. */
const UNSEEN = /[[\p{Cc}--[\n\t]]\p{Cf}\p{Cs}\u{E0000}-\u{E0FFF}]/gv;

/**
 * Text of a mail or a note as an agent gets it: no tags, no hidden characters, one line, at most
 * `maxChars`. A convenience for reading and no safety against instructions in the text itself.
 */
export function readableText(html: string, maxChars: number): string {
  const text = html
    .replaceAll(TAG, ' ')
    .replaceAll(/&(#39|[a-z]{2,4});/g, (entity, name: string) => ENTITIES.get(name) ?? entity)
    .replaceAll(UNSEEN, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 1).toWellFormed()}…`;
}
