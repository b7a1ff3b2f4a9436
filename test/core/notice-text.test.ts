import { describe, expect, it } from 'vitest';
import { inWordsOf } from '../../src/core/notice-text.ts';

const change = (label: string, property: string) => ({ label, property, before: 'a', after: 'b' });

describe('what moved, in the words of the card', () => {
  it.each([
    ['contacts.phone changed', [change('Phone number', 'phone')], 'Phone number changed'],
    [
      'deals.amount, deals.dealname and 2 more changed',
      [change('2. Amount', 'amount'), change('1. Deal name', 'dealname')],
      'Amount, Deal name and 2 more changed',
    ],
    [
      'contacts.phone, deals.amount changed',
      [
        change('1. Phone number', 'phone'),
        change('2. Phone number', 'phone'),
        change('3. Amount', 'amount'),
      ],
      'contacts.phone, Amount changed',
    ],
    ['contacts.city changed', [change('Phone number', 'phone')], 'contacts.city changed'],
    ['step 2 of 3 failed: hubspot.timeout', [], 'step 2 of 3 failed: hubspot.timeout'],
  ])('%s', (detail, changes, said) => {
    expect(inWordsOf({ changes }, detail)).toBe(said);
    expect(inWordsOf(null, detail)).toBe(detail);
  });
});
