import type { RequestDetail, TimeLineEntry } from '../../contracts/request-history.ts';
import { RequestIdSchema } from '../../contracts/ids.ts';
import { AUDIT_EVENTS } from '../../core/audit-events.ts';
import { type Html, html } from '../html.ts';
import type { Frame } from '../frame.ts';
import { page } from '../page.ts';
import { shown, shownLines } from '../shown-text.ts';
import { moment } from '../times.ts';
import { versionOf } from '../version.ts';
import { plainName, proofWords, stateMark, stateWords } from '../words.ts';
import { diffTable } from './diff.ts';
import { agentWords, askedFor, part, sentence, shortHash } from './parts.ts';

const COLOURS: Readonly<Record<string, string>> = {
  'request.accepted': 'is-key',
  'request.refused': 'is-stop',
  'approval.requested': 'is-wait',
  'approval.changed': 'is-wait',
  'approval.granted': 'is-yes',
  'approval.rejected': 'is-stop',
  'approval.refused': 'is-stop',
  'approval.expired': 'is-stop',
  'hubspot.lost': 'is-wait',
  'hubspot.settled': 'is-yes',
  'store.tampered': 'is-stop',
};

function colourOf({ event, facts, code }: TimeLineEntry): string {
  if (event === 'request.completed') return facts['status'] === 'succeeded' ? 'is-yes' : 'is-stop';
  return code === null ? (COLOURS[event] ?? '') : (COLOURS[event] ?? 'is-stop');
}

/** `person:…` and `agent:…` by name. */
function actorName(frame: Frame, request: RequestDetail, actor: string): Html {
  const person = frame.people.find(({ id }) => actor === `person:${id}`);
  if (person?.id === frame.reader.id) return html`You`;
  if (person !== undefined) return shown(person.name);
  if (actor === `agent:${request.agent.id}`) return shown(request.agent.name);
  return actor === 'gateway' ? html`The gateway` : shown(actor);
}

function placeName({ people, reader }: Frame, { facts }: TimeLineEntry): Html | null {
  const { in_place_of: absent } = facts;
  if (typeof absent !== 'string') return null;
  const name = people.find(({ id }) => id === absent)?.name ?? absent;
  return html` for ${absent === reader.id ? 'you' : shown(name)}`;
}

function proofText({ facts }: TimeLineEntry): string {
  const { proof } = facts;
  return typeof proof === 'string' ? ` ${proofWords(proof)}` : '';
}

/** `place`: in whose, where it was not their own. */
type Say = (actor: Html, entry: TimeLineEntry, place: Html | null) => Html;

/** Another request, by the id that an entry of the log names. */
function linkTo(id: unknown, say: (link: Html) => Html): Html | undefined {
  const parsed = RequestIdSchema.safeParse(id).data;
  if (parsed === undefined) return undefined;
  return say(html`<a class="mono" href="/console/requests/${parsed}">${parsed}</a>`);
}

/** Events with a sentence of their own; the others are said as the table of events has them. */
const SENTENCES: Readonly<Partial<Record<TimeLineEntry['event'], Say>>> = {
  'request.accepted': (actor, { facts }) =>
    linkTo(facts['changed_from'], (from) => html`${actor} changed ${from} into this.`) ??
    html`${actor} asked. The plan and its digest are fixed.`,
  'approval.changed': (actor, { facts }) =>
    linkTo(
      facts['successor'],
      (successor) => html`${actor} changed it. ${successor} takes its place.`,
    ) ?? html`${actor} changed it.`,
  'approval.requested': () => html`Card made. It waits for people.`,
  'approval.seen': (actor, entry) => html`${actor} opened the card${proofText(entry)}.`,
  'approval.granted': (actor, entry, place) =>
    typeof entry.facts['grant_ends_at'] === 'string'
      ? html`${actor} had allowed this ahead, until ${moment(entry.facts['grant_ends_at'])}. Nobody
        looked at this one.`
      : html`${actor}${place} approved${proofText(entry)}, for exactly this digest.`,
  'approval.rejected': (actor, entry, place) => html`${actor}${place} rejected${proofText(entry)}.`,
  'hubspot.intended': () => html`Written down before the call.`,
  'hubspot.lost': () =>
    html`HubSpot’s answer was lost. The outcome is unknown until it is found in HubSpot, or found
    not to be there.`,
};

function what(frame: Frame, request: RequestDetail, entry: TimeLineEntry): Html {
  const actor = actorName(frame, request, entry.actor);
  const say = SENTENCES[entry.event];
  return say === undefined
    ? html`${actor}: ${AUDIT_EVENTS[entry.event]}`
    : say(actor, entry, placeName(frame, entry));
}

function lineItem(frame: Frame, request: RequestDetail, entry: TimeLineEntry): Html {
  const { index, timestamp, hubspot_endpoint: endpoint, response_status: answer, code } = entry;
  const more = [
    ...(endpoint === null ? [] : [html` · <span class="mono">${shown(endpoint)}</span>`]),
    ...(answer === null ? [] : [html` · answered ${answer}`]),
    ...(code === null ? [] : [html` · code <span class="mono">${code}</span>`]),
  ];
  return html`<li class="row ${colourOf(entry)}">
    <div class="at">${moment(timestamp, 'seconds')}</div>
    <div class="is">
      <p class="what">${what(frame, request, entry)}</p>
      <p class="proof">
        Log entry ${index.toLocaleString('en-US')} ·
        <a href="/console/requests/${request.id}/proof/${index}">proof</a>${more}
      </p>
    </div>
  </li>`;
}

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
        ${shown(agent.name)}, asked by ${askedFor(frame, user_id)} on ${moment(created_at)}.
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

const sentKind = ({ status }: RequestDetail) =>
  status === 'succeeded' ? 'done' : status === 'awaiting_approval' ? 'waiting' : 'void';

const SENT_TITLES = {
  done: 'What was sent',
  waiting: 'What would be sent',
  void: 'What was asked',
} as const;

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
      <ol class="line">
        ${entries.map((entry) => lineItem(frame, request, entry))}
      </ol>
      ${card === null ? null : part(SENT_TITLES[kind], diffTable(card, kind, true))}
      ${agentWords(agent.name, shownLines(prompt))}${proofPart(request, frame)}`,
    version: versionOf([status, entries.length]),
    says: stateWords(status, request.code).word,
  });
}
