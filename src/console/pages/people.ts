import type { HabitView, PersonView } from '../../contracts/roster-view.ts';
import { durationWords } from '../../core/durations.ts';
import { isOperator } from '../../core/roles.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { shown } from '../shown-text.ts';
import { awayWords } from './away.ts';
import { part } from './parts.ts';

/** "38 of 40 decisions a yes, half of them within 12.4 s". */
function habitLine(habit: HabitView | undefined): Html | null {
  if (habit === undefined) return null;
  const { decisions, approved, median_seconds: seconds, is_rubber_stamp: isStamp } = habit;
  const count = decisions === 1 ? '1 decision' : `${decisions} decisions`;
  const within = decisions === 1 ? 'within' : 'half of them within';
  const words = `${approved} of ${count} a yes, ${within} ${durationWords(seconds * 1_000)}`;
  return html`<span class="how"
    >In 30 days:
    ${words}${
      isStamp
        ? html`. <span class="state state--stop">Half of them faster than a card can be read</span>`
        : null
    }</span
  >`;
}

/** What the reader may do here: an operator with everybody, and everybody for themselves. */
function steps({ reader }: Frame, { id, name }: PersonView): Html {
  const changes = isOperator(reader)
    ? html` <a href="/console/people/${id}/roles"
          >Change roles<span class="offscreen"> of ${shown(name)}</span></a
        >
        <a href="/console/people/${id}/revoke"
          >Revoke<span class="offscreen"> ${shown(name)}</span></a
        >`
    : null;
  const away = id === reader.id ? html` <a href="/console/away">When you are away</a>` : null;
  return html`${changes}${away}`;
}

function personLine(frame: Frame, person: PersonView, habit: HabitView | undefined): Html {
  const { name, email, roles, revoked_at, absences = [] } = person;
  const held = roles.length === 0 ? html`no role` : shown(roles.join(', '));
  if (revoked_at !== null)
    return html`<li>
      <span class="who">${shown(name)}</span>
      <span class="how">${shown(email)}, ${held}, revoked</span>
    </li>`;
  const away = absences.map((one) => html`, ${awayWords(frame, one)}`);
  return html`<li>
    <span class="who">${shown(name)}</span>
    <span class="how">${shown(email)}, ${held}${away}${steps(frame, person)}</span
    >${habitLine(habit)}
  </li>`;
}

/** Everybody on the roster: who they are, who is away, and how they decide. */
export function peoplePart(frame: Frame, habits: readonly HabitView[]): Html {
  const lines = frame.people.map((person) =>
    personLine(
      frame,
      person,
      habits.find((one) => one.person === person.id),
    ),
  );
  return part(
    'People',
    html`<ul class="people">
        ${lines}
      </ul>
      ${
        isOperator(frame.reader)
          ? html`<p class="btns"><a class="btn" href="/console/people/add">Add a person</a></p>`
          : html`<p class="small quiet">
              Someone with the role operator adds and revokes agents and people.
            </p>`
      }
      <p class="small quiet">
        Everybody says for themselves when they are away. Of somebody who cannot, it is said with
        <span class="mono">npx sallyport person away</span>.
      </p>`,
  );
}
