// Looks again now and then and puts in what changed. Without an answer nothing can be decided from the page.
import { clockWords } from './clocks.js';

const EVERY_MS = 3000;
const ANSWER_MS = 10000;
/** A session that nobody uses must come to its end: a page that is left alone stops asking. */
const ATTENDED_MS = 15 * 60000;
const PARTS = ['bar', 'strip', 'main', 'sheets', 'decide', 'foot'];

let attendedAt = Date.now();
let lastAnswer = new Date();
let isOffline = false;
/** Of the page as it is shown: the server answers 304 while it would say the same. */
let tag = '';

/** What somebody has begun to write is not taken from under them. */
const isBegun = () =>
  [...document.querySelectorAll('#main input[type="password"], #main textarea')].some(
    ({ value }) => value !== '',
  );

const isBusy = () =>
  document.visibilityState !== 'visible' ||
  Date.now() - attendedAt > ATTENDED_MS ||
  document.querySelector(':popover-open') !== null ||
  (document.activeElement?.matches('input, textarea, select') ?? false) ||
  isBegun() ||
  document.querySelector('form[data-busy]') !== null;

function sayOffline() {
  if (isOffline) return;
  isOffline = true;
  const notice = document.createElement('p');
  notice.className = 'notice notice--stop offline';
  notice.setAttribute('role', 'alert');
  notice.textContent =
    `No connection to the gateway since ${clockWords(lastAnswer)}. ` +
    'What you see may be old; you cannot decide from it.';
  document.getElementById('main')?.prepend(notice);
  for (const control of document.querySelectorAll('[data-decides]')) control.remove();
}

function keepSelection(id) {
  if (!id) return;
  const row = document.querySelector(`.wait[data-id="${CSS.escape(id)}"]`);
  if (!row) return;
  document.querySelector('.wait[aria-current]')?.removeAttribute('aria-current');
  row.setAttribute('aria-current', 'true');
}

/** A part that was not there before comes after the sheets. */
function exchange(id, fresh) {
  const old = document.getElementById(id);
  const made = fresh.getElementById(id);
  if (!made) old?.remove();
  else if (old) old.replaceWith(document.adoptNode(made));
  else document.getElementById('sheets')?.after(document.adoptNode(made));
}

function say() {
  const announce = document.getElementById('announce');
  if (announce) announce.textContent = document.getElementById('main')?.dataset.says ?? '';
}

function put(fresh, onChange) {
  const now = document.getElementById('main');
  const next = fresh.getElementById('main');
  if (!now || !next) return;
  const isSame = !isOffline && now.dataset.version === next.dataset.version;
  const selected = document.querySelector('.wait[aria-current]')?.dataset.id;
  // What says the same keeps its place and focus; the strip with the log's position moves by itself.
  for (const id of isSame ? ['strip'] : PARTS) exchange(id, fresh);
  if (isSame) return;
  isOffline = false;
  keepSelection(selected);
  say();
  document.title = fresh.title;
  onChange();
}

async function look(onChange) {
  if (isBusy()) return;
  const signal = AbortSignal.timeout(ANSWER_MS);
  let text;
  let fresh;
  try {
    // A note of the last step is said once.
    const address = location.pathname + location.search.replace(/([?&])note=[^&]*&?/, '$1');
    // A page that had no answer is put together anew.
    const headers = tag && !isOffline ? { 'if-none-match': tag } : {};
    const options = { redirect: 'manual', cache: 'no-store', headers, signal };
    const response = await fetch(address, options);
    if (response.status === 304) {
      lastAnswer = new Date();
      return;
    }
    if (response.type === 'opaqueredirect') {
      // The door alone redirects, and has taken the cookie away: a second visit would not know that there was one.
      location.assign(`/console/sign-in?ended=1&next=${encodeURIComponent(location.pathname)}`);
      return;
    }
    if (!response.ok) throw new Error(String(response.status));
    text = await response.text();
    fresh = response.headers.get('etag') ?? '';
  } catch {
    sayOffline();
    return;
  }
  lastAnswer = new Date();
  if (isBusy()) return;
  tag = fresh;
  put(new DOMParser().parseFromString(text, 'text/html'), onChange);
}

export function startLive(onChange) {
  if (!document.getElementById('main')?.dataset.version) return;
  for (const event of ['pointerdown', 'keydown', 'scroll']) {
    addEventListener(event, () => (attendedAt = Date.now()), { passive: true });
  }
  const again = async () => {
    await look(onChange);
    setTimeout(again, EVERY_MS);
  };
  setTimeout(again, EVERY_MS);
}
