import { spellOutUnseen } from './unseen.ts';

/** Rows of text in which nobody's value passes for words of ours, in a window as in a terminal. */

/** One row: what it is in our words, and the value. `text` is anybody's, `own` is ours. */
export type Row = { readonly name: string } & (
  { readonly text: string } | { readonly own: string }
);

/**
 * A value with a hundred blanks in it must not push its end out of the window, nor a terminal of eighty columns break a
 * line itself: what goes on at its left edge could pass for words of ours.
 */
const LINE_COLUMNS = 60;
const NAME_CHARS = 14;

/** Begins a line of a value; where a line was broken by us, another sign stands. */
const RULE = '│ ';
const BROKEN_RULE = '┆ ';

/** What Temporal's UI would put its own words in place of. */
const TEMPLATE = /\{(?=(?:namespace|workflowId|runId)\})/g;
/** Blanks that look like the common one. A tab is a blank of any width. */
const ODD_BLANK = /[[\p{Zs}\t]--\u0020]/gv;

const named = (character: string): string =>
  `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`;

/** Blanks at an end cannot be seen: `a ` must not look like `a`. */
function withEndSeen(line: string): string {
  const end = line.trimEnd().length;
  return line.slice(0, end) + Array.from(line.slice(end), named).join('');
}

const legible = (text: string): string[] =>
  spellOutUnseen(text)
    .replaceAll(TEMPLATE, named('{'))
    .replaceAll(ODD_BLANK, named)
    .split('\n')
    .map(withEndSeen);

/** A letter, or the name of one: neither is cut in two. */
const UNIT = /<U\+[0-9A-F]{4,6}>|./gsu;

/** At most: some terminals take two columns for what is not ASCII, and none takes more. */
const columnsOf = (unit: string): number =>
  Array.from(unit).reduce((sum, letter) => sum + (letter <= '~' ? 1 : 2), 0);

/**
 * Before the last blank, which begins the next line: no word is cut in two, and none that was is taken for two. A word
 * that would leave half a line empty is cut.
 */
function breakAt(units: readonly string[], next: string): number {
  const blank = units.lastIndexOf(' ');
  return next !== ' ' && blank > units.length / 2 ? blank : units.length;
}

const widthOf = (units: readonly string[]): number =>
  units.reduce((sum, unit) => sum + columnsOf(unit), 0);

function brokenUp(line: string, columns: number): string[] {
  const lines: string[] = [];
  let units: string[] = [];
  let width = 0;
  for (const [unit] of line.matchAll(UNIT)) {
    if (width + columnsOf(unit) > columns) {
      const rest = units.splice(breakAt(units, unit));
      lines.push(units.join(''));
      units = rest;
      width = widthOf(rest);
    }
    units.push(unit);
    width += columnsOf(unit);
  }
  return [...lines, units.join('')];
}

const valueLines = (text: string, columns: number): string[] =>
  legible(text).flatMap((line) =>
    brokenUp(line, columns).map((piece, at) => `${at === 0 ? RULE : BROKEN_RULE}${piece}`),
  );

/** At blanks alone: an address of HubSpot's stays whole. */
function ownLines(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.pop();
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last === undefined || columnsOf(longer) <= columns) lines.push(longer);
    else lines.push(last, word);
  }
  return lines;
}

/** Words of ours have no rule, so that nobody's value can pass for them. */
function rowLines(row: Row, columns: number): string[] {
  const lines =
    'own' in row
      ? ownLines(row.own, columns)
      : row.text === ''
        ? ['(empty)']
        : valueLines(row.text, columns);
  return lines.map((line, at) => `${(at === 0 ? row.name : '').padEnd(NAME_CHARS)} ${line}`);
}

/** Less than that says nothing: a terminal that is narrower still breaks the lines itself. */
const LINE_COLUMNS_MIN = 20;

/** How much of a value stands on a line of a window that is so wide; `undefined` where nobody knows how wide. */
export const columnsIn = (width = Infinity): number =>
  Math.max(LINE_COLUMNS_MIN, Math.min(LINE_COLUMNS, width - NAME_CHARS - 1 - RULE.length));

export const linesOf = (rows: readonly Row[], columns = LINE_COLUMNS): string[] =>
  rows.flatMap((row) => rowLines(row, columns));
