import type { Approval, DecisionView } from '../../contracts/approval.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { inWordsOf } from '../../core/notice-text.ts';
import { notYours } from '../notes.ts';
import { shown, shownLines } from '../shown-text.ts';
import { moment } from '../times.ts';

const notice = (colour: string, body: Html): Html =>
  html`<div class="row">
    <div class="at"></div>
    <div class="is">
      <div class="notice notice--${colour}" role="${colour === 'stop' ? 'alert' : 'status'}">
        ${body}
      </div>
    </div>
  </div>`;

/** "Vera", "You", "Vera for Omar". */
export function nameOf(frame: Frame, { person, name, in_place_of: absent }: DecisionView): Html {
  const who = person === frame.reader.id ? html`You` : shown(name ?? person);
  if (absent === undefined) return who;
  const whose = absent.person === frame.reader.id ? html`you` : shown(absent.name ?? absent.person);
  return html`${who} for ${whose}`;
}

function rejected(frame: Frame, { decisions }: Approval): Html {
  const made = decisions.find(({ decision }) => decision === 'reject');
  if (made === undefined) return html`<p><b>This was rejected.</b> Nothing was sent.</p>`;
  const reason = made.reason === undefined ? null : html`<p>“${shownLines(made.reason)}”</p>`;
  return html`<p>
      <b>${nameOf(frame, made)} rejected this at ${moment(made.decided_at)}.</b> Nothing was sent.
    </p>
    ${reason}`;
}

/** The original: nothing of it is sent, and what was decided on it counts for it alone. */
function changedTo(frame: Frame, { changed, updated_at }: Approval): Html {
  if (changed === undefined) return html`<p><b>A person changed this.</b> Nothing was sent.</p>`;
  const { successor, by, name } = changed;
  const who = by === frame.reader.id ? html`You` : shown(name ?? by);
  return html`<p><b>${who} changed this at ${moment(updated_at)}.</b> Nothing was sent.</p>
    <p>
      <a href="/console/approvals/${successor}">Open the changed card</a>: it is decided on by
      itself. Approvals of this card do not count for it.
    </p>`;
}
/** Of a reader who has approved what they asked for. */
export const ownWords = ({ own }: Approval['you']): Html | undefined =>
  own !== undefined && 'counts_from' in own
    ? html`You approved this yourself. It is carried out at ${moment(own.counts_from)} unless you
      stop it.`
    : undefined;

type Say = (frame: Frame, approval: Approval) => readonly [colour: string, words: Html];

const unanswered: Say = (_frame, { waiting_for: code }) => [
  'wait',
  html`<p>
    <b>Approved, and not yet answered by HubSpot.</b>
    ${code === undefined ? '' : `It waits: ${code}.`}
  </p>`,
];

const ended: Say = (_frame, { code, detail, updated_at }) => [
  'stop',
  html`<p>
    <b>It ended without success at ${moment(updated_at)}.</b> The code is
    <span class="mono">${code ?? 'unknown'}</span
    >${detail === undefined ? null : html` (${shown(detail)})`}; the time line says what happened.
  </p>`,
];

/** The new card that was made of it, or what one would be. */
function newCard(frame: Frame, { renewed }: Approval): Html {
  if (renewed === undefined)
    return html`<p>
      A new card compares the same request with the record as it is now. It has a new digest and is
      decided anew.
    </p>`;
  const { successor, by, name } = renewed;
  const who = by === frame.reader.id ? html`You` : shown(name ?? by);
  return html`<p>
    ${who} had a <a href="/console/approvals/${successor}">new card</a> made of it.
  </p>`;
}

const stale: Say = (frame, approval) => [
  'stop',
  html`<p>
      <b>The record changed since this card was made.</b> Seen at ${moment(approval.updated_at)}.
      Nothing was sent, and this card can no longer be approved.
    </p>
    ${
      approval.detail === undefined
        ? null
        : html`<p>${shown(inWordsOf(approval.card, approval.detail))}.</p>`
    }
    <p>Approvals of this card were for the old values. They do not count for a new card.</p>
    ${newCard(frame, approval)}`,
];

const OUTCOMES: Readonly<Record<Approval['status'], Say>> = {
  planned: unanswered,
  awaiting_approval: (_frame, { you }) => [
    'wait',
    html`<p>${ownWords(you) ?? notYours(you.code)}</p>`,
  ],
  approved: unanswered,
  executing: unanswered,
  outcome_unknown: () => [
    'wait',
    html`<p>
      <b>HubSpot’s answer was lost.</b> The outcome is unknown: it is looked for in HubSpot, and
      sent again only if HubSpot does not have it.
    </p>`,
  ],
  succeeded: (_frame, { updated_at }) => [
    'yes',
    html`<p><b>HubSpot accepted it</b> at ${moment(updated_at)}.</p>`,
  ],
  failed: ended,
  refused: ended,
  rejected: (frame, approval) => ['stop', rejected(frame, approval)],
  expired: (_frame, { updated_at }) => [
    'stop',
    html`<p>
      <b>The time ran out at ${moment(updated_at)}.</b> The request was refused and nothing was
      sent.
    </p>`,
  ],
  changed: (frame, approval) => ['wait', changedTo(frame, approval)],
  withdrawn: () => ['wait', html`<p><b>The agent took it back.</b> Nothing was sent.</p>`],
};

/** What became of it, in whole sentences; nothing while it waits for this reader. */
export function outcome(frame: Frame, approval: Approval): Html | null {
  const { status, code, you } = approval;
  if (status === 'awaiting_approval' && you.can_decide) return null;
  const say = code === 'approval.stale' ? stale : OUTCOMES[status];
  return notice(...say(frame, approval));
}
