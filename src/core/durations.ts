/** How long something took or has left, in the words of people. */

const MINUTE_MS = 60_000;

/** `46.2 s`, `6 min 40 s`. */
export function durationWords(ms: number): string {
  const minutes = Math.floor(ms / MINUTE_MS);
  if (minutes === 0) return `${(ms / 1_000).toFixed(1)} s`;
  return `${minutes} min ${Math.floor((ms % MINUTE_MS) / 1_000)} s`;
}

const HOUR_MINUTES = 60;
const DAY_MINUTES = 1_440;

/** Of what seconds say nothing: `3 h 40 min`, `40 min`, `2 days 3 h`. */
export function leftText(minutes: number): string {
  const [days, rest] = [Math.floor(minutes / DAY_MINUTES), minutes % DAY_MINUTES];
  const [hours, left] = [Math.floor(rest / HOUR_MINUTES), rest % HOUR_MINUTES];
  const parts = [
    ...(days === 0 ? [] : [days === 1 ? '1 day' : `${days} days`]),
    ...(hours === 0 ? [] : [`${hours} h`]),
    ...(days > 0 || (left === 0 && hours > 0) ? [] : [`${left} min`]),
  ];
  return parts.join(' ');
}
