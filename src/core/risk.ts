import type { Card } from '../contracts/card.ts';
import { isHiding } from './hiding.ts';
import { highRiskOf } from './high-risk.ts';

export type RiskLevel = 'low' | 'raised' | 'high';

export interface Risk {
  readonly level: RiskLevel;
  /** Why; empty for low. */
  readonly reason: string;
}

/** What a reader should look out for. A sign beside the card: what is needed is said by policy alone. */
export function riskOf(card: Card): Risk {
  const why = highRiskOf(card);
  if (why.includes('removes')) return { level: 'high', reason: 'it removes something' };
  const texts = card.changes.flatMap(({ label, after, after_name: name = '' }) => [
    label,
    after,
    name,
  ]);
  if ([card.sentence, ...texts].some(isHiding)) {
    return { level: 'high', reason: 'hidden or look-alike characters' };
  }
  const [signal] = card.signals ?? [];
  if (signal !== undefined) return { level: 'raised', reason: 'the agent’s words, see Signal' };
  if (why.includes('people')) {
    return { level: 'raised', reason: `policy asks for ${card.requires.approvals} people` };
  }
  if (why.includes('passkey')) return { level: 'raised', reason: 'policy asks for a passkey' };
  return { level: 'low', reason: '' };
}
