import type { AlertView } from '../../contracts/alert.ts';
import { countedText, doneText, entriesText } from '../../core/alert-text.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { listTable } from './list-table.ts';
import { page } from '../page.ts';
import { shown } from '../shown-text.ts';
import { moment } from '../times.ts';
import { versionOf } from '../version.ts';

export interface AlertsPage {
  readonly alerts: readonly AlertView[];
  readonly next_before?: number | undefined;
}

/** Agent id -> name. */
type Names = ReadonlyMap<string, string>;

function whom({ people }: Frame, names: Names, { agent_id: agent, person }: AlertView): Html {
  if (agent !== null) return shown(names.get(agent) ?? agent);
  if (person === null) return html`–`;
  return shown(people.find(({ id }) => id === person)?.name ?? person);
}

/** The request that made it too many. */
function lastRequest({ requests }: AlertView): Html | null {
  const last = requests.at(-1);
  return last === undefined
    ? null
    : html`. <a href="/console/requests/${last}">The last request</a>`;
}

function done(alert: AlertView): Html {
  const words = shown(doneText(alert));
  const { incident } = alert;
  return incident === null
    ? words
    : html`${words} <a href="/console/incidents/${incident}">Open the incident</a>`;
}

const row = (frame: Frame, names: Names, alert: AlertView): Html =>
  html`<tr id="alert-${alert.index}">
    <th scope="row">${shown(alert.title)}</th>
    <td data-col="Of">${whom(frame, names, alert)}</td>
    <td data-col="Seen"><span>${countedText(alert)}${lastRequest(alert)}</span></td>
    <td data-col="Done"><span>${done(alert)}</span></td>
    <td data-col="Log">${entriesText(alert)}</td>
    <td data-col="When">${moment(alert.raised_at)}</td>
  </tr>`;

const table = (frame: Frame, names: Names, alerts: readonly AlertView[]): Html =>
  listTable(
    'Alerts, newest first',
    ['What', 'Of', 'Seen', 'Done', 'Log', 'When'],
    alerts.map((alert) => row(frame, names, alert)),
  );

const older = ({ next_before: before }: AlertsPage): Html | null =>
  before === undefined
    ? null
    : html`<p class="btns"><a class="btn" href="/console/alerts/${before - 1}">Older</a></p>`;

const NONE = html`<p class="lead">No alert. The rules look at every entry of the log.</p>`;

/** What the rules of detection have told, each with what caused it and what was done. */
export function alertsPage(frame: Frame, found: AlertsPage, names: Names): string {
  const { alerts } = found;
  return page(frame, {
    title: 'Alerts',
    place: 'incidents',
    main: html`<div class="row">
      <div class="at stack"><a class="back" href="/console/incidents">Incidents</a></div>
      <div class="is">
        <h1>Alerts</h1>
        <p class="lead">
          What the rules have seen in the log. Each is told once, until it was quiet for a while.
        </p>
        ${alerts.length === 0 ? NONE : table(frame, names, alerts)}${older(found)}
      </div>
    </div>`,
    version: versionOf(found),
    says: 'The list of alerts changed',
  });
}

/** On the page of incidents: the newest one, and the way to all. */
export function lastAlert([last]: readonly AlertView[]): Html {
  if (last === undefined) return html`<p class="lead">No alert was ever raised.</p>`;
  return html`<p class="lead">
    <a href="/console/alerts">Last alert</a> ${moment(last.raised_at)}: ${shown(last.title)}.
  </p>`;
}
