import type { AgentView } from '../../contracts/roster-view.ts';
import type { RequestHistory, RequestSummary } from '../../contracts/request-history.ts';
import { type Html, html } from '../html.ts';
import { listTable } from './list-table.ts';
import type { Frame } from '../frame.ts';
import { page } from '../page.ts';
import { shown, shownPlain } from '../shown-text.ts';
import { moment } from '../times.ts';
import { versionOf } from '../version.ts';
import { plainName, stateMark, stateWords, STATUS_NAMES } from '../words.ts';
import { askedFor, damagedNotice } from './parts.ts';

/** What the reader looks for; texts as they came, shown back in the fields. */
export interface HistoryFilter {
  readonly q: string;
  readonly status: string;
  readonly agent: string;
}

const option = (value: string, label: string, chosen: string): Html =>
  html`<option value="${value}" ${value === chosen ? html` selected` : null}>${label}</option>`;

function form({ q, status, agent }: HistoryFilter, agents: readonly AgentView[]): Html {
  const states = STATUS_NAMES.map(([value, word]) => option(value, word, status));
  const names = agents.map(({ id, name }) => option(id, shownPlain(name), agent));
  return html`<form class="filters" method="get" action="/console/requests" role="search">
    <label class="field"
      >Words or an id <input type="search" name="q" value="${q}" maxlength="200"
    /></label>
    <label class="field"
      >State
      <select name="status">
        ${option('', 'Any', status)}${states}
      </select>
    </label>
    <label class="field"
      >Agent
      <select name="agent">
        ${option('', 'Any', agent)}${names}
      </select>
    </label>
    <button class="btn btn--main" type="submit">Search</button>
  </form>`;
}

function row(frame: Frame, request: RequestSummary): Html {
  const { id, status, code, sentence, action, agent, user_id, created_at } = request;
  return html`<tr>
    <th scope="row">
      <a href="/console/requests/${id}"
        >${sentence === null ? plainName(action) : shown(sentence)}</a
      >
    </th>
    <td data-col="State">${stateMark(stateWords(status, code))}</td>
    <td data-col="Agent"><span>${shown(agent.name)}, for ${askedFor(frame, user_id)}</span></td>
    <td data-col="Asked">${moment(created_at)}</td>
  </tr>`;
}

const table = (frame: Frame, { requests }: RequestHistory): Html =>
  listTable(
    'Requests, newest first',
    ['What', 'State', 'Agent', 'Asked'],
    requests.map((request) => row(frame, request)),
  );

function nothing({ q, status, agent }: HistoryFilter): Html {
  if (q !== '') return html`<p class="lead">No match for “${shown(q)}”.</p>`;
  if (status !== '' || agent !== '') return html`<p class="lead">No request is in that state.</p>`;
  return html`<p class="lead">No requests yet: give an agent its key.</p>`;
}

function more({ q, status, agent }: HistoryFilter, history: RequestHistory): Html | null {
  if (history.next_before === undefined) return null;
  const query = new URLSearchParams({ q, status, agent, before: history.next_before });
  return html`<p class="btns">
    <a class="btn" href="/console/requests?${query.toString()}">Older</a>
    <span class="small quiet">Looked through ${history.looked_through} of them.</span>
  </p>`;
}

/** All requests, with search and filters. */
export function historyPage(
  frame: Frame,
  filter: HistoryFilter,
  history: RequestHistory,
  agents: readonly AgentView[],
): string {
  const isEmpty = history.requests.length === 0;
  return page(frame, {
    title: 'Requests',
    place: 'requests',
    main: html`${damagedNotice(history.damaged)}
      <div class="row">
        <div class="at"></div>
        <div class="is">
          <h1>Requests</h1>
          ${form(filter, agents)}${isEmpty ? nothing(filter) : table(frame, history)}${more(
            filter,
            history,
          )}
        </div>
      </div>`,
    version: versionOf(history),
    says: 'The list of requests changed',
  });
}
