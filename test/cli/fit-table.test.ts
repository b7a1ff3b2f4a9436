import { describe, expect, it } from 'vitest';
import { cutTo, fitRows, widthsOf } from '../../src/cli/fit-table.ts';

const ID = `act_${'0'.repeat(26)}`;
const ROWS = [
  ['REQUEST', 'UNTIL', 'AGENT', 'WHAT'],
  [ID, '2026-11-26T23:37:55.123Z', 'helper', 'Add a note to the contact Jane Doe of Acme Corp.'],
];
const lineOf = (rows: readonly (readonly string[])[]): number =>
  widthsOf(rows).reduce((sum, width) => sum + width + 2, -2);

describe('a table', () => {
  it('stays whole where no terminal is, and where it fits', () => {
    expect(fitRows(ROWS, { width: undefined, cut: [3] })).toEqual(ROWS);
    expect(fitRows(ROWS, { width: 400, cut: [3] })).toEqual(ROWS);
  });

  it('fits into a narrow terminal: times to the minute, the sentence cut with its mark', () => {
    const fit = fitRows(ROWS, { width: 80, cut: [2, 3] });
    expect(lineOf(fit)).toBeLessThanOrEqual(80);
    expect(fit[1]).toEqual([ID, '11-26 23:37Z', 'helper', 'Add a note to the contact…']);
  });

  it('cuts nothing else, and nothing to less than can be read', () => {
    const [, row = []] = fitRows(ROWS, { width: 20, cut: [3] });
    expect([row[0], row[2]]).toEqual([ID, 'helper']);
    expect(row[3]).toBe('Add a n…');
  });

  it('is cut at its characters, the mark being one of them', () => {
    expect(['abcd', 'abcde', 'abc de'].map((text) => cutTo(text, 4))).toEqual([
      ...['abcd', 'abc…', 'abc…'],
    ]);
  });
});
