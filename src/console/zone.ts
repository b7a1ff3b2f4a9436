import type { Request } from 'express';

/** As the browser's own settings have it, told by `clocks.js`. It says how times are read, and proves nothing. */
const COOKIE = /(?:^|;\s*)sallyport-zone=([\w+/-]{1,64})(?:;|$)/;

export const UTC = 'UTC';

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).format() !== '';
  } catch {
    return false;
  }
}

/** The reader's time zone; UTC until their browser has told it. */
export function zoneOf({ headers }: Pick<Request, 'headers'>): string {
  const named = COOKIE.exec(headers.cookie ?? '')?.[1];
  return named !== undefined && isZone(named) ? named : UTC;
}

/** What the clocks of a zone show, as if it were UTC. */
function wallMs(at: Date, zone: string): number {
  const of = { timeZone: zone, hourCycle: 'h23', dateStyle: 'short', timeStyle: 'medium' } as const;
  // Swedish dates are ISO's: "2026-11-27 20:15:19".
  const words = new Intl.DateTimeFormat('sv-SE', of).format(at);
  return Date.parse(`${words.replace(' ', 'T')}Z`);
}

/** The day of a moment by a zone's clocks, as `2026-11-27`. */
export const dayOf = (at: Date, zone: string): string =>
  new Date(wallMs(at, zone)).toISOString().slice(0, 10);

/** When a day begins by a zone's clocks. Where they leap at midnight, that is the first moment of it that there is. */
export function dayStart(day: string, zone: string): Date {
  const wall = Date.parse(`${day}T00:00:00Z`);
  const before = (at: number): number => wall - (wallMs(new Date(at), zone) - at);
  const first = before(wall);
  const tried = [first, before(first)].toSorted((one, other) => one - other);
  const found = tried.find((at) => dayOf(new Date(at), zone) === day);
  return new Date(found ?? wall);
}

const DAY_MS = 86_400_000;

/** The day after, as `2026-11-28`. */
export const dayAfter = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
