/**
 * HubSpot's window rolls, so ours does: never more than `max` turns in any `spanMs`. A window that
 * starts anew every ten seconds would let twice as many through around its edge.
 */
export interface Window {
  readonly max: number;
  readonly spanMs: number;
  /** Times of the turns that still count, some still to come, in order. */
  turns: number[];
}

export const newWindow = (max: number, spanMs: number): Window => ({ max, spanMs, turns: [] });

/** When the next turn is free, with at most `max` in the window. */
export function firstFree(
  { max: planned, spanMs, turns }: Window,
  now: number,
  max = planned,
): number {
  if (max <= 0) return Infinity;
  const oldest = turns.at(-max);
  return oldest === undefined ? now : Math.max(now, oldest + spanMs);
}

export function reserve({ spanMs, turns }: Window, at: number, now: number): void {
  while ((turns[0] ?? now) <= now - spanMs) turns.shift();
  turns.splice(turns.findLastIndex((turn) => turn <= at) + 1, 0, at);
}

/** Turns of the last `lengthMs`, up to now. */
export const usedWithin = ({ turns }: Window, lengthMs: number, now: number): number =>
  turns.filter((turn) => turn > now - lengthMs && turn <= now).length;
