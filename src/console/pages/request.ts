import type { RequestDetail } from '../../contracts/request-history.ts';
import { isTerminal } from '../../core/request-state.ts';
import { type Html, html } from '../html.ts';
import type { Frame } from '../frame.ts';
import { page } from '../page.ts';
import { shown, shownLines } from '../shown-text.ts';
import { moment } from '../times.ts';
import { versionOf } from '../version.ts';
import { plainName, stateMark, stateWords } from '../words.ts';
import { type DiffKind, diffTable } from './diff.ts';
import { agentWords, askedFor, part, sentence, shortHash } from './parts.ts';
import { timeLine } from './time-line.ts';

function heading(frame: Frame, request: RequestDetail): Html {
  const { id, card, action, agent, user_id, status, code, created_at } = request;
  return html`<div class="row">
    <div class="at stack">
      <a class="back" href="/console/requests">All requests</a
      >${stateMark(stateWords(status, code))}
    </div>
    <div class="is">
      <p class="facts"><span class="mono">${id}</span></p>
      <h1 class="say">${card === null ? plainName(action) : sentence(card)}</h1>
      <p class="lead">
        ${shown(agent.name)}, asked by ${askedFor(frame, user_id)}, ${moment(created_at)}.
      </p>
      ${endingLine(request)}${successorLine(request)}
      ${
        status === 'awaiting_approval'
          ? html`<p class="btns">
              <a class="btn btn--main" href="/console/approvals/${id}">Open the card</a>
            </p>`
          : null
      }
    </div>
  </div>`;
}

const successorLine = ({ successor }: RequestDetail): Html | null =>
  successor === undefined
    ? null
    : html`<p class="lead">
        <a href="/console/requests/${successor}">The request that takes its place</a> is decided by
        itself.
      </p>`;

function endingLine({ code, detail }: RequestDetail): Html | null {
  if (code === null) return null;
  const more = detail === null ? null : html`: ${shownLines(detail)}`;
  return html`<p class="lead"><span class="mono">${code}</span>${more}</p>`;
}

function sentKind({ status }: RequestDetail): DiffKind {
  if (status === 'succeeded') return 'done';
  if (status === 'awaiting_approval') return 'waiting';
  return isTerminal(status) ? 'void' : 'open';
}

const SENT_TITLES: Readonly<Record<DiffKind, string>> = {
  done: 'What was sent',
  open: 'What is sent',
  waiting: 'What would be sent',
  void: 'What was asked',
};

function proofPart({ time_line: entries, digest }: RequestDetail, { status }: Frame): Html {
  const [first, last] = [entries[0]?.index, entries.at(-1)?.index];
  const range = first === undefined || last === undefined ? 'none' : `${first} to ${last}`;
  return part(
    'Proof',
    html`<dl class="kv">
        <dt>Entries</dt>
        <dd>${range}</dd>
        <dt>Digest</dt>
        <dd class="mono">${digest === null ? 'none' : shortHash(digest)}</dd>
        <dt>Root</dt>
        <dd class="mono">${status.log?.root_prefix ?? 'the log cannot be read'}</dd>
      </dl>
      <p>
        Each entry has its proof as a file. Whoever has the log’s public key checks it without this
        gateway; nothing is checked on this page.
      </p>`,
    null,
    'proof',
  );
}

/** One request from its first entry in the log to its last. */
export function requestPage(frame: Frame, request: RequestDetail): string {
  const { card, agent, prompt, time_line: entries, status } = request;
  const kind = sentKind(request);
  return page(frame, {
    title: card?.records[0]?.name ?? plainName(request.action),
    place: 'requests',
    main: html`${heading(frame, request)}
      <section class="row part" aria-labelledby="tl">
        <div class="at">
          <h2 id="tl">Time line</h2>
          <span class="label">${moment(request.created_at, 'day')}</span>
        </div>
        <div class="is"></div>
      </section>
      ${timeLine(frame, request)}
      ${card === null ? null : part(SENT_TITLES[kind], diffTable(card, kind, true))}
      ${agentWords(agent.name, shownLines(prompt))}${proofPart(request, frame)}`,
    version: versionOf([status, entries.length]),
    says: stateWords(status, request.code).word,
  });
}
