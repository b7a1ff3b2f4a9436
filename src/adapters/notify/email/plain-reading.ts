import { inOneLine } from '../../../core/notice-text.ts';
import { spellOutUnseen } from '../../../core/unseen.ts';

/** Other people's text in a mail: never a link, an address or markup to whatever program shows it. */

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? '');

/**
 * The same text, with the characters that hold an address together each in an element of its own: many
 * programs make links of what looks like one, and read one piece of text at a time.
 */
const inPieces = (text: string): string =>
  escapeHtml(text).replaceAll(/[.:@/]/g, '<span>$&</span>');

export const htmlLine = (text: string): string => inPieces(inOneLine(text));

export const htmlLines = (text: string): string =>
  spellOutUnseen(text).split('\n').map(inPieces).join('<br>');

/** What makes a program take something for an address, in brackets: `https[:]//evil[.]test`, `a[@]b[.]c`. */
const defanged = (text: string): string =>
  text
    .replaceAll(/(?<=\p{L}):(?=\S)/gu, '[:]')
    .replaceAll(/(?<=[\p{L}\p{N}])\.(?=\p{L})/gu, '[.]')
    .replaceAll(/(?<=\S)@(?=\S)/gu, '[@]');

export const textLine = (text: string): string => defanged(inOneLine(text));

export const textLines = (text: string): string =>
  defanged(spellOutUnseen(text))
    .split('\n')
    .map((line) => `│ ${line}`)
    .join('\n');
