import type { Card } from '../contracts/card.ts';

/** What makes a write one of high risk: it removes something, or policy asks for a passkey or for several people. */
export type HighRisk = 'removes' | 'people' | 'passkey';

/**
 * Why this write is of high risk; empty for an ordinary one. The one rule of the house: by it a write waits a
 * shorter time, is marked on pages, and is kept from being decided where less than the whole card is in view.
 */
export function highRiskOf({ risk, requires }: Pick<Card, 'risk' | 'requires'>): HighRisk[] {
  return [
    ...(risk === 'destructive' ? (['removes'] as const) : []),
    ...(requires.approvals > 1 ? (['people'] as const) : []),
    ...(requires.passkey ? (['passkey'] as const) : []),
  ];
}

export const isHighRisk = (card: Pick<Card, 'risk' | 'requires'>): boolean =>
  highRiskOf(card).length > 0;
