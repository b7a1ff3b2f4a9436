import type { Approval } from '../../contracts/approval.ts';
import type { IncidentView } from '../../contracts/incident.ts';
import type { PersonView } from '../../contracts/roster-view.ts';
import { isOperator } from '../../core/roles.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { shown } from '../shown-text.ts';
import { leftWords } from '../times.ts';

/** A request that takes something back; without a card while that is being made. */
export interface TakeBack {
  readonly id: string;
  readonly approval: Approval | undefined;
}

/** What the page of one incident is made of. */
export interface IncidentFacts {
  readonly incident: IncidentView;
  readonly takeBacks: readonly TakeBack[];
  /** Id -> name. */
  readonly agents: ReadonlyMap<string, string>;
}

const personOf = ({ people }: Frame, actor: string): PersonView | undefined =>
  people.find(({ id }) => actor === `person:${id}`);

export const isReader = ({ reader }: Frame, actor: string | null): boolean =>
  actor === `person:${reader.id}`;

/** "you", a person by name, the command line, or the gateway's own rule. */
export function actorWords(frame: Frame, actor: string): Html {
  if (isReader(frame, actor)) return html`you`;
  if (actor === 'operator') return html`the command line`;
  if (actor === 'gateway') return html`the gateway`;
  return shown(personOf(frame, actor)?.name ?? actor);
}

/** Those who may let the gateway go on, but for its first person. */
export const resumers = ({ people }: Frame, { not_by: by }: IncidentView): PersonView[] =>
  people.filter(
    (person) => person.revoked_at === null && isOperator(person) && by !== `person:${person.id}`,
  );

export const mayResume = (frame: Frame, { not_by: by }: IncidentView): boolean =>
  isOperator(frame.reader) && !isReader(frame, by);

export const checkOf = ({ checks }: IncidentView, name: string) =>
  checks.find((check) => check.name === name);

/** Whether nothing more is to be seen of the old key: HubSpot refuses it, or there was none. */
export const isOldKeyGone = (incident: IncidentView): boolean =>
  ['passed', 'not_possible'].includes(checkOf(incident, 'old_key_dead')?.state ?? '');

export const waitingTakeBacks = (takeBacks: readonly TakeBack[]): readonly Approval[] =>
  takeBacks.flatMap(({ approval }) => (approval?.status === 'awaiting_approval' ? [approval] : []));

export type ClockName = 'contained' | 'old_key_dead' | 'verified' | 'reverted' | 'closed';

/** The clock that runs, who has to do something, and whether that is the reader. */
export interface Turn {
  readonly clock: ClockName;
  readonly who: 'you' | 'operator' | 'a yes' | 'second person' | 'machine';
}

type Take = (frame: Frame, facts: IncidentFacts) => Turn | undefined;

const operators = (frame: Frame): Turn['who'] => (isOperator(frame.reader) ? 'you' : 'operator');

const TURNS: Readonly<Record<IncidentView['stage'], Take>> = {
  containing: () => ({ clock: 'old_key_dead', who: 'machine' }),
  rotating: (frame, { incident }) => ({
    clock: isOldKeyGone(incident) ? 'verified' : 'old_key_dead',
    who: operators(frame),
  }),
  verifying: (frame, { incident }) => {
    if (!isOldKeyGone(incident)) return { clock: 'old_key_dead', who: operators(frame) };
    const isFailed = incident.checks.some(({ state }) => state === 'failed');
    return { clock: 'verified', who: isFailed ? operators(frame) : 'machine' };
  },
  assessing: () => ({ clock: 'reverted', who: 'machine' }),
  reverting: (_frame, { takeBacks }) => {
    const waiting = waitingTakeBacks(takeBacks);
    if (waiting.some(({ you }) => you.can_decide)) return { clock: 'reverted', who: 'you' };
    return { clock: 'reverted', who: waiting.length > 0 ? 'a yes' : 'machine' };
  },
  resuming: (frame, { incident }) => ({
    clock: 'closed',
    who: mayResume(frame, incident) ? 'you' : 'second person',
  }),
  closed: () => undefined,
};

export const turnOf: Take = (frame, facts) => TURNS[facts.incident.stage](frame, facts);

/** "0:00.6" below a minute, then as clocks that count down have it. */
export function elapsed(ms: number): Html {
  const seconds = Math.floor(ms / 1_000);
  const tenths = Math.floor((ms % 1_000) / 100);
  if (seconds >= 60 || tenths === 0) return html`${leftWords(seconds)}`;
  return html`${leftWords(seconds)}<small>.${tenths}</small>`;
}

/** Runs in the browser from this moment on; `clocks.js` has the same words. */
export const running = (since: string, now: Date): Html =>
  html`<time datetime="${since}" data-since="1"
    >${leftWords(Math.max(0, Math.floor((now.getTime() - Date.parse(since)) / 1_000)))}</time
  >`;
