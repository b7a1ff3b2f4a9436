import type { IncidentView } from '../../contracts/incident.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import {
  checkOf,
  type ClockName,
  elapsed,
  type IncidentFacts,
  running,
  type Turn,
  turnOf,
} from './incident-words.ts';

interface ClockWords {
  readonly label: string;
  /** Under a clock that has stopped. */
  readonly done: (incident: IncidentView) => string;
  /** Under one that has not begun: whose it will be. */
  readonly next: string;
}

const passedChecks = ({ checks }: IncidentView): string =>
  `${checks.filter(({ state }) => state === 'passed').length} of ${checks.length} checks`;

const CLOCK_WORDS: Readonly<Record<ClockName, ClockWords>> = {
  contained: { label: 'Contained', done: () => 'after the alert', next: 'machine' },
  old_key_dead: { label: 'Old key dead', done: () => 'refused (401)', next: 'a person' },
  verified: { label: 'New key verified', done: passedChecks, next: 'machine' },
  reverted: { label: 'Writes set back', done: () => 'or decided', next: 'needs a yes' },
  closed: { label: 'Open again', done: () => 'calls start', next: 'second person' },
};

const NOW: Readonly<Record<Turn['who'], string>> = {
  you: 'needs you now',
  operator: 'needs an operator',
  'a yes': 'needs a yes',
  'second person': 'second person',
  machine: 'machine, now',
};

/** What never begins: there was no old key, or it was a false alarm. */
function skipped(incident: IncidentView, name: ClockName): string | undefined {
  if (name === 'old_key_dead' && checkOf(incident, name)?.state === 'not_possible')
    return 'there was none';
  const isOver = ['resuming', 'closed'].includes(incident.stage);
  return incident.is_false_alarm && isOver && name !== 'closed' ? 'false alarm' : undefined;
}

const face = (state: string, label: string, clock: Html, unit: string): Html =>
  html`<li class="${state}">
    <span class="label">${label}</span><span class="clock">${clock}</span
    ><span class="unit">${unit}</span>
  </li>`;

function clockFace(frame: Frame, facts: IncidentFacts, name: ClockName): Html {
  const { incident } = facts;
  const { label, done, next } = CLOCK_WORDS[name];
  const ms = incident.clocks_ms[name];
  if (ms !== undefined) return face('is-done', label, elapsed(ms), done(incident));
  const turn = turnOf(frame, facts);
  if (turn?.clock === name)
    return face('is-now', label, running(incident.opened_at, frame.now), NOW[turn.who]);
  return face('is-next', label, html`–`, skipped(incident, name) ?? next);
}

/** The five clocks of the playbook, all from the first alert; the one that somebody is needed for runs. */
export const incidentClocks = (frame: Frame, facts: IncidentFacts): Html =>
  html`<ol class="clocks" aria-label="Clocks, from the first alert">
    ${(Object.keys(CLOCK_WORDS) as ClockName[]).map((name) => clockFace(frame, facts, name))}
  </ol>`;
