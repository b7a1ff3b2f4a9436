import { dayOf } from '../../src/console/zone.ts';

const DAY_MS = 86_400_000;

/** A day so many days from now, where the browser of `console-house.ts` stands. */
export const dayFrom = (days: number, zone = 'Europe/Berlin'): string =>
  dayOf(new Date(Date.now() + days * DAY_MS), zone);
