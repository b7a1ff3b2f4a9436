import type { Card } from '../contracts/card.ts';
import { alikeIn } from './alike.ts';
import { needlessUnseen } from './unseen.ts';

/** What is looked at on its own by somebody who takes the time: never grouped, held back or allowed ahead. */
export const isHighRisk = ({ risk, requires }: Pick<Card, 'risk' | 'requires'>): boolean =>
  risk === 'destructive' || requires.passkey || requires.approvals > 1;

/** Breaks and tabs can be seen where a text has several lines. */
const LAYOUT = new Set(['U+000A', 'U+0009']);

const isHiding = (text: string): boolean =>
  needlessUnseen(text).some((name) => !LAYOUT.has(name)) || alikeIn(text).size > 0;

/** Whether anything on the card is drawn as something else than it is, the agent's own words among it. */
export function hidesSomething({ sentence, records, changes, claimed, agent }: Card): boolean {
  const texts = [
    ...[sentence, agent.name, claimed.user_id, claimed.prompt],
    ...records.map(({ name }) => name),
    ...changes.flatMap(({ label, before, after }) => [label, before ?? '', after]),
  ];
  return texts.some(isHiding);
}
