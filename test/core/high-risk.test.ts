import { describe, expect, it } from 'vitest';
import type { Card } from '../../src/contracts/card.ts';
import { highRiskOf, isHighRisk } from '../../src/core/high-risk.ts';

const of = (risk: Card['risk'], requires: Partial<Card['requires']> = {}) => ({
  risk,
  requires: { approvals: 1, passkey: false, roles: [], reasons: [], ...requires },
});

describe('a write is of high risk', () => {
  it.each([
    ['removes something', of('destructive'), ['removes']],
    ['takes two people', of('write', { approvals: 2 }), ['people']],
    ['takes a passkey', of('write', { passkey: true }), ['passkey']],
    [
      'does all of that',
      of('destructive', { approvals: 3, passkey: true }),
      ['removes', 'people', 'passkey'],
    ],
  ] as const)('when it %s', (_what, card, why) => {
    expect(highRiskOf(card)).toEqual(why);
    expect(isHighRisk(card)).toBe(true);
  });

  it('and not when one person may decide it in any way', () => {
    expect(isHighRisk(of('write'))).toBe(false);
  });
});
