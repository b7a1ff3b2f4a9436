import { alikeIn, alikeLetter } from '../core/alike.ts';
import { hiddenIn } from '../core/hiding.ts';
import { spellOutUnseen, STACKED } from '../core/unseen.ts';
import { type Html, html } from './html.ts';

/** Unicode's names of the characters that people meet; the others are named by number alone. */
const NAMES: Readonly<Record<string, string>> = {
  'U+0000': 'null',
  'U+0007': 'bell',
  'U+0008': 'backspace',
  'U+0009': 'tab',
  'U+000A': 'line break',
  'U+000D': 'carriage return',
  'U+001B': 'escape',
  'U+007F': 'delete',
  'U+0020': 'space',
  'U+00A0': 'no-break space',
  'U+00AD': 'soft hyphen',
  'U+034F': 'grapheme joiner',
  'U+061C': 'Arabic letter mark',
  'U+180E': 'Mongolian vowel separator',
  'U+200B': 'zero-width space',
  'U+200C': 'zero-width non-joiner',
  'U+200D': 'zero-width joiner',
  'U+200E': 'left-to-right mark',
  'U+200F': 'right-to-left mark',
  'U+2028': 'line separator',
  'U+2029': 'paragraph separator',
  'U+202A': 'left-to-right embedding',
  'U+202B': 'right-to-left embedding',
  'U+202C': 'pop direction',
  'U+202D': 'left-to-right override',
  'U+202E': 'right-to-left override',
  'U+202F': 'narrow no-break space',
  'U+2060': 'word joiner',
  'U+2066': 'left-to-right isolate',
  'U+2067': 'right-to-left isolate',
  'U+2068': 'first strong isolate',
  'U+2069': 'pop isolate',
  'U+2800': 'braille blank',
  'U+3000': 'ideographic space',
  'U+3164': 'Hangul filler',
  'U+FE0F': 'variation selector 16',
  'U+FEFF': 'byte order mark',
};

const codeOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

const glyph = (code: string): Html => {
  const name = Object.hasOwn(NAMES, code) ? NAMES[code] : undefined;
  return html`<span class="glyph">${name === undefined ? code : `${code} ${name}`}</span>`;
};

const alike = (character: string): Html => html`<span class="alike">${character}</span>`;

/** Only `\n` and `\t` are let through; `spellOutUnseen` answers `<U+…>` for what cannot be seen. */
const isUnseen = (character: string): boolean => spellOutUnseen(character) !== character;

/** Where a text stands: alone in its place, in one line or several, or before or after more of the same value. */
interface Setting {
  readonly isOneLine: boolean;
  readonly isStart: boolean;
  readonly isEnd: boolean;
}

/** Blanks that a page would swallow or draw like the common one: `a  b` must not look like `a b`. */
const LOST = {
  oneLine: /[\p{Zs}--\u0020]|[\n\t]|(?<=\s)\x20/gv,
  lines: /[\p{Zs}--\u0020]|\x20(?=\n)/gv,
} as const;

/**
 * Where what cannot be told from nothing stands. A lookaround over all the blanks at an end would take a
 * look at each of them for each: seconds for a text of sixty thousand, in the process that freezes.
 */
function lostPlaces(text: string, { isOneLine, isStart, isEnd }: Setting): Set<number> {
  const lost = new Set<number>();
  for (const { index } of text.matchAll(isOneLine ? LOST.oneLine : LOST.lines)) lost.add(index);
  for (const { index } of text.matchAll(STACKED)) lost.add(index);
  const first = text.length - text.trimStart().length;
  const end = text.trimEnd().length;
  if (isStart) for (let at = 0; at < first; at += 1) lost.add(at);
  if (isEnd) for (let at = end; at < text.length; at += 1) lost.add(at);
  return lost;
}

function pieces(text: string, setting: Setting): Html[] {
  const suspects = alikeIn(text);
  const lost = lostPlaces(text, setting);
  const made: Html[] = [];
  let plain = '';
  let at = 0;
  const flush = (): void => {
    if (plain !== '') made.push(html`${plain}`);
    plain = '';
  };
  for (const [place, character] of Array.from(text).entries()) {
    const isHidden = isUnseen(character) || lost.has(at);
    at += character.length;
    if (!isHidden && !suspects.has(place)) {
      plain += character;
      continue;
    }
    flush();
    made.push(isHidden ? glyph(codeOf(character)) : alike(character));
  }
  flush();
  return made;
}

const WHOLE = { isStart: true, isEnd: true } as const;

/** A value of one line, or a stretch of one: isolated in direction, what cannot be seen named, look-alikes marked. */
export const shown = (text: string, of: Omit<Setting, 'isOneLine'> = WHOLE): Html =>
  html`<bdi>${pieces(text, { ...of, isOneLine: true })}</bdi>`;

/** The same for text that has lines of its own, or for a stretch of it. */
export const shownLines = (text: string, of: Omit<Setting, 'isOneLine'> = WHOLE): Html =>
  html`<bdi>${pieces(text, { ...of, isOneLine: false })}</bdi>`;

/** For places that hold no markup: `<title>`, attributes. */
export const shownPlain = (text: string): string => spellOutUnseen(text).replaceAll(/[\n\t]/g, ' ');

function unseenWords(count: number): Html[] {
  if (count === 0) return [];
  const words =
    count === 1
      ? '1 character here cannot be seen, so its name is shown. '
      : `${count} characters here cannot be seen, so their names are shown. `;
  return [html`${words}`];
}

/** The sentence under a value that hides something; nothing under an honest one. */
export function hiddenHint(text: string): Html | undefined {
  const { unseen, alike: letters } = hiddenIn(text);
  if (unseen + letters.length === 0) return undefined;
  const named = letters.flatMap((letter) => {
    const found = alikeLetter(letter);
    if (found === undefined) return [];
    const code = codeOf(letter);
    return [
      html`The underlined letter is <span class="glyph">${code} ${found.script} ${letter}</span>,
        not the Latin ${found.looksLike}. `,
    ];
  });
  return html`${unseenWords(unseen)}${named}`;
}
