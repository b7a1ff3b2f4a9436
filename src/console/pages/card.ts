import type { Approval, DecisionView } from '../../contracts/approval.ts';
import { isTerminal } from '../../core/request-state.ts';
import { type Html, html } from '../html.ts';
import { type Frame, page } from '../page.ts';
import { riskMark, riskOf } from '../risk.ts';
import { hiddenHint, shown, shownLines } from '../shown-text.ts';
import { moment, timeLeft } from '../times.ts';
import { versionOf } from '../version.ts';
import {
  APPROVED_AND_DONE,
  countMark,
  notYours,
  proofWords,
  stateMark,
  stateWords,
} from '../words.ts';
import { changeCount, type DiffKind, diffTable } from './diff.ts';
import {
  agentWords,
  approveForm,
  askedBy,
  askedFor,
  part,
  rejectButton,
  rejectSheet,
  sentence,
  shortHash,
} from './parts.ts';

const approvalsOf = ({ decisions }: Approval): number =>
  decisions.filter(({ decision }) => decision === 'approve').length;

function kindOf({ status, code }: Approval): DiffKind {
  if (status === 'succeeded') return 'done';
  return isTerminal(status) && code !== undefined ? 'void' : 'waiting';
}

function stateOf(approval: Approval): Html {
  const { status, code, card } = approval;
  if (status === 'awaiting_approval') return countMark(approvalsOf(approval), card.requires);
  if (status === 'succeeded') return stateMark(APPROVED_AND_DONE);
  return stateMark(stateWords(status, code));
}

function recordLine({ card }: Approval): Html | null {
  const linked = card.records.map(({ object_type, name, url }) => {
    const label =
      url === undefined ? shown(name) : html`<a href="${url}" rel="noreferrer">${shown(name)}</a>`;
    return html`${object_type} ${label}. `;
  });
  if (linked.length === 0) return null;
  const isLinked = card.records.some(({ url }) => url !== undefined);
  return html`<p class="lead">
    On ${linked}${isLinked ? html`<span class="quiet">The link opens HubSpot.</span>` : null}
  </p>`;
}

function heading(frame: Frame, approval: Approval): Html {
  const isVoid = kindOf(approval) === 'void';
  return html`<div class="row">
    <div class="at stack">
      <a class="back" href="/console">All waiting</a>${stateOf(approval)}${riskMark(
        riskOf(approval.card),
        true,
      )}
    </div>
    <div class="is">
      <p class="facts">${askedBy(frame, approval)}</p>
      <h1 class="say ${isVoid ? 'say--void' : ''}">${sentence(approval.card)}</h1>
      ${recordLine(approval)}${hiddenNote(approval)}
    </div>
  </div>`;
}

/** What the sentence itself hides, said where it stands. */
function hiddenNote({ card }: Approval): Html | null {
  const hint = hiddenHint(card.sentence);
  return hint === undefined ? null : html`<p class="small quiet">${hint}</p>`;
}

const notice = (colour: string, body: Html): Html =>
  html`<div class="row">
    <div class="at"></div>
    <div class="is">
      <div class="notice notice--${colour}" role="${colour === 'stop' ? 'alert' : 'status'}">
        ${body}
      </div>
    </div>
  </div>`;

const nameOf = (frame: Frame, { person, name }: DecisionView): Html =>
  person === frame.reader.id ? html`You` : shown(name ?? person);

function rejected(frame: Frame, { decisions }: Approval): Html {
  const made = decisions.find(({ decision }) => decision === 'reject');
  if (made === undefined) return html`<p><b>This was rejected.</b> Nothing was sent.</p>`;
  const reason = made.reason === undefined ? null : html`<p>“${shownLines(made.reason)}”</p>`;
  return html`<p>
      <b>${nameOf(frame, made)} rejected this at ${moment(made.decided_at)}.</b> Nothing was sent.
    </p>
    ${reason}`;
}

type Say = (frame: Frame, approval: Approval) => readonly [colour: string, words: Html];

const unanswered: Say = (_frame, { waiting_for: code }) => [
  'wait',
  html`<p>
    <b>Approved, and not yet answered by HubSpot.</b>
    ${code === undefined ? '' : `It waits: ${code}.`}
  </p>`,
];

const ended: Say = (_frame, { code, updated_at }) => [
  'stop',
  html`<p>
    <b>It ended without success at ${moment(updated_at)}.</b> The code is
    <span class="mono">${code ?? 'unknown'}</span>; the time line says what happened.
  </p>`,
];

const stale: Say = (_frame, { updated_at }) => [
  'stop',
  html`<p>
      <b>The record changed since this card was made.</b> Seen at ${moment(updated_at)}. Nothing was
      sent, and this card can no longer be approved.
    </p>
    <p>Approvals of this card were for the old values. They do not count for a new card.</p>`,
];

