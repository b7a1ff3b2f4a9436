import type { Approval } from '../../contracts/approval.ts';
import type { ApprovalGroup } from '../../contracts/together.ts';
import { TOGETHER_LIMITS } from '../../core/together.ts';
import { type Frame, tokenField } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { notYours } from '../notes.ts';
import { page } from '../page.ts';
import { shown, shownPlain } from '../shown-text.ts';
import { moment, timeLeft } from '../times.ts';
import { plainName } from '../words.ts';
import { diffTable } from './diff.ts';
import { askedBy, damagedNotice, group, part, rejectionSheet, sentence } from './parts.ts';

const REJECT_SHEET = 'reject-all';

/** A choice among the sampled, and one of the others: what is sent is the digest of the card that was shown. */
export const LOOKED = 'look-';
export const ITEM = 'item-';
export const LEFT_OUT = 'out';

export const groupPath = (of: { readonly agent: string; readonly action: string }): string =>
  `/console/groups/${of.agent}/${of.action}`;

/** None is chosen from the start: each of these takes a look of its own. */
function sampledChoice({ id, card }: Approval): Html {
  const name = `${LOOKED}${id}`;
  return html`<fieldset class="choices">
    <legend class="small quiet">Drawn to be looked at</legend>
    <label><input type="radio" name="${name}" value="${card.digest}" required /> It is right</label>
    <label><input type="radio" name="${name}" value="${LEFT_OUT}" /> Leave it out</label>
  </fieldset>`;
}

const otherChoice = ({ id, card }: Approval): Html =>
  html`<div class="choices">
    <label
      ><input type="checkbox" name="${ITEM}${id}" value="${card.digest}" checked /> Approve with the
      others</label
    >
  </div>`;

function item(frame: Frame, approval: Approval, isSampled: boolean): Html {
  const { id, card } = approval;
  return html`<li>
    <article class="row wait" data-id="${id}">
      <div class="at">
        ${timeLeft(card.expires_at, frame.now)}<span class="unit"
          >until ${moment(card.expires_at)}</span
        >
      </div>
      <div class="is">
        <h3 class="ask"><a href="/console/approvals/${id}">${sentence(card)}</a></h3>
        <p class="facts">${askedBy(frame, approval)}</p>
        ${diffTable(card, 'waiting', true)}
        ${isSampled ? sampledChoice(approval) : otherChoice(approval)}
      </div>
    </article>
  </li>`;
}

function heading({ approvals, action, more }: ApprovalGroup, name: string): Html {
  const count = approvals.length;
  return html`<div class="row">
    <div class="at stack"><a class="back" href="/console">All waiting</a></div>
    <div class="is">
      <h1>${count} × ${plainName(action).toLowerCase()}, by ${shown(name)}</h1>
      <p class="lead">
        One yes for all of them. ${sampleWords(count)} Each is sent by itself, exactly as shown,
        once.
      </p>
      ${more ? html`<p class="small quiet">More of them wait than fit one page.</p>` : null}
    </div>
  </div>`;
}

const sampleWords = (count: number): string =>
  count <= TOGETHER_LIMITS.sampled
    ? 'Look at each of them.'
    : `The gateway has drawn ${TOGETHER_LIMITS.sampled} for you to look at one by one; the others stand below, whole.`;

const sendRow = (): Html =>
  part(
    'Your decision',
    html`<div class="btns">
        <button class="btn btn--main" type="submit">Approve these with passkey</button>
        <button class="btn" type="button" popovertarget="${REJECT_SHEET}">
          Reject all of them
        </button>
        <a class="btn" href="/console">Back</a>
      </div>
      <p class="small quiet">
        What you leave out waits on. What is of high risk, hides something or reads like an attempt
        to mislead is never in here.
      </p>`,
  );

const emptyPage = (frame: Frame, damaged: readonly string[]): string =>
  page(frame, {
    title: 'Nothing to decide together',
    place: 'waiting',
    main: html`${damagedNotice(damaged)}
      <div class="row">
        <div class="at stack"><a class="back" href="/console">All waiting</a></div>
        <div class="is">
          <h1>Nothing of this kind waits for you</h1>
          <p class="lead">What waits is decided on its own card.</p>
        </div>
      </div>`,
  });

/**
 * Writes that are alike, for one decision: some to be looked at one by one, all of them whole. The page stands still
 * while it is read: what comes meanwhile would take the choices away.
 */
export function togetherPage(frame: Frame, alike: ApprovalGroup): string {
  const { approvals, sample, damaged = [] } = alike;
  const [first] = approvals;
  if (first === undefined) return emptyPage(frame, damaged);
  const { name } = first.card.agent;
  const path = groupPath(alike);
  const sampled = approvals.filter(({ id }) => sample.includes(id));
  const others = approvals.filter(({ id }) => !sample.includes(id));
  const hidden = html`${approvals.map(
    ({ id, card }) => html`<input type="hidden" name="${ITEM}${id}" value="${card.digest}" />`,
  )}`;
  return page(frame, {
    title: `Decide ${approvals.length} together`,
    place: 'waiting',
    main: html`${damagedNotice(damaged)}${heading(alike, name)}
      <form
        method="post"
        action="${path}/approve"
        data-passkey="${path}/passkey-options"
        data-failed="${notYours('approval.unproven')}"
      >
        ${tokenField(frame)}<input type="hidden" name="passkey" value="" />
        ${group(
          'Look at these',
          sampled.map((approval) => item(frame, approval, true)),
        )}${group(
          'The rest',
          others.map((approval) => item(frame, approval, false)),
        )}${sendRow()}
      </form>`,
    sheets: [
      rejectionSheet(frame, {
        sheet: REJECT_SHEET,
        action: `${path}/reject`,
        name: `${approvals.length} × ${plainName(alike.action).toLowerCase()}, by ${shownPlain(name)}`,
        hidden,
      }),
    ],
  });
}
