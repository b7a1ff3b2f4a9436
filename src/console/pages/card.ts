import type { Approval, DecisionView } from '../../contracts/approval.ts';
import { isTerminal } from '../../core/request-state.ts';
import { riskOf } from '../../core/risk.ts';
import { type Html, html } from '../html.ts';
import { type Frame, oneButton } from '../frame.ts';
import { page } from '../page.ts';
import { riskMark } from '../risk.ts';
import { hiddenHint, shown, shownLines } from '../shown-text.ts';
import { moment, timeLeft } from '../times.ts';
import { versionOf } from '../version.ts';
import { APPROVED_AND_DONE, countMark, proofWords, stateMark, stateWords } from '../words.ts';
import { awayOf } from './away.ts';
import { aheadButton, aheadSheet, aheadWords } from './allowed-ahead.ts';
import { changeCount, type DiffKind, diffTable } from './diff.ts';
import { nameOf, outcome, ownWords } from './outcome.ts';
import {
  agentWords,
  approveForm,
  askedBy,
  askedFor,
  peopleCalled,
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
  if (!isTerminal(status)) return status === 'awaiting_approval' ? 'waiting' : 'open';
  return code === undefined ? 'waiting' : 'void';
}

function stateOf(approval: Approval): Html {
  const { status, code, card } = approval;
  if (status === 'awaiting_approval') return countMark(approvalsOf(approval), card.requires);
  if (status === 'succeeded') return stateMark(APPROVED_AND_DONE);
  return stateMark(stateWords(status, code));
}

/** HubSpot's names are of many; a card is about one. */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  contacts: 'contact',
  companies: 'company',
  deals: 'deal',
  tickets: 'ticket',
  tasks: 'task',
  notes: 'note',
  calls: 'call',
};

const typeWord = (type: string): Html =>
  Object.hasOwn(TYPE_WORDS, type) ? html`${TYPE_WORDS[type]}` : shown(type);

