import { describe, expect, it } from 'vitest';
import { reasonIn } from '../../src/console/step-routes.ts';

describe('the reason that an agent is told', () => {
  it.each([
    [{ reason: 'A value is wrong' }, 'A value is wrong'],
    [{ reason: 'A value is wrong', words: ' She is COO. ' }, 'A value is wrong: She is COO.'],
    [{ reason: '', words: 'She is COO.' }, 'She is COO.'],
    [{ reason: '', words: ' ' }, ''],
    [{}, ''],
  ])('of %j is what was chosen and said, and nothing else', (form, told) => {
    expect(reasonIn(form)).toBe(told);
  });
});
