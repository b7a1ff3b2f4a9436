const HOUR_MS = 3_600_000;
/** No local day is longer, whatever summer time does to it. */
const DAY_MAX_MS = 27 * HOUR_MS;

function dayIn(timeZone: string): (ms: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' });
  return (ms) => format.format(ms);
}

function midnightAfter(nowMs: number, dayOf: (ms: number) => string): number {
  const today = dayOf(nowMs);
  let before = nowMs;
  let after = nowMs + DAY_MAX_MS;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (dayOf(middle) === today) before = middle;
    else after = middle;
  }
  return after;
}

/**
 * When HubSpot's daily allowance starts again: midnight in the account's own time zone.
 * https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
 *
 * Without a zone (or with one this machine does not know) the next full hour is assumed: midnight
 * lies near a full hour everywhere, so one refused call an hour finds it, while a guessed zone could
 * be wrong for most of a day.
 */
export function dailyResetAt(now: Date, timeZone: string | undefined): Date {
  const nowMs = now.getTime();
  try {
    if (timeZone !== undefined) return new Date(midnightAfter(nowMs, dayIn(timeZone)));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return new Date((Math.floor(nowMs / HOUR_MS) + 1) * HOUR_MS);
}
