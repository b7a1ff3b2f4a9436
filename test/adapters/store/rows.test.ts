import { expect, it } from 'vitest';
import { parseRow, TimeSchema } from '../../../src/adapters/store/sql/rows.ts';

it('takes a time that no Date can hold for a row that somebody else wrote', () => {
  expect(parseRow(TimeSchema, 'decisions', 'act_1', 8.64e15)).toEqual(new Date(8.64e15));
  expect(() => parseRow(TimeSchema, 'decisions', 'act_1', 8.64e15 + 1)).toThrow('plan.tampered');
});
