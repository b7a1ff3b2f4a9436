import type { Approval, ApprovalPage } from '../../contracts/approval.ts';
import type { RequestCounts, RequestSummary } from '../../contracts/request-history.ts';
import { type Risk, riskOf } from '../../core/risk.ts';
import { canGoTogether, charsIn } from '../../core/together.ts';
import { type Html, html } from '../html.ts';
import { notYours } from '../notes.ts';
import type { Frame } from '../frame.ts';
import { page } from '../page.ts';
import { riskMark } from '../risk.ts';
import { shown } from '../shown-text.ts';
import { moment, secondsLeft, timeBar, timeLeft } from '../times.ts';
import { versionOf } from '../version.ts';
import { countMark, plainName } from '../words.ts';
import { changeCount, diffTable } from './diff.ts';
import { lastAskedFor } from './last-asked-for.ts';
import { ownWords } from './outcome.ts';
import {
  approveForm,
  askedBy,
  damagedNotice,
  group,
  rejectButton,
  rejectSheet,
  sentence,
} from './parts.ts';
import { todayPart } from './today.ts';
import { groupPath } from './together.ts';

/** A row holds the whole change only when it is this small; everything else is decided on its card. */
const ROW = { changesMax: 3, charsMax: 240 } as const;
const HOUR = 3_600;
const DAY = 86_400;

const GROUPS = [
  ['Within the hour', HOUR],
  ['Within a day', DAY],
  ['Within a week', 7 * DAY],
  ['Later', Number.POSITIVE_INFINITY],
] as const;

/** Whether nothing of the card would be missing from its row. */
function standsInRow({ card }: Approval): boolean {
  const isWhole = card.changes.length <= ROW.changesMax && card.records.length <= 1;
  return isWhole && charsIn(card) <= ROW.charsMax && (card.signals ?? []).length === 0;
}

function openLink({ id }: Approval, isMain: boolean): Html {
  const label = isMain ? html`Open to decide <kbd aria-hidden="true">↵</kbd>` : html`Open`;
  return html`<a class="btn ${isMain ? 'btn--main' : ''}" href="/console/approvals/${id}"
    >${label}</a
  >`;
}

function buttons(frame: Frame, approval: Approval, { level }: Risk): Html {
  if (level === 'high') {
    return html`<div class="btns">
      ${openLink(approval, true)}${rejectButton(approval, true)}
      <span class="small quiet">High risk is approved on its card only.</span>
    </div>`;
  }
  return html`<div class="btns">
    ${approveForm(frame, approval, false)}${rejectButton(approval)}${openLink(approval, false)}
  </div>`;
}

function facts(frame: Frame, approval: Approval, risk: Risk): Html {
  const { card, decisions, you } = approval;
  const approvals = decisions.filter(({ decision }) => decision === 'approve').length;
  const count =
    card.requires.approvals > 1 ? html` <span>${countMark(approvals, card.requires)}</span>` : null;
  const why = you.can_decide
    ? standsInRow(approval)
      ? null
      : html` <span>${changeCount(card.changes)}: open to decide</span>`
    : html` <span>${ownWords(you) ?? notYours(you.code)}</span>`;
  return html`<p class="facts">
    ${askedBy(frame, approval)}${count} <span>${riskMark(risk)}</span>${why}
  </p>`;
}

function item(frame: Frame, approval: Approval, isCurrent: boolean): Html {
  const { id, card, you, asked_at } = approval;
  const risk = riskOf(card);
  const isDecidable = you.can_decide && standsInRow(approval);
  const current = isCurrent ? html` aria-current="true"` : null;
  return html`<li>
    <article class="row wait" data-id="${id}" ${current}>
      <div class="at">
        ${timeLeft(card.expires_at, frame.now)}<span class="unit"
          >until ${moment(card.expires_at)}</span
        >${timeBar(asked_at, card.expires_at, frame.now)}
      </div>
      <div class="is">
        <h3 class="ask"><a href="/console/approvals/${id}" data-open="1">${sentence(card)}</a></h3>
        ${facts(frame, approval, risk)} ${isDecidable ? diffTable(card, 'waiting', true) : null}
        ${isDecidable ? buttons(frame, approval, risk) : null}
      </div>
    </article>
  </li>`;
}

