import type { Card } from '../contracts/card.ts';
import { highRiskOf } from '../core/high-risk.ts';
import { type Html, html } from './html.ts';
import { isHiding } from './shown-text.ts';

export type RiskLevel = 'low' | 'raised' | 'high';

export interface Risk {
  readonly level: RiskLevel;
  /** Why; empty for low. */
  readonly reason: string;
}

/** What a reader should look out for. A sign on the page: what is needed is said by policy alone. */
export function riskOf(card: Card): Risk {
  const why = highRiskOf(card);
  if (why.includes('removes')) return { level: 'high', reason: 'it removes something' };
  const texts = card.changes.flatMap(({ label, after }) => [label, after]);
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

export const riskMark = ({ level, reason }: Risk, isShort = false): Html =>
  html`<span class="risk risk--${level}"
    ><span class="risk__pips" aria-hidden="true"><i></i><i></i><i></i></span>Risk
    ${level}${reason === '' || isShort ? '' : `: ${reason}`}</span
  >`;
