import { type Html, html } from './html.ts';

/** How the browser writes it once it knows the reader's zone: `clocks.js` has the same names. */
export type TimeForm = 'time' | 'seconds' | 'day' | 'moment';

const UTC = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'UTC',
});

/** A moment. Without script it stands in UTC and says so; the browser puts it into the reader's zone. */
export const moment = (iso: string, form: TimeForm = 'moment'): Html =>
  html`<time datetime="${iso}" data-form="${form}">${UTC.format(new Date(iso))} UTC</time>`;

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
const SOON_SECONDS = 300;

export const secondsLeft = (until: string, now: Date): number =>
  Math.max(0, Math.floor((Date.parse(until) - now.getTime()) / 1_000));

/** "4:18", "3 h 10", "2 days". The same rule runs in `clocks.js`, every second. */
export function leftWords(seconds: number): string {
  const pad = (value: number): string => String(value).padStart(2, '0');
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}:${pad(seconds % MINUTE)}`;
  if (seconds < DAY)
    return `${Math.floor(seconds / HOUR)} h ${pad(Math.floor((seconds % HOUR) / MINUTE))}`;
  const days = Math.round(seconds / DAY);
  return days === 1 ? '1 day' : `${days} days`;
}

export function timeLeft(until: string, now: Date): Html {
  const seconds = secondsLeft(until, now);
  const soon = seconds < SOON_SECONDS ? ' clock--soon' : '';
  return html`<time class="clock${soon}" datetime="${until}" data-left="1"
    >${leftWords(seconds)}</time
  >`;
}

/** A bar that is full when it was asked and empty at the deadline; only where it tells something. */
export function timeBar(asked: string, until: string, now: Date): Html | null {
  const seconds = secondsLeft(until, now);
  if (seconds >= HOUR) return null;
  const whole = Math.max(1, Math.round((Date.parse(until) - Date.parse(asked)) / 1_000));
  const soon = seconds < SOON_SECONDS ? ' left--soon' : '';
  return html`<progress
    class="left${soon}"
    max="${Math.min(whole, HOUR)}"
    value="${Math.min(seconds, whole)}"
    aria-label="Time left"
  >
    ${leftWords(seconds)}
  </progress>`;
}