function groups(frame: Frame, mine: readonly Approval[]): (Html | null)[] {
  const groupOf = ({ card }: Approval): string =>
    GROUPS.find(([, max]) => secondsLeft(card.expires_at, frame.now) <= max)?.[0] ?? 'Later';
  return GROUPS.map(([name]) => {
    const items = mine
      .filter((approval) => groupOf(approval) === name)
      .map((approval) => item(frame, approval, approval === mine[0]));
    return group(name, items);
  });
}

/** From so many on that are alike, they are offered as one decision. */
const ALIKE_MIN = 3;

const isAlike = (approval: Approval): boolean =>
  approval.you.own === undefined && canGoTogether(approval.card);

/** The ways to what may be decided together. */
function together(mine: readonly Approval[]): Html[] {
  const kinds = Map.groupBy(mine.filter(isAlike), ({ card }) =>
    groupPath({ agent: card.agent.id, action: card.action }),
  );
  const alike = [...kinds].filter(([, { length }]) => length >= ALIKE_MIN);
  return alike.map(
    ([path, [first, ...more]]) =>
      html`<div class="row">
        <div class="at"></div>
        <p class="is btns">
          <a class="btn" href="${path}">Decide ${more.length + 1} together</a>
          <span class="small quiet"
            >${plainName(first?.card.action ?? '')}, by ${shown(first?.card.agent.name ?? '')}</span
          >
        </p>
      </div>`,
  );
}

const heading = (count: number, isAll: boolean): Html =>
  count === 0 && isAll
    ? html`<div class="row">
        <div class="at"><span class="clock">0</span><span class="unit">waiting</span></div>
        <div class="is">
          <h1>Nothing waits for you</h1>
          <p class="lead">You can close this page. What comes appears here by itself.</p>
        </div>
      </div>`
    : html`<div class="row">
        <div class="at"></div>
        <div class="is">
          <h1>${waitWords(count)} for you${isAll ? null : ' among these'}</h1>
          <p class="lead">
            Nothing below has been sent to HubSpot. What nobody answers in time is refused.
          </p>
        </div>
      </div>`;

const waitWords = (count: number): string =>
  count === 0 ? 'None waits' : `${count} ${count === 1 ? 'change waits' : 'changes wait'}`;

/** The API answers so many at a time, the first to expire first. */
const more = ({ next_after: after }: ApprovalPage): Html | null =>
  after === undefined
    ? null
    : html`<div class="row">
        <div class="at"></div>
        <p class="is btns">
          <a class="btn" href="/console?after=${after}">More that waits</a>
          <span class="small quiet">These are the first to run out.</span>
        </p>
      </div>`;

const byDeadline = (one: Approval, other: Approval): number =>
  Date.parse(one.card.expires_at) - Date.parse(other.card.expires_at);

/** What stands where nothing waits. */
export interface Quiet {
  readonly lastAsked: readonly RequestSummary[];
  readonly today: RequestCounts;
}

/** What waits: by urgency, the reader's own first. */
export function queuePage(frame: Frame, answer: ApprovalPage, quiet?: Quiet): string {
  const { approvals, damaged = [] } = answer;
  const sorted = approvals.toSorted(byDeadline);
  const mine = sorted.filter(({ you }) => you.can_decide);
  const others = sorted.filter(({ you }) => !you.can_decide);
  const rows = groups(frame, mine).filter((made): made is Html => made !== null);
  const othersItems = others.map((approval) =>
    item(frame, approval, mine.length === 0 && approval === others[0]),
  );
  const waitsForOthers = group('Waits for others', othersItems, true);
  const isAll = answer.next_after === undefined && damaged.length === 0;
  const title = mine.length === 0 && isAll ? 'Nothing waits' : `${mine.length} wait for you`;
  return page(frame, {
    title,
    place: 'waiting',
    hasRows: approvals.length > 0,
    main: html`${damagedNotice(damaged)}${heading(mine.length, isAll)}${together(mine)}${rows}${waitsForOthers}${more(answer)}${quiet === undefined ? null : html`${todayPart(quiet.today)}${lastAskedFor(quiet.lastAsked)}`}`,
    sheets: mine.filter(standsInRow).map((approval) => rejectSheet(frame, approval)),
    version: versionOf([
      damaged,
      quiet?.lastAsked.map(({ id, status }) => [id, status]),
      quiet?.today,
      approvals.map(({ id, decisions, you }) => [id, decisions.length, you]),
    ]),
    says: mine.length === 1 ? '1 change waits for you' : `${mine.length} changes wait for you`,
  });
}
