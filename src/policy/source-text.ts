/** Places in a policy text, for messages: `12:8` is line 12, column 8, both from 1, columns as editors count them (UTF-16 units). */

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  return `${line}:${offset - before.lastIndexOf('\n')}`;
}

/** Cedar counts bytes of UTF-8; one umlaut in a comment would move every place after it. */
export function placeOfByte(text: string, byteOffset: number): string {
  const before = new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, byteOffset));
  return placeOf(text, before.length);
}

const COMMENT_OR_STRING = /\/\/[^\n]*|"(?:[^"\\]|\\.)*"/gs;

/** Same length, so that offsets stay. For finding places only: what is evaluated is the text itself. */
const blankComments = (text: string): string =>
  text.replace(COMMENT_OR_STRING, (token) =>
    token.startsWith('//') ? ' '.repeat(token.length) : token,
  );

/** Where a pattern (with the `g` flag) stands outside comments. */
export const placesOf = (text: string, pattern: RegExp): string[] =>
  [...blankComments(text).matchAll(pattern)].map(({ index }) => placeOf(text, index));

/** A pattern for exactly this string literal, as part of a larger pattern. */
export const literalPattern = (value: string): string =>
  JSON.stringify(value).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
