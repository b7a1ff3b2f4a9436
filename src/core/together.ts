import type { Card } from '../contracts/card.ts';
import { textsOf } from './card-values.ts';
import { hidesSomething, isHighRisk } from './high-risk.ts';

/**
 * What is alike is decided together: writes of one agent and one action, so many at one go, and each small enough to be
 * shown whole beside the others.
 */
export const TOGETHER_LIMITS = {
  itemsMax: 25,
  /** So many of a group are looked at one by one: drawn by the gateway, foreseen by nobody. */
  sampled: 3,
  changesMax: 8,
  charsMax: 1_000,
} as const;

/** One ordinary write of an agent's, as its card shows it, with nothing on it that reads like an attempt to mislead. */
export const isPlain = (card: Card): boolean =>
  card.risk === 'write' &&
  // What the gateway takes back is looked at one by one.
  card.action !== 'take_back' &&
  !isHighRisk(card) &&
  // Whoever put other values in wants them looked at.
  card.changed === undefined &&
  (card.signals ?? []).length === 0 &&
  !hidesSomething(card);

/** Of all that stands in a card's changes. */
export const charsIn = ({ changes }: Card): number =>
  changes.flatMap(textsOf).reduce((sum, text) => sum + text.length, 0);

/** Whether it may be decided with others that are alike: one write on one record, all of it shown beside them. */
export const canGoTogether = (card: Card): boolean =>
  isPlain(card) &&
  // Each of these may be of another kind.
  card.action !== 'write_several' &&
  card.records.length <= 1 &&
  card.changes.length <= TOGETHER_LIMITS.changesMax &&
  charsIn(card) + card.sentence.length <= TOGETHER_LIMITS.charsMax;
