/**
 * Characters that make a reader see another text than the one that is stored: controls, format
 * characters (zero-width, direction, tags), everything Unicode calls ignorable (fillers, variation
 * selectors), lone surrogates, line separators, and two symbols that are drawn as nothing.
 * https://www.unicode.org/reports/tr36/ "Unicode Security Considerations"
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}]/gv;

/**
 * Where an honest writer cannot do without one: emoji as Unicode lists them and their near relatives,
 * one joiner after a letter of a script that is written with joiners, Mongolian's own selectors. A
 * variation selector after a Han character is not among them: there are 240 of them, an alphabet to
 * hide text in.
 */
const NEEDED = [
  String.raw`\p{RGI_Emoji}`,
  String.raw`(?<=\p{Extended_Pictographic})[\uFE0E\uFE0F]`,
  String.raw`(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D(?=\p{Extended_Pictographic})`,
  String.raw`(?<=[[\p{L}\p{M}]&&[${[
    ...['Arabic', 'Syriac', 'Mongolian', 'Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati'],
    ...['Oriya', 'Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Sinhala', 'Khmer', 'Myanmar'],
  ]
    .map((script) => String.raw`\p{Script=${script}}`)
    .join('')}]])[\u200C\u200D]`,
  String.raw`(?<=\p{Script=Mongolian})[\u180B-\u180F]`,
].join('|');

/** Made at the first text that may need it: the tables of emoji cost each start of the command line a tenth of a second. */
let needed: RegExp | undefined;

const nameOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;

/**
 * Marks on one letter beyond those that a script needs: piled up, they are drawn over the lines around
 * them, and the value that a reader takes for one field's is another's. Fixed in length, so that it is
 * looked at once.
 */
export const STACKED = /(?<=\p{M}{4})\p{M}/gv;

/** Text of several lines keeps its breaks and tabs. */
const isLayout = (character: string): boolean => character === '\n' || character === '\t';

/** The text with every character that people cannot see spelled out, also where a script needs it. */
export const spellOutUnseen = (text: string): string =>
  text
    .replaceAll(STACKED, (mark) => `<${nameOf(mark)}>`)
    .replaceAll(UNSEEN, (character) =>
      isLayout(character) ? character : `<${nameOf(character)}>`,
    );

/** The text without them: what is left is what people read. */
export const withoutUnseen = (text: string): string =>
  text.replaceAll(UNSEEN, (character) => (isLayout(character) ? character : ''));

/** A blank takes the place of what is needed, so that what stood around it does not come together. */
function withoutNeeded(text: string): string {
  if (text.search(UNSEEN) === -1) return text;
  needed ??= new RegExp(NEEDED, 'gv');
  return text.replaceAll(needed, ' ');
}

/**
 * The names (`U+202E`) of the characters that people cannot see and the text's own script does not
 * need, line feeds and tabs among them, in the order of the text.
 */
export const needlessUnseen = (text: string): string[] =>
  [...(withoutNeeded(text).match(UNSEEN) ?? []), ...(text.match(STACKED) ?? [])].map(nameOf);
