/** What a table needs to fit into a terminal. */
export interface Fit {
  /** Columns of the terminal; undefined where nobody looks at a terminal: then everything stays whole. */
  readonly width: number | undefined;
  /** Numbers of the table's columns that may be cut, from 0. */
  readonly cut: readonly number[];
}

const GAP = 2;
/** Less than that says nothing. */
const COLUMN_MIN = 8;
const TIME = /\d{4}-(\d\d-\d\d)T(\d\d:\d\d):[\d.]+Z/g;

export const widthsOf = (rows: readonly (readonly string[])[]): number[] =>
  (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));

const totalOf = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, (widths.length - 1) * GAP);

/** At most so many characters, the last of them `…` where some are left out. */
export const cutTo = (text: string, max: number): string =>
  text.length <= max ? text : `${text.slice(0, Math.max(max - 1, 0)).trimEnd()}…`;

/** The widest of those that may be cut, until all fit or none is left to cut. */
function narrowed(widths: readonly number[], { width = Infinity, cut }: Fit): number[] {
  const left = [...widths];
  while (totalOf(left) > width) {
    const widest = Math.max(...cut.map((column) => left[column] ?? 0));
    const column = cut.find((one) => left[one] === widest);
    if (column === undefined || widest <= COLUMN_MIN) break;
    left[column] = widest - 1;
  }
  return left;
}

/** Rows that fit: times to the minute first, then what may be cut. All rows have the same number of cells. */
export function fitRows(rows: readonly (readonly string[])[], fit: Fit): readonly string[][] {
  const { width } = fit;
  const whole = rows.map((row) => [...row]);
  if (width === undefined || totalOf(widthsOf(whole)) <= width) return whole;
  const short = whole.map((row) => row.map((cell) => cell.replace(TIME, '$1 $2Z')));
  const widths = narrowed(widthsOf(short), fit);
  return short.map((row) => row.map((cell, column) => cutTo(cell, widths[column] ?? 0)));
}