function recordLine({ card }: Approval): Html | null {
  const linked = card.records.map(({ object_type, name, url }) => {
    const label =
      url === undefined ? shown(name) : html`<a href="${url}" rel="noreferrer">${shown(name)}</a>`;
    return html`${typeWord(object_type)} ${label}. `;
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

function decisionLine(frame: Frame, made: DecisionView): Html {
  const [colour, word] = made.decision === 'approve' ? ['yes', 'Approved'] : ['stop', 'Rejected'];
  return html`<li>
    <span class="who">${nameOf(frame, made)}</span>
    <span class="how"
      ><span class="state state--${colour}">${word}</span> at ${moment(made.decided_at)}
      ${made.grant === undefined ? proofWords(made.proof) : aheadWords(made.grant)}</span
    >
  </li>`;
}

/** Whose place it would be, where that is not the reader's own. */
function yourPlace(frame: Frame, { in_place_of: absent }: Approval['you']): Html | null {
  if (absent === undefined) return null;
  const name = frame.people.find(({ id }) => id === absent)?.name;
  return html` for ${shown(name ?? absent)}, who is away`;
}

/** By the dial for firms of one person: who asked has a line as everybody who decides. */
function isOwnToDecide(frame: Frame, { you, card, decisions }: Approval): boolean {
  const asking = peopleCalled(frame, card.claimed.user_id);
  const hasDecided = decisions.some(({ person }) => asking.some(({ id }) => id === person));
  return you.own !== undefined || hasDecided;
}

const requesterLine = (frame: Frame, { card }: Approval): Html =>
  html`<li>
    <span class="who">${askedFor(frame, card.claimed.user_id)}</span>
    <span class="how">cannot decide: asked for it</span>
  </li>`;

function people(frame: Frame, approval: Approval): Html {
  const { decisions, you, card, status } = approval;
  const isOpen = status === 'awaiting_approval';
  const mine = you.can_decide
    ? html`<li>
        <span class="who">You${yourPlace(frame, you)}</span>
        <span class="how"><span class="state state--wait">Not decided</span></span>
      </li>`
    : null;
  const roles = card.requires.roles;
  const who =
    roles.length === 0 ? 'anyone on the roster' : `someone with the role ${roles.join(' or ')}`;
  const body = html`<ul class="people">
      ${decisions.map((made) => decisionLine(frame, made))}${mine}${isOpen ? awayOf(frame, card.requires.roles) : null}
      ${isOwnToDecide(frame, approval) ? null : requesterLine(frame, approval)}
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

function why({ card, you, can_change }: Approval): Html {
  const reasons = card.requires.reasons.map((reason) => html`<p>${shown(reason)}</p>`);
  const unchangeable = you.can_decide && !can_change;
  return part(
    'Why you are asked',
    html`${reasons.length === 0 ? 'Policy asks for it.' : reasons}${
      unchangeable
        ? html`<p class="small quiet">
            It is approved as it is or not at all: nothing of it can be changed here.
          </p>`
        : null
    }`,
  );
}

/** Where the reader may put other values in; where nobody may, `why` has a line that says so. */
const changeLink = ({ id, can_change: canChange }: Approval): Html | null =>
  canChange
    ? html`<a class="btn" href="/console/approvals/${id}/change" data-key="c" data-decides="1"
        >Change <kbd aria-hidden="true">C</kbd></a
      >`
    : null;

/** Whose values these are: not the agent's alone. */
function changedPart(frame: Frame, { card }: Approval): Html | null {
  const { changed } = card;
  if (changed === undefined) return null;
  const { by, fields, from } = changed;
  const who = by.id === frame.reader.id ? html`You` : shown(by.name);
  return part(
    'Changed',
    html`<p>
      ${who} put other values in: ${shown(fields.join(', '))}.
      <a href="/console/approvals/${from}">What the agent asked for</a> has ended, and nothing of it
      was sent.
    </p>`,
  );
}

/** Whoever has approved what they asked for may still stop it. */
const mayAct = ({ you }: Approval): boolean => you.can_decide || ownWords(you) !== undefined;

function whatItDoes({ you, card }: Approval): Html {
  const own = ownWords(you);
  if (own !== undefined) return own;
  const fields =
    card.changes.length === 1 ? 'this one field' : `these ${changeCount(card.changes)}`;
  const exactly = html`Sends exactly ${fields}, once.`;
  if (you.own === undefined || !('delay_seconds' in you.own)) return exactly;
  const minutes = Math.ceil(you.own.delay_seconds / 60);
  return html`${exactly} You asked for it and nobody else can decide, so it is carried out
  ${minutes === 1 ? 'a minute' : `${minutes} minutes`} after your yes, unless you stop it.`;
}

/** Of what is out of date: nothing is decided by it, so no passkey is asked for. */
const renewForm = (frame: Frame, { id }: Approval): Html =>
  oneButton(frame, {
    action: `/console/approvals/${id}/renew`,
    button: html`<button class="btn btn--main" type="submit" data-key="n">
      Make a new card <kbd aria-hidden="true">N</kbd>
    </button>`,
  });

function decideBar(frame: Frame, approval: Approval): Html | undefined {
  const { card, status, you, id } = approval;
  if (status === 'awaiting_approval' && !mayAct(approval)) return undefined;
  const isOpen = status === 'awaiting_approval';
  const at = isOpen
    ? html`${timeLeft(card.expires_at, frame.now)}<span class="unit"
          >left, until ${moment(card.expires_at)}</span
        >`
    : html`<span class="clock">${isTerminal(status) ? 'Over' : 'On its way'}</span
        ><span class="unit">since ${moment(approval.updated_at)}</span>`;
  const buttons = isOpen
    ? html`${you.can_decide ? approveForm(frame, approval, true) : null}${rejectButton(approval)}${
          you.can_decide ? changeLink(approval) : null
        }${aheadButton(approval)} <span class="decide__say">${whatItDoes(approval)}</span>`
    : html`${approval.can_renew ? renewForm(frame, approval) : null}<a
          class="${approval.can_renew ? 'btn' : 'btn btn--main'}"
          href="/console"
          data-key="j"
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

/** Of two taps the second comes too late. Whoever decided is not told so. */
function withoutEcho(frame: Frame, { decisions }: Approval): Frame {
  const isMine = decisions.some(({ person }) => person === frame.reader.id);
  const isLate = ['approval.closed', 'approval.already_decided'].includes(frame.note?.code ?? '');
  return isMine && isLate ? { ...frame, note: undefined } : frame;
}

/** One decision: what waits, what went out of date, what is done. */
export function cardPage(visited: Frame, approval: Approval): string {
  const frame = withoutEcho(visited, approval);
  const { card, status, code, decisions, you } = approval;
  const isOpen = status === 'awaiting_approval' && mayAct(approval);
  const away = awayOf(frame, card.requires.roles).map(({ text }) => text);
  const name = card.records[0]?.name ?? card.sentence;
  return page(frame, {
    title: isOpen ? `Decide: ${name}` : name,
    place: 'waiting',
    main: html`${heading(frame, approval)}${outcome(frame, approval)}${diffTable(
      card,
      kindOf(approval),
    )}${changedPart(frame, approval)}${status === 'awaiting_approval' ? why(approval) : null}${people(frame, approval)}${
      status === 'awaiting_approval' ? effects(approval) : null
    }${agentWords(card.agent.name, shownLines(card.claimed.prompt))}${signals(
      approval,
    )}${evidence(approval)}`,
    decide: decideBar(frame, approval),
    sheets: isOpen ? [rejectSheet(frame, approval), ...aheadSheet(frame, approval)] : [],
    version: versionOf([status, code, decisions, you, away]),
    says: `${stateWords(status, code).word}: ${name}`,
  });
}
