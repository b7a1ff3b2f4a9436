import type { Approval, DecisionView } from '../../contracts/approval.ts';
import type { GrantList, StandingGrant } from '../../contracts/grant.ts';
import { GRANT_ENDS, GRANT_LIMITS } from '../../core/grants.ts';
import { isOperator } from '../../core/roles.ts';
import { isPlain } from '../../core/together.ts';
import { type Frame, oneButton, tokenField } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { shown } from '../shown-text.ts';
import { moment } from '../times.ts';
import { plainName } from '../words.ts';
import { damagedNotice, part } from './parts.ts';

const SHEET = 'allow-ahead';

export const aheadWords = ({ ends_at }: NonNullable<DecisionView['grant']>): Html =>
  html`allowed ahead, until ${moment(ends_at)}`;

/** Only where the next of the kind would be covered: what is not allowed ahead is not offered. */
const canAllowAhead = ({ card, you }: Approval): boolean =>
  you.can_decide && you.own === undefined && isPlain(card);

export const aheadButton = (approval: Approval): Html | null =>
  canAllowAhead(approval)
    ? html`<button class="btn" type="button" popovertarget="${SHEET}">Allow ahead…</button>`
    : null;

const HOURS = [1, 2, 4, GRANT_LIMITS.hoursMax] as const;
const USES = [5, 10, GRANT_LIMITS.usesDefault, GRANT_LIMITS.usesMax] as const;

const options = (values: readonly number[], chosen: number): Html[] =>
  values.map((value) => {
    const selected = value === chosen ? html` selected` : null;
    return html`<option value="${value}" ${selected}>${value}</option>`;
  });

/** The form that allows the next ones like this, in words that say what it means. */
export function aheadSheet(frame: Frame, approval: Approval): Html[] {
  if (!canAllowAhead(approval)) return [];
  const { card, id } = approval;
  const what = plainName(card.action).toLowerCase();
  return [
    html`<div class="sheetlet" id="${SHEET}" popover>
      <form method="post" action="/console/grants">
        ${tokenField(frame)}<input type="hidden" name="agent" value="${card.agent.id}" />
        <input type="hidden" name="action" value="${card.action}" />
        <input type="hidden" name="from" value="${id}" />
        <h2 id="${SHEET}-h">Allow ahead: ${what}, by ${shown(card.agent.name)}</h2>
        <p>
          The next ones of this agent and kind are sent in your name without anybody looking at
          them. This one is not among them: decide it here.
        </p>
        <p class="small quiet">
          Never sent ahead: what is high risk, what takes two people or a passkey, what you asked
          for, what hides characters or reads like an attempt to mislead. Any freeze, any revert of
          a write of this agent, and you, end it at once.
        </p>
        <label class="field"
          >For how many hours
          <select name="hours">
            ${options(HOURS, 1)}
          </select></label
        >
        <label class="field"
          >For how many at most
          <select name="max_uses">
            ${options(USES, GRANT_LIMITS.usesDefault)}
          </select></label
        >
        <div class="btns">
          <button class="btn btn--main" type="submit">Allow ahead</button>
          <button class="btn" type="button" popovertarget="${SHEET}">Back</button>
        </div>
      </form>
    </div>`,
  ];
}

const usesText = ({ uses, max_uses: max }: StandingGrant): string => `${uses} of ${max} used`;

function endedText({ ended_by, ended_at }: StandingGrant): Html {
  if (ended_by === null || ended_at === null) return html``;
  return html`ended ${moment(ended_at)}: ${GRANT_ENDS[ended_by].words}`;
}

function line(frame: Frame, grant: StandingGrant): Html {
  const { id, agent, action, person, ends_at, ended_at } = grant;
  const isMine = person.id === frame.reader.id;
  const by = isMine ? html`you` : shown(person.name);
  const stands = ended_at === null;
  const button =
    stands && (isMine || isOperator(frame.reader))
      ? oneButton(frame, {
          action: `/console/grants/${id}/end`,
          button: html`<button class="btn btn--small" type="submit">
            End<span class="offscreen">: ${plainName(action)} by ${shown(agent.name)}</span>
          </button>`,
        })
      : null;
  const until = stands ? html`until ${moment(ends_at)}` : endedText(grant);
  return html`<li>
    <span class="who">${plainName(action)}, by ${shown(agent.name)}</span>
    <span class="how">allowed ahead by ${by}, ${until}; ${usesText(grant)} ${button}</span>
  </li>`;
}

const ENDED_SHOWN_MAX = 10;

/** What is allowed ahead now, and what was lately. */
export function aheadPart(frame: Frame, { grants, damaged }: GrantList): Html {
  const standing = grants.filter(({ ended_at }) => ended_at === null);
  const ended = grants.filter(({ ended_at }) => ended_at !== null).slice(0, ENDED_SHOWN_MAX);
  const list = (some: readonly StandingGrant[]): Html =>
    html`<ul class="people">
      ${some.map((grant) => line(frame, grant))}
    </ul>`;
  return html`${damagedNotice(damaged)}${part(
    'Allowed ahead',
    html`${standing.length === 0 ? html`<p>Nothing is: each write is decided by itself.</p>` : list(standing)}
      ${
        ended.length === 0
          ? null
          : html`<h3>Ended</h3>
              ${list(ended)}`
      }
      <p class="small quiet">Allow ahead from a card that waits: the next ones like it.</p>`,
    null,
    'allowed-ahead',
  )}`;
}
