import type { GateStatus } from '../contracts/gate-status.ts';
import type { PersonView } from '../contracts/roster-view.ts';
import type { Assets } from './assets.ts';
import { type Html, html } from './html.ts';
import { shown, shownPlain } from './shown-text.ts';
import type { Note } from './words.ts';

/** What every page after the door knows. */
export interface Frame {
  readonly assets: Assets;
  readonly reader: PersonView;
  readonly status: GateStatus;
  /** Everybody on the roster, for names. */
  readonly people: readonly PersonView[];
  readonly formToken: string;
  readonly now: Date;
  readonly note: Note | undefined;
}

export type Place = 'waiting' | 'requests' | 'agents' | 'none';

export interface PageParts {
  readonly title: string;
  readonly place: Place;
  readonly main: Html;
  /** The sticky bar of a card. */
  readonly decide?: Html | undefined;
  readonly sheets?: readonly Html[];
  /** Changes when the page says something else: `live.js` compares it. */
  readonly version?: string | undefined;
  /** Said to screen readers when the page has changed under them. */
  readonly says?: string;
}

export const tokenField = ({ formToken }: Frame): Html =>
  html`<input type="hidden" name="form_token" value="${formToken}" />`;

/** A form with one button, for what needs nothing else. */
export const oneButton = (
  frame: Frame,
  of: { readonly action: string; readonly fields?: Html; readonly button: Html },
): Html =>
  html`<form method="post" action="${of.action}">
    ${tokenField(frame)}${of.fields}${of.button}
  </form>`;

const isFrozen = ({ status }: Frame): boolean =>
  status.freezes.some(({ target }) => target.kind === 'connection');

export const isOperator = ({ reader }: Frame): boolean => reader.roles.includes('operator');

function head(assets: Assets, title: string): Html {
  return html`<head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>${shownPlain(title)} · Sallyport</title>
    <link rel="icon" href="${assets.url('icon.svg')}" />
    <link rel="stylesheet" href="${assets.url('console.css')}" />
  </head>`;
}

/** The name is ours, never a text of anybody's; `html` lets no value into `src`. */
const scripts = (assets: Assets): string =>
  `<script type="module" src="${assets.url('console.js')}"></script>`;

const LINKS = [
  ['waiting', '/console', 'Waiting'],
  ['requests', '/console/requests', 'Requests'],
  ['agents', '/console/agents', 'Agents'],
] as const;

function navigation({ status }: Frame, place: Place): Html {
  const waiting = status.waiting_for_you;
  const count =
    waiting === 0
      ? null
      : html`<span class="num">${waiting}<span class="offscreen"> waiting for you</span></span>`;
  const items = LINKS.map(([name, href, label]) => {
    const current = name === place ? html` aria-current="page"` : null;
    return html`<li>
      <a href="${href}" ${current}>${label} ${name === 'waiting' ? count : null}</a>
    </li>`;
  });
  return html`<nav class="nav" aria-label="Console">
    <ul>
      ${items}
    </ul>
  </nav>`;
}

function freezeButton(frame: Frame): Html | null {
  if (isFrozen(frame)) return null;
  return oneButton(frame, {
    action: '/console/freezes',
    button: html`<button class="btn btn--stop btn--small" type="submit">
      Freeze<span class="offscreen"> everything now</span>
    </button>`,
  });
}

const bar = (frame: Frame, place: Place): Html =>
  html`<header class="bar" id="bar">
    <div class="bar__in">
      <a class="mark ${isFrozen(frame) ? 'mark--shut' : ''}" href="/console">Sallyport</a>
      ${navigation(frame, place)}
      <div class="bar__end">
        <button class="link bar__who" type="button" popovertarget="account">
          ${shown(frame.reader.name)}
        </button>
        ${freezeButton(frame)}
      </div>
    </div>
  </header>`;

function logPosition({ status }: Frame): Html {
  if (status.log === null) return html`<b>The log cannot be written, so nothing is sent.</b>`;
  const { size, root_prefix: root } = status.log;
  return html`<span class="offscreen">Log position: </span>Log ${size.toLocaleString('en-US')} ·
    <span class="mono">${root}</span>`;
}

function strip(frame: Frame): Html {
  const { status } = frame;
  const frozen = isFrozen(frame);
  const account = status.portal_id === null ? '' : `HubSpot account ${status.portal_id}, `;
  return html`<section
    class="strip ${frozen ? 'strip--frozen' : ''}"
    id="strip"
    aria-label="State of the gate"
  >
    <div class="strip__in">
      <span class="strip__state"
        ><span class="lamp ${frozen ? 'lamp--frozen' : ''}"
          >${frozen ? 'Frozen' : 'Open'}</span
        ></span
      >
      <span class="strip__more"
        >${account}connection <span class="mono">${status.connection}</span></span
      >
      <span>${logPosition(frame)}</span>
    </div>
  </section>`;
}

