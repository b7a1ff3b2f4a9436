import { TOGETHER_LIMITS } from './together.ts';

/** What an alert is about: a habit of yes, mostly faster than a card is read. */
export const HABIT = {
  approvedShareMin: 0.95,
  hastyMs: 3_000,
  /** Of fewer nobody can tell a habit. */
  decisionsMin: 10,
} as const;

/** Less than this since it was asked for, its card was opened, or the decision before: nobody has read a card. */
export const isHasty = (ms: number): boolean => Math.abs(ms) < HABIT.hastyMs;

/** Of what was decided together: how long each of the cards took that were drawn to be looked at. */
export const perCard = (tookMs: number, groupSize: unknown): number =>
  typeof groupSize === 'number' ? tookMs / Math.min(groupSize, TOGETHER_LIMITS.sampled) : tookMs;

/** One decision, and how long it took. */
export interface Taken {
  readonly isApproved: boolean;
  readonly tookMs: number;
}

export interface Habit {
  readonly decisions: number;
  readonly approved: number;
  /** Half of the decisions took at most this long, ms. */
  readonly medianMs: number;
}

/** Undefined of somebody who has decided on nothing. */
export function habitOf(taken: readonly Taken[]): Habit | undefined {
  const times = taken.map(({ tookMs }) => tookMs).toSorted((one, other) => one - other);
  const medianMs = times[times.length >> 1];
  if (medianMs === undefined) return undefined;
  const approved = taken.filter(({ isApproved }) => isApproved).length;
  return { decisions: taken.length, approved, medianMs };
}

export const isRubberStamp = (
  { decisions, approved, medianMs }: Habit,
  decisionsMin: number = HABIT.decisionsMin,
): boolean =>
  decisions >= decisionsMin && approved / decisions >= HABIT.approvedShareMin && isHasty(medianMs);
