import type { AgentView } from '../../contracts/roster-view.ts';
import { AUDIT_EVENTS } from '../../core/audit-events.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { shownPlain } from '../shown-text.ts';
import { UTC } from '../zone.ts';

/** What the reader looks for; texts as they came, shown back in the fields. */
export interface LogQuery {
  /** `person:…` or `agent:…`. */
  readonly who: string;
  readonly event: string;
  readonly action: string;
  readonly record: string;
  readonly code: string;
  /** Days of the reader's, both included. */
  readonly from: string;
  readonly to: string;
  /** Goes on below this entry. */
  readonly before: string;
}

const option = (value: string, label: string, chosen: string): Html =>
  html`<option value="${value}" ${value === chosen ? html` selected` : null}>${label}</option>`;

function whoField({ people }: Frame, agents: readonly AgentView[], who: string): Html {
  const person = people.map(({ id, name }) => option(`person:${id}`, shownPlain(name), who));
  const agent = agents.map(({ id, name }) => option(`agent:${id}`, shownPlain(name), who));
  return html`<label class="field"
    >Who
    <select name="who">
      ${option('', 'Anybody', who)}
      <optgroup label="People">${person}</optgroup>
      <optgroup label="Agents">${agent}</optgroup>
    </select>
  </label>`;
}

const eventField = (event: string): Html =>
  html`<label class="field"
    >Event
    <select name="event">
      ${option('', 'Any', event)}${Object.keys(AUDIT_EVENTS).map((name) => option(name, name, event))}
    </select>
  </label>`;

const textField = (label: string, name: string, value: string): Html =>
  html`<label class="field"
    >${label} <input type="text" name="${name}" value="${value}" maxlength="60"
  /></label>`;

const dayField = (label: string, name: string, value: string): Html =>
  html`<label class="field">${label} <input type="date" name="${name}" value="${value}" /></label>`;

/** What the log can be searched by; sent as the page's own address, so that it can be kept and passed on. */
export function logForm(frame: Frame, query: LogQuery, agents: readonly AgentView[]): Html {
  const { who, event, action, record, code, from, to } = query;
  const days = frame.zone === UTC ? 'Days are those of UTC.' : `Days are those of ${frame.zone}.`;
  return html`<form class="filters" method="get" action="/console/log" role="search">
      ${whoField(frame, agents, who)}${eventField(event)}${textField('Action', 'action', action)}
      ${textField('Record', 'record', record)}${textField('Code', 'code', code)}
      ${dayField('From', 'from', from)}${dayField('Until', 'to', to)}
      <button class="btn btn--main" type="submit">Search</button>
    </form>
    <p class="small quiet">
      A record by HubSpot’s number, 20001 or contacts/20001; an action as create_note. ${days}
    </p>`;
}
