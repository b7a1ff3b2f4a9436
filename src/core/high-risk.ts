import type { Card } from '../contracts/card.ts';
import { textsOf } from './card-values.ts';
import { isHiding } from './hiding.ts';

/** What makes a write one of high risk: it removes something, or policy asks for a passkey or for several people. */
export type HighRisk = 'removes' | 'people' | 'passkey';

/**
 * Why this write is of high risk; empty for an ordinary one. The one rule of the house: by it a write waits a
 * shorter time, is marked on pages, and is neither grouped, held back (its reminders aside), allowed ahead nor decided
 * where less than the whole card is in view.
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

/** Whether anything on the card is drawn as something else than it is, the agent's own words among it. */
export function hidesSomething({ sentence, records, changes, claimed, agent }: Card): boolean {
  const texts = [
    ...[sentence, agent.name, claimed.user_id, claimed.prompt],
    ...records.map(({ name }) => name),
    ...changes.flatMap(textsOf),
  ];
  return texts.some(isHiding);
}
