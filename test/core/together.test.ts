import { describe, expect, it } from 'vitest';
import type { Card } from '../../src/contracts/card.ts';
import { canGoTogether, isPlain, TOGETHER_LIMITS } from '../../src/core/together.ts';
import { cardFor, requestId } from '../adapters/store/fixtures.ts';

const PLAIN: Card = {
  ...cardFor(requestId(1)),
  requires: { approvals: 1, passkey: false, roles: ['approver'], reasons: [] },
};
const change = (after: string): Card['changes'][number] => ({
  ...{ label: 'Note', property: 'hs_note_body', before: null, after },
});
const [record] = PLAIN.records;
const by = { id: 'per_1', name: 'Lena' };

describe('what may be decided with others that are alike', () => {
  it('is an ordinary write', () => {
    expect([isPlain(PLAIN), canGoTogether(PLAIN)]).toEqual([true, true]);
  });

  it.each<[string, Partial<Card>]>([
    ['what removes something', { risk: 'destructive' }],
    ['what takes two people', { requires: { ...PLAIN.requires, approvals: 2 } }],
    ['what takes a passkey', { requires: { ...PLAIN.requires, passkey: true } }],
    ['what a person has changed', { changed: { from: requestId(2), by, fields: ['Note'] } }],
    ['what reads like an attempt to mislead', { signals: ['The classic opening.'] }],
    ['what hides a letter', { changes: [change('br\u0430nd')] }],
    ['what the gateway takes back', { action: 'take_back' }],
  ])('is not %s, which is not allowed ahead either', (_what, of) => {
    expect([isPlain({ ...PLAIN, ...of }), canGoTogether({ ...PLAIN, ...of })]).toEqual([
      ...[false, false],
    ]);
  });

  const { changesMax, charsMax } = TOGETHER_LIMITS;
  const long = charsMax - PLAIN.sentence.length - 'Note'.length;
  it.each<[boolean, string, Partial<Card>]>([
    [false, 'several steps in one', { action: 'write_several' }],
    [false, 'what is on two records', { records: [record!, record!] }],
    [true, 'as many fields as fit', { changes: Array(changesMax).fill(change('a')) }],
    [false, 'one field more', { changes: Array(changesMax + 1).fill(change('a')) }],
    [true, 'as many characters as fit', { changes: [change('a'.repeat(long))] }],
    [false, 'one character more', { changes: [change('a'.repeat(long + 1))] }],
  ])('is: %s, of %s', (is, _what, of) => {
    expect(canGoTogether({ ...PLAIN, ...of })).toBe(is);
  });
});
