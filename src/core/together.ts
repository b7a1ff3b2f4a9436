import type { Card } from '../contracts/card.ts';
import { hidesSomething, isHighRisk } from './high-risk.ts';

/**
 * What is alike is decided together: writes of one agent and one action. Nobody reads more than this at one go, and
 * of the rest each is as small as a row.
 */
export const TOGETHER_LIMITS = {
  itemsMax: 25,
  /** So many of a group are looked at one by one: drawn by the gateway, foreseen by nobody. */
  sampled: 3,
  changesMax: 8,
  charsMax: 1_000,
} as const;

/** One ordinary write, as its card shows it, with nothing on it that reads like an attempt to mislead. */
export const isPlain = (card: Card): boolean =>
  card.risk === 'write' &&
  !isHighRisk(card) &&
  // Whoever put other values in wants them looked at.
  card.changed === undefined &&
  (card.signals ?? []).length === 0 &&
  !hidesSomething(card);

const charsOf = ({ sentence, changes }: Card): number =>
  changes.reduce(
    (sum, { label, before, after }) => sum + label.length + (before?.length ?? 0) + after.length,
    sentence.length,
  );

/** Whether it may be decided with others that are alike: all of it is shown beside them. */
export const canGoTogether = (card: Card): boolean =>
  isPlain(card) &&
  card.changes.length <= TOGETHER_LIMITS.changesMax &&
  charsOf(card) <= TOGETHER_LIMITS.charsMax;
