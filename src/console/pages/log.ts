import type { AuditEntry } from '../../contracts/audit-entry.ts';
import type { AuditPage } from '../../contracts/audit-page.ts';
import type { AgentView } from '../../contracts/roster-view.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { page } from '../page.ts';
import { shown } from '../shown-text.ts';
import { moment } from '../times.ts';
import { versionOf } from '../version.ts';
import { plainName } from '../words.ts';
import { dayOf } from '../zone.ts';
import {
  actorName,
  colourOf,
  entryDetails,
  entryWords,
  personName,
  type Telling,
} from './entry-words.ts';
import { logForm, type LogQuery } from './log-form.ts';
import { damagedNotice, part } from './parts.ts';

export interface LogRead {
  readonly found: AuditPage;
  readonly agents: readonly AgentView[];
}

/** Whom it is about, where that is somebody else than who did it. Of a request that is its agent. */
function about({ frame, agents }: Telling, entry: AuditEntry): Html | null {
  const { actor, agent_id: agent, request_id: request, facts } = entry;
  const { person } = facts;
  if (typeof person === 'string' && actor !== `person:${person}`)
    return html`, about ${person === frame.reader.id ? 'you' : personName(frame, person)}`;
  if (agent === null || request !== null || actor === `agent:${agent}`) return null;
  return html`, about ${shown(agents.get(agent) ?? agent)}`;
}

function requestLink({ agents }: Telling, entry: AuditEntry, { actions }: AuditPage): Html | null {
  const { request_id: id, agent_id: agent } = entry;
  if (id === null) return null;
  const action = actions[id];
  const name = action === undefined ? 'Request' : plainName(action);
  const by = agent === null ? null : html` of ${shown(agents.get(agent) ?? agent)}`;
  return html` · <a href="/console/requests/${id}">${name} <span class="mono">${id}</span></a
    >${by}`;
}

const proofLink = ({ index }: AuditEntry, { signed }: AuditPage): Html =>
  signed !== null && index < signed.size
    ? html`<a href="/console/log/${index}/proof"
        >proof<span class="offscreen"> of entry ${index}</span></a
      >`
    : html`not signed yet`;

function item(telling: Telling, entry: AuditEntry, found: AuditPage): Html {
  const { index, timestamp, event, actor } = entry;
  return html`<li class="row ${colourOf(entry)}" id="entry-${index}">
    <div class="at">${moment(timestamp, 'seconds')}</div>
    <div class="is">
      <p class="what">${entryWords(telling, entry)}</p>
      <p class="proof">
        <b>${actorName(telling, actor)}</b
        >${about(telling, entry)}${requestLink(telling, entry, found)}
      </p>
      <p class="proof">
        Log entry ${index.toLocaleString('en-US')} · ${proofLink(entry, found)} ·
        <span class="mono">${event}</span>${entryDetails(entry)}
      </p>
    </div>
  </li>`;
}

const LONG_DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });

/** Entries of one day of the reader's, under its name. */
const dayPart = (day: string, items: readonly Html[]): Html =>
  html`<section class="row part" aria-labelledby="day-${day}">
      <div class="at"><h2 id="day-${day}">${LONG_DAY.format(new Date(day))}</h2></div>
      <div class="is"></div>
    </section>
    <ol class="line">
      ${items}
    </ol>`;

function days(telling: Telling, found: AuditPage): Html[] {
  const { zone } = telling.frame;
  const byDay = Map.groupBy(found.entries, ({ timestamp }) => dayOf(new Date(timestamp), zone));
  return [...byDay].map(([day, entries]) =>
    dayPart(
      day,
      entries.map((entry) => item(telling, entry, found)),
    ),
  );
}

const HOW_TO_VERIFY = html`<p>
  Nothing is checked on this page. <span class="mono">npx sallyport audit verify</span> checks all
  of it, from the log’s folder and its public key alone; a proof is checked by itself, without this
  gateway.
</p>`;

function signedPart({ signed, size }: AuditPage): Html {
  if (signed === null)
    return part(
      'Signed',
      html`<div class="notice notice--stop">
          <p><b>The signed log cannot be read.</b> The entries below are those of the store.</p>
        </div>
        ${HOW_TO_VERIFY}`,
    );
  const unsigned = Math.max(0, size - signed.size);
  return part(
    'Signed',
    html`<dl class="kv">
        <dt>Entries</dt>
        <dd>
          ${signed.size.toLocaleString('en-US')}${
            unsigned === 0 ? '' : `, and ${unsigned.toLocaleString('en-US')} not signed yet`
          }
        </dd>
        <dt>Root</dt>
        <dd class="mono">${shown(signed.root_prefix)}</dd>
      </dl>
      ${HOW_TO_VERIFY}`,
  );
}

const lookedText = ({ looked_through: count }: AuditPage): string =>
  `Looked through ${count === 1 ? '1 entry' : `${count.toLocaleString('en-US')} entries`}.`;

/** The way on, and back to the newest. */
function ways(query: LogQuery, found: AuditPage): Html | null {
  const { next } = found;
  if (next === undefined && query.before === '') return null;
  const to = (before: string): string => new URLSearchParams({ ...query, before }).toString();
  const earlier =
    next === undefined
      ? null
      : html`<a class="btn" href="/console/log?${to(String(next))}">Earlier entries</a>`;
  const newest =
    query.before === ''
      ? null
      : html`<a class="btn" href="/console/log?${to('')}">Newest entries</a>`;
  return html`<div class="row">
    <div class="at"></div>
    <div class="is">
      <p class="btns">${earlier}${newest} <span class="small quiet">${lookedText(found)}</span></p>
    </div>
  </div>`;
}

const nothing = ({ entries, next }: AuditPage): Html | null =>
  entries.length > 0
    ? null
    : html`<p class="lead">
        ${next === undefined ? 'No entry is like that.' : 'None of those looked through is like that.'}
      </p>`;

const opening = (body: Html): Html =>
  html`<div class="row">
    <div class="at"></div>
    <div class="is">
      <h1>Log</h1>
      ${body}
    </div>
  </div>`;

/** Who did what and when, newest first. */
export function logPage(frame: Frame, query: LogQuery, { found, agents }: LogRead): string {
  const telling = { frame, agents: new Map(agents.map(({ id, name }) => [id, name])) };
  const { damaged, signed, entries } = found;
  return page(frame, {
    title: 'Log',
    place: 'log',
    main: html`${damagedNotice(damaged)}${opening(
      html`<p class="lead">
        Every request, decision and call, and every change of who may do what. What is written once
        cannot be changed unseen.
      </p>`,
    )}${signedPart(found)}${part(
      'Look for',
      html`${logForm(frame, query, agents)}${nothing(found)}`,
    )}${days(telling, found)}${ways(query, found)}`,
    version: versionOf([signed, entries, damaged]),
    says: 'The log has new entries',
  });
}

/** For whoever has the right to parts of it alone. */
export const closedLogPage = (frame: Frame): string =>
  page(frame, {
    title: 'Log',
    place: 'log',
    main: opening(
      html`<p class="lead">
          The whole log says of everybody what they did and when, so it is read with the role
          operator or auditor. Someone with the role operator gives roles.
        </p>
        <p>
          What the log has of a request stands on
          <a href="/console/requests">the page of each request</a>.
        </p>`,
    ),
  });
