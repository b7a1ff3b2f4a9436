import type { Absence } from '../../contracts/absence.ts';
import type { PersonView } from '../../contracts/roster-view.ts';
import { type Frame, oneButton, tokenField } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { page } from '../page.ts';
import { shown, shownPlain } from '../shown-text.ts';
import { moment } from '../times.ts';
import { dayOf, UTC } from '../zone.ts';
import { formButtons, formRow } from './form-row.ts';
import { part, problemRow } from './parts.ts';

/** What the form holds, as text, and why it was not taken. */
export interface AwayDraft {
  readonly values: Readonly<Record<string, string>>;
  readonly problem: string | undefined;
}

const EMPTY: AwayDraft = { values: {}, problem: undefined };

const hasBegun = ({ now }: Frame, { from }: Absence): boolean => Date.parse(from) <= now.getTime();

/** "Vera decides in their place"; of the reader it speaks as to them. */
function delegateWords({ people, reader }: Frame, { person, delegate }: Absence): Html {
  const place = person === reader.id ? 'in your place' : 'in their place';
  if (delegate === null) return html`nobody decides ${place}`;
  if (delegate === reader.id) return html`you decide ${place}`;
  const name = people.find(({ id }) => id === delegate)?.name ?? delegate;
  return html`${shown(name)} decides ${place}`;
}

/** "away until 4 December, Vera decides in their place". */
export function awayWords(frame: Frame, absence: Absence): Html {
  const since = hasBegun(frame, absence) ? null : html` from ${moment(absence.from)}`;
  return html`away${since} until ${moment(absence.until)}, ${delegateWords(frame, absence)}`;
}

const holdsOneOf = ({ roles }: PersonView, asked: readonly string[]): boolean =>
  asked.length === 0 || roles.some((role) => asked.includes(role));

/** Of those who hold one of the roles that are asked, whoever is away just now: nobody waits for them unawares. */
export const awayOf = (frame: Frame, asked: readonly string[]): Html[] =>
  frame.people
    .filter((person) => person.revoked_at === null && holdsOneOf(person, asked))
    .flatMap(({ id, name, absences = [] }) =>
      absences
        .filter((absence) => hasBegun(frame, absence))
        .map(
          (absence) =>
            html`<li>
              <span class="who">${id === frame.reader.id ? html`You` : shown(name)}</span>
              <span class="how">${awayWords(frame, absence)}</span>
            </li>`,
        ),
    );

/** Those of the reader that stand or are to come. */
const ownAbsences = ({ people, reader }: Frame): readonly Absence[] =>
  people.find(({ id }) => id === reader.id)?.absences ?? [];

function ownLine(frame: Frame, absence: Absence): Html {
  const { id, from, until } = absence;
  const begun = hasBegun(frame, absence);
  const button = html`<button class="btn btn--small" type="submit">
    ${begun ? 'I am back' : 'Take it back'}
  </button>`;
  return html`<li>
    <span class="who"
      >${begun ? 'Away' : html`Away from ${moment(from)}`} until ${moment(until)}</span
    >
    <span class="how">${delegateWords(frame, absence)}</span>
    ${oneButton(frame, { action: `/console/absences/${id}/end`, button })}
  </li>`;
}

function noted(frame: Frame): Html | null {
  const own = ownAbsences(frame);
  if (own.length === 0) return null;
  return part(
    'Noted',
    html`<ul class="people">
        ${own.map((absence) => ownLine(frame, absence))}
      </ul>
      <p class="small quiet">
        Ended before its time, what was approved in your place and has not begun counts no more.
      </p>`,
  );
}

function dayControl(frame: Frame, { values }: AwayDraft, name: string, isNeeded: boolean): Html {
  const required = isNeeded ? html` required` : null;
  return html`<input
    type="date"
    id="${name}"
    name="${name}"
    value="${values[name] ?? ''}"
    min="${dayOf(frame.now, frame.zone)}"
    aria-describedby="${name}-h"
    ${required}
  />`;
}

function delegateControl({ people, reader }: Frame, { values }: AwayDraft): Html {
  const others = people.filter(({ id, revoked_at }) => id !== reader.id && revoked_at === null);
  const option = (id: string, name: string): Html =>
    html`<option value="${id}" ${values['delegate'] === id ? html` selected` : null}>
      ${name}
    </option>`;
  return html`<select id="delegate" name="delegate" aria-describedby="delegate-h">
    ${[option('', 'Nobody'), ...others.map(({ id, name }) => option(id, shownPlain(name)))]}
  </select>`;
}

function awayForm(frame: Frame, draft: AwayDraft): Html {
  const by = frame.zone === UTC ? html`in UTC` : html`in your time zone, ${frame.zone}`;
  return html`<form method="post" action="/console/away">
    ${tokenField(frame)}
    ${formRow({
      ...{ name: 'until', label: 'Back on', control: dayControl(frame, draft, 'until', true) },
      hint: html`The first day on which you are back, from 00:00 ${by}. Within 90 days.`,
    })}
    ${formRow({
      ...{ name: 'from', label: 'Away from', control: dayControl(frame, draft, 'from', false) },
      hint: html`Empty, or today: from now on. A later day begins at 00:00 ${by}.`,
    })}
    ${formRow({
      ...{ name: 'delegate', label: 'In your place', control: delegateControl(frame, draft) },
      hint: html`They may decide wherever you could, with your roles, and pass that on to nobody.
      With nobody in your place, the others are asked.`,
    })}
    ${formButtons('Note the absence', '/console/agents')}
  </form>`;
}

/** The reader's own absences: what is noted, and the form for another. */
export const awayPage = (frame: Frame, draft: AwayDraft = EMPTY): string =>
  page(frame, {
    title: 'When you are away',
    place: 'agents',
    main: html`<div class="row">
        <div class="at stack"><a class="back" href="/console/agents">Agents and people</a></div>
        <div class="is">
          <h1 class="say">When you are away</h1>
          <p class="lead">
            Everybody sees until when you are away, and who decides in your place. It is in the log.
          </p>
        </div>
      </div>
      ${noted(frame)}${problemRow(draft.problem)}${awayForm(frame, draft)}`,
  });
