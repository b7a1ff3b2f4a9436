/** The clocks of a drill in the words of people, in the order in which they stop. */
export const DRILL_CLOCKS = [
  ['contained', 'contained'],
  ['supplied', 'new key stored'],
  ['old_key_dead', 'old key dead'],
  ['verified', 'new key verified'],
  ['assessed', 'assessed'],
  ['reverted', 'set back'],
  ['closed', 'closed'],
] as const;

/** `46.2 s`, `6 min 40 s`. */
export function durationWords(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes === 0) return `${(ms / 1_000).toFixed(1)} s`;
  return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`;
}
