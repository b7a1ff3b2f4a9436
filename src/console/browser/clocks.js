// Times in the reader's own zone, and what is left of them. The server's `times.ts` has the same forms.
const TICK_MS = 1000;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;
const SOON_SECONDS = 300;

const format = (options) => new Intl.DateTimeFormat('en-GB', options);
const HOURS = format({ hour: '2-digit', minute: '2-digit' });
const SECONDS = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const LONG_DAY = format({ day: 'numeric', month: 'long', year: 'numeric' });
const WEEKDAY = format({ weekday: 'long' });

const isSameDay = (one, other) => one.toDateString() === other.toDateString();

function momentWords(date, now) {
  const time = HOURS.format(date);
  if (isSameDay(date, now)) return time;
  const isNear = Math.abs(date - now) < 6 * DAY * 1000;
  return isNear ? `${WEEKDAY.format(date)} ${time}` : `${LONG_DAY.format(date)}, ${time}`;
}

function words(form, date, now) {
  if (form === 'time') return HOURS.format(date);
  if (form === 'seconds') return SECONDS.format(date);
  if (form === 'day') return LONG_DAY.format(date);
  return momentWords(date, now);
}

function leftWords(seconds) {
  const pad = (value) => String(value).padStart(2, '0');
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}:${pad(seconds % MINUTE)}`;
  if (seconds < DAY) {
    return `${Math.floor(seconds / HOUR)} h ${pad(Math.floor((seconds % HOUR) / MINUTE))}`;
  }
  const days = Math.round(seconds / DAY);
  return days === 1 ? '1 day' : `${days} days`;
}

function tick() {
  const now = Date.now();
  for (const clock of document.querySelectorAll('time[data-since]')) {
    const seconds = Math.max(0, Math.floor((now - Date.parse(clock.dateTime)) / 1000));
    clock.textContent = leftWords(seconds);
  }
  for (const clock of document.querySelectorAll('time[data-left]')) {
    const seconds = Math.max(0, Math.floor((Date.parse(clock.dateTime) - now) / 1000));
    clock.textContent = leftWords(seconds);
    clock.classList.toggle('clock--soon', seconds < SOON_SECONDS);
    const bar = clock.parentElement?.querySelector('progress');
    if (!bar) continue;
    bar.value = Math.min(seconds, bar.max);
    bar.classList.toggle('left--soon', seconds < SOON_SECONDS);
  }
}

let timer;

export function startClocks(root) {
  const now = new Date();
  for (const time of root.querySelectorAll('time[data-form]')) {
    const date = new Date(time.dateTime);
    time.title = date.toISOString();
    time.textContent = words(time.dataset.form, date, now);
  }
  tick();
  timer ??= setInterval(tick, TICK_MS);
}

/** So that the server's days are the reader's: `zone.ts` reads it, and nothing of a decision rests on it. */
export function tellZone() {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  document.cookie = `sallyport-zone=${timeZone}; Path=/console; SameSite=Strict${secure}`;
}

export const clockWords = (date) => HOURS.format(date);