const OUTCOMES: Readonly<Record<Approval['status'], Say>> = {
  planned: unanswered,
  awaiting_approval: (_frame, { you }) => ['wait', html`<p>${notYours(you.code)}</p>`],
  approved: unanswered,
  executing: unanswered,
  outcome_unknown: () => [
    'wait',
    html`<p>
      <b>HubSpot’s answer was lost.</b> The outcome is unknown, and the call is not repeated.
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
  withdrawn: () => ['wait', html`<p><b>The agent took it back.</b> Nothing was sent.</p>`],
};

/** What became of it, in whole sentences; nothing while it waits for this reader. */
function outcome(frame: Frame, approval: Approval): Html | null {
  const { status, code, you } = approval;
  if (status === 'awaiting_approval' && you.can_decide) return null;
  const say = code === 'approval.stale' ? stale : OUTCOMES[status];
  return notice(...say(frame, approval));
}

function decisionLine(frame: Frame, made: DecisionView): Html {
  const [colour, word] = made.decision === 'approve' ? ['yes', 'Approved'] : ['stop', 'Rejected'];
  return html`<li>
    <span class="who">${nameOf(frame, made)}</span>
    <span class="how"
      ><span class="state state--${colour}">${word}</span> at ${moment(made.decided_at)}
      ${proofWords(made.proof)}</span
    >
  </li>`;
}

function people(frame: Frame, approval: Approval): Html {
  const { decisions, you, card, status } = approval;
  const isOpen = status === 'awaiting_approval';
  const mine = you.can_decide
    ? html`<li>
        <span class="who">You</span>
        <span class="how"><span class="state state--wait">Not decided</span></span>
      </li>`
    : null;
  const roles = card.requires.roles;
  const who =
    roles.length === 0 ? 'anyone on the roster' : `someone with the role ${roles.join(' or ')}`;
  const body = html`<ul class="people">
      ${decisions.map((made) => decisionLine(frame, made))}${mine}
      <li>
        <span class="who">${askedFor(frame, card.claimed.user_id)}</span>
        <span class="how">cannot decide: asked for it</span>
      </li>
    </ul>
    ${
      isOpen
        ? html`<p class="small quiet">
            It takes ${card.requires.approvals}:
            ${who}${card.requires.passkey ? ', with a passkey' : ''}.
          </p>`
        : null
    }`;
  return part(
    isOpen ? 'Who decides' : 'Who decided',
    body,
    html`${isOpen ? stateOf(approval) : null}`,
  );
}

function evidence({ id, card }: Approval): Html {
  return part(
    'Evidence',
    html`<dl class="kv">
        <dt>Digest</dt>
        <dd class="mono">${shortHash(card.digest)}</dd>
        <dt>Log</dt>
        <dd>
          ${card.log.size.toLocaleString('en-US')} entries, root
          <span class="mono"
            >${card.log.root_prefix === '' ? 'none yet' : card.log.root_prefix}</span
          >
        </dd>
        <dt>Request</dt>
        <dd><a href="/console/requests/${id}" class="mono">${id}</a></dd>
      </dl>
      <p class="small quiet">
        The same digest and log position stand in every message about it. If they differ, reject and
        freeze.
      </p>`,
  );
}

function signals({ card }: Approval): Html | null {
  if (card.signals === undefined || card.signals.length === 0) return null;
  return part(
    'Signal',
    html`${card.signals.map((reason) => html`<p>${reason}</p>`)}
      <p>That is a reason to ask whoever it is for, not proof of anything.</p>`,
    riskMark(riskOf(card), true),
  );
}

function effects({ card }: Approval): Html | null {
  if (card.effects === undefined) return null;
  return part('If it is sent', html`<p>${card.effects.undo} ${card.effects.remains}</p>`);
}

function why({ card }: Approval): Html {
  const reasons = card.requires.reasons.map((reason) => html`<p>${shown(reason)}</p>`);
  return part('Why you are asked', html`${reasons.length === 0 ? 'Policy asks for it.' : reasons}`);
}

function decideBar(frame: Frame, approval: Approval): Html | undefined {
  const { card, status, you, id } = approval;
  if (status === 'awaiting_approval' && !you.can_decide) return undefined;
  const isOpen = status === 'awaiting_approval';
  const at = isOpen
    ? html`${timeLeft(card.expires_at, frame.now)}<span class="unit"
          >left, until ${moment(card.expires_at)}</span
        >`
    : html`<span class="clock">${isTerminal(status) ? 'Over' : 'On its way'}</span
        ><span class="unit">since ${moment(approval.updated_at)}</span>`;
  const buttons = isOpen
    ? html`${approveForm(frame, approval, true)}${rejectButton(approval)}
        <span class="decide__say">Sends exactly these ${changeCount(card.changes)}, once.</span>`
    : html`<a class="btn btn--main" href="/console" data-key="j"
          >Next waiting <kbd aria-hidden="true">J</kbd></a
        >
        <a class="btn" href="/console/requests/${id}">Time line</a>`;
  const label = isOpen ? 'Your decision' : 'After the decision';
  return html`<div class="decide" id="decide" role="region" aria-label="${label}">
    <div class="decide__in">
      <div class="decide__at">${at}</div>
      <div class="btns">${buttons}</div>
    </div>
  </div>`;
}

/** One decision: what waits, what went out of date, what is done. */
export function cardPage(frame: Frame, approval: Approval): string {
  const { card, status, code, decisions, you } = approval;
  const isOpen = status === 'awaiting_approval' && you.can_decide;
  const name = card.records[0]?.name ?? card.sentence;
  return page(frame, {
    title: isOpen ? `Decide: ${name}` : name,
    place: 'waiting',
    main: html`${heading(frame, approval)}${outcome(frame, approval)}${diffTable(
      card,
      kindOf(approval),
    )}${status === 'awaiting_approval' ? why(approval) : null}${people(frame, approval)}${
      status === 'awaiting_approval' ? effects(approval) : null
    }${agentWords(card.agent.name, shownLines(card.claimed.prompt))}${signals(
      approval,
    )}${evidence(approval)}`,
    decide: decideBar(frame, approval),
    sheets: isOpen ? [rejectSheet(frame, approval)] : [],
    version: versionOf([status, code, decisions, you]),
    says: `${stateWords(status, code).word}: ${name}`,
  });
}
