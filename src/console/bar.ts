import { isOperator, mayReadLog } from '../core/roles.ts';
import { type Frame, isFrozen, oneButton, type Place } from './frame.ts';
import { type Html, html } from './html.ts';
import { reasonSheet } from './reason-sheet.ts';
import { shown } from './shown-text.ts';

const LINKS = [
  ['waiting', '/console', 'Waiting'],
  ['requests', '/console/requests', 'Requests'],
  ['agents', '/console/agents', 'Agents'],
  ['incidents', '/console/incidents', 'Incidents'],
  ['log', '/console/log', 'Log'],
] as const;

function navigation({ status, reader }: Frame, place: Place): Html {
  const waiting = status.waiting_for_you;
  const count =
    waiting === 0
      ? null
      : html`<span class="num">${waiting}<span class="offscreen"> waiting for you</span></span>`;
  const open =
    status.incident === null
      ? null
      : html`<span class="num">1<span class="offscreen"> open</span></span>`;
  const counts = { waiting: count, requests: null, agents: null, incidents: open, log: null };
  const links = LINKS.filter(([name]) => name !== 'log' || mayReadLog(reader));
  const items = links.map(([name, href, label]) => {
    const current = name === place ? html` aria-current="page"` : null;
    return html`<li>
      <a href="${href}" ${current}>${label} ${counts[name]}</a>
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

const OPEN_SHEET = 'open-incident';

/** Absent while one is open: opening it again finds the first. */
export function openIncidentButton({ status }: Frame, isSmall = false): Html | null {
  if (status.incident !== null) return null;
  return html`<button
    class="btn ${isSmall ? 'btn--small' : ''}"
    type="button"
    popovertarget="${OPEN_SHEET}"
  >
    Open an incident
  </button>`;
}

export const openIncidentSheet = (frame: Frame): Html | null =>
  frame.status.incident === null
    ? reasonSheet(frame, {
        id: OPEN_SHEET,
        action: '/console/incidents',
        title: 'Open an incident',
        text: 'When somebody else may hold the key. The connection is frozen at once, and what waits is cancelled; a second person opens it again.',
        button: 'Freeze and open an incident',
      })
    : null;

/** For narrow screens; the whole name stays for those who listen. */
const initials = (name: string): Html =>
  shown(
    name
      .split(/\s+/)
      .flatMap((word) => Array.from(word).slice(0, 1))
      .slice(0, 2)
      .join('')
      .toUpperCase(),
  );

export const bar = (frame: Frame, place: Place): Html =>
  html`<header class="bar" id="bar">
    <div class="bar__in">
      <a class="mark ${isFrozen(frame) ? 'mark--shut' : ''}" href="/console">Sallyport</a>
      ${navigation(frame, place)}
      <div class="bar__end">
        <button class="link bar__who" type="button" popovertarget="account">
          <span class="bar__name">${shown(frame.reader.name)}</span
          ><span class="bar__short" aria-hidden="true">${initials(frame.reader.name)}</span>
        </button>
        <span class="bar__open">${openIncidentButton(frame, true)}</span>${freezeButton(frame)}
      </div>
    </div>
  </header>`;

function logPosition({ status }: Frame): Html {
  if (status.log === null) return html`<b>The log cannot be written, so nothing is sent.</b>`;
  const { size, root_prefix: root } = status.log;
  return html`<span class="offscreen">Log position: </span>Log ${size.toLocaleString('en-US')} ·
    <span class="mono">${root}</span>`;
}

export function strip(frame: Frame): Html {
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

/** Who ends a freeze: an incident its own, an operator any other. */
function freezeEnd(frame: Frame, id: string): Html {
  const { incident } = frame.status;
  if (incident?.freeze === id)
    return html`<a class="btn" href="/console/incidents/${incident.id}">To the incident</a>`;
  const lift = isOperator(frame.reader)
    ? oneButton(frame, {
        action: `/console/freezes/${id}/lift`,
        button: html`<button class="btn" type="submit">Lift the freeze</button>`,
      })
    : html`<p class="small">Someone with the role operator lifts it.</p>`;
  return html`${lift}${openIncidentButton(frame)}`;
}

/** What stands while the connection is frozen, and who may end it; an incident's own not on that incident's page. */
export function freezeRows(frame: Frame, incidentId?: string): Html[] {
  const { incident, freezes } = frame.status;
  return freezes
    .filter(({ target }) => target.kind === 'connection')
    .filter(({ id }) => !(incident?.freeze === id && incident.id === incidentId))
    .map(({ id, reason, placed_by: by }) => {
      const person = frame.people.find((each) => `person:${each.id}` === by);
      return html`<div class="row">
        <div class="at"></div>
        <div class="is">
          <div class="notice notice--stop">
            <p>
              <b>Frozen by ${shown(person?.name ?? by)}.</b> No call to HubSpot starts.
              ${shown(reason)}
            </p>
            <div class="btns">${freezeEnd(frame, id)}</div>
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
  ['C', 'change: opens the form'],
  ['?', 'these keys'],
] as const;

export const keysSheet = html`<div class="sheetlet" id="keys" popover>
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

export const accountSheet = (frame: Frame): Html =>
  html`<div class="sheetlet" id="account" popover>
    <h2>${shown(frame.reader.name)}</h2>
    <dl class="kv">
      <dt>E-mail</dt>
      <dd>${shown(frame.reader.email)}</dd>
      <dt>Roles</dt>
      <dd>${frame.reader.roles.length === 0 ? 'none' : frame.reader.roles.join(', ')}</dd>
    </dl>
    <div class="btns">
      <a class="btn" href="/console/away">When you are away</a>
      ${oneButton(frame, {
        action: '/console/sign-out',
        button: html`<button class="btn" type="submit">Sign out</button>`,
      })}
      <button class="btn" type="button" popovertarget="account">Back</button>
    </div>
  </div>`;

/** The keys that do something on this page; a card has its own with its buttons. */
export const foot = (hasRows: boolean): Html =>
  html`<footer class="foot keys" id="foot">
    <div class="foot__in">
      ${
        hasRows
          ? html`<span><kbd>J</kbd> <kbd>K</kbd> next, previous</span><span><kbd>↵</kbd> open</span
              ><span><kbd>A</kbd> approve</span><span><kbd>R</kbd> reject</span>`
          : null
      }<span
        ><button class="link" type="button" popovertarget="keys">
          <kbd>?</kbd> all keys
        </button></span
      >
    </div>
  </footer>`;
