import type { IncidentView } from '../../contracts/incident.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { shown } from '../shown-text.ts';
import type { IncidentFacts } from './incident-words.ts';

/** What stands beside a step that has not begun. */
type Whose = 'machine' | 'needs a yes' | 'second person' | 'a person';

export interface Step {
  readonly heading: string;
  readonly isDone: boolean;
  readonly isNow: boolean;
  readonly whose: Whose;
  /** When it ended, ms from the opening. */
  readonly ms?: number | undefined;
  readonly body: Html | null;
}

export type Make = (frame: Frame, facts: IncidentFacts) => Step;

/** Where the form of a person's step goes, and where what its passkey signs is asked for. */
export function signedAt(incidentId: string, step: 'key' | 'false-alarm' | 'resume') {
  const action = `/console/incidents/${incidentId}/${step}`;
  return { action, optionsAt: `${action}/passkey-options` };
}

type Mark = 'yes' | 'todo' | 'bad';

export const fact = (mark: Mark, text: Html): Html =>
  html`<li class="${mark === 'yes' ? '' : mark}">${text}</li>`;

export const facts = (lines: readonly Html[]): Html | null =>
  lines.length === 0
    ? null
    : html`<ul class="facts-list">
        ${lines}
      </ul>`;

export const names = (people: readonly { readonly name: string }[]): Html[] =>
  people.map(({ name }, at) => html`${at === 0 ? '' : ', '}${shown(name)}`);

export const FALSE_ALARM = html`<p class="small">
  Left out: it was a false alarm, and the key is kept.
</p>`;

/** A stage that a false alarm passes by. */
export const isLeftOut = ({ is_false_alarm: is }: IncidentView): boolean => is;