function noteRow(note: Note | undefined): Html | null {
  if (note === undefined) return null;
  const role = note.colour === 'stop' ? 'alert' : 'status';
  return html`<div class="row">
    <div class="at"></div>
    <div class="is">
      <div class="notice notice--${note.colour}" role="${role}"><p>${note.text}</p></div>
    </div>
  </div>`;
}

/** What stands while the connection is frozen, and who may end it. */
function freezeRows(frame: Frame): Html[] {
  return frame.status.freezes
    .filter(({ target }) => target.kind === 'connection')
    .map(({ id, reason, placed_by: by }) => {
      const person = frame.people.find((each) => `person:${each.id}` === by);
      const lift = isOperator(frame)
        ? oneButton(frame, {
            action: `/console/freezes/${id}/lift`,
            button: html`<button class="btn" type="submit">Lift the freeze</button>`,
          })
        : html`<p class="small">Someone with the role operator lifts it.</p>`;
      return html`<div class="row">
        <div class="at"></div>
        <div class="is">
          <div class="notice notice--stop">
            <p>
              <b>Frozen by ${shown(person?.name ?? by)}.</b> No call to HubSpot starts.
              ${shown(reason)}
            </p>
            ${lift}
          </div>
        </div>
      </div>`;
    });
}

const KEYS = [
  ['J', 'next'],
  ['K', 'previous'],
  ['↵', 'open'],
  ['A', 'approve: asks for your passkey, or goes to the button'],
  ['R', 'reject with a reason'],
  ['C', 'change'],
  ['N', 'make a new card'],
  ['?', 'these keys'],
] as const;

const keysSheet = html`<div class="sheetlet" id="keys" popover>
  <h2>Keys</h2>
  <dl class="kv">
    ${KEYS.map(
      ([key, does]) =>
        html`<dt><kbd>${key}</kbd></dt>
          <dd>${does}</dd>`,
    )}
  </dl>
  <div class="btns">
    <button class="btn" type="button" popovertarget="keys">Back</button>
  </div>
</div>`;

const accountSheet = (frame: Frame): Html =>
  html`<div class="sheetlet" id="account" popover>
    <h2>${shown(frame.reader.name)}</h2>
    <dl class="kv">
      <dt>E-mail</dt>
      <dd>${shown(frame.reader.email)}</dd>
      <dt>Roles</dt>
      <dd>${frame.reader.roles.length === 0 ? 'none' : frame.reader.roles.join(', ')}</dd>
    </dl>
    <div class="btns">
      ${oneButton(frame, {
        action: '/console/sign-out',
        button: html`<button class="btn" type="submit">Sign out</button>`,
      })}
      <button class="btn" type="button" popovertarget="account">Back</button>
    </div>
  </div>`;

const foot = html`<footer class="foot keys">
  <div class="foot__in">
    <span><kbd>J</kbd> <kbd>K</kbd> next, previous</span><span><kbd>↵</kbd> open</span
    ><span><kbd>A</kbd> approve</span><span><kbd>R</kbd> reject</span
    ><span
      ><button class="link" type="button" popovertarget="keys"><kbd>?</kbd> all keys</button></span
    >
  </div>
</footer>`;

/** A whole page behind the door, as text. */
export function page(frame: Frame, parts: PageParts): string {
  const { title, place, main, decide, sheets = [], version = '', says = '' } = parts;
  const body = html`<body>
    <a class="skip" href="#main">Skip to content</a>
    ${bar(frame, place)} ${strip(frame)}
    <main class="sheet" id="main" data-version="${version}" data-says="${says}">
      ${noteRow(frame.note)}${freezeRows(frame)}${main}
    </main>
    <div class="offscreen" id="announce" role="status"></div>
    <div id="sheets">${sheets}</div>
    ${accountSheet(frame)}${keysSheet}${decide ?? foot}
  </body>`;
  return `<!doctype html><html lang="en">${head(frame.assets, title).text}${body.text}${scripts(frame.assets)}</html>`;
}

/** A page at the door: no frame, nothing of the gateway's state. */
export function plainPage(assets: Assets, title: string, main: Html): string {
  const body = html`<body>
    <main class="plain" id="main"><span class="mark">Sallyport</span> ${main}</main>
  </body>`;
  return `<!doctype html><html lang="en">${head(assets, title).text}${body.text}${scripts(assets)}</html>`;
}
