import type { AlertView } from '../../contracts/alert.ts';
import type { Scorecard } from '../../contracts/drill.ts';
import type { IncidentView } from '../../contracts/incident.ts';
import { STAGE_TITLES } from '../../core/incident-text.ts';
import { openIncidentButton } from '../bar.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { listTable } from './list-table.ts';
import { page } from '../page.ts';
import { shown } from '../shown-text.ts';
import { moment } from '../times.ts';
import { versionOf } from '../version.ts';
import { lastAlert } from './alerts.ts';
import { lastDrill } from './drill.ts';
import { actorWords, elapsed } from './incident-words.ts';

function state({ stage, is_false_alarm: isFalse }: IncidentView): Html {
  if (stage !== 'closed')
    return html`<span class="state state--wait">Open: ${STAGE_TITLES[stage]}</span>`;
  return isFalse
    ? html`<span class="state state--off">False alarm</span>`
    : html`<span class="state state--yes">Closed</span>`;
}

function row(frame: Frame, incident: IncidentView): Html {
  const { id, reason, opened_at: at, opened_by: by, clocks_ms: clocks } = incident;
  const took = clocks.closed === undefined ? html`–` : elapsed(clocks.closed);
  return html`<tr>
    <th scope="row"><a href="/console/incidents/${id}">${shown(reason)}</a></th>
    <td data-col="State">${state(incident)}</td>
    <td data-col="Opened">${moment(at)}, by ${actorWords(frame, by)}</td>
    <td data-col="Open again">${took}</td>
  </tr>`;
}

const table = (frame: Frame, incidents: readonly IncidentView[]): Html =>
  listTable(
    'Incidents, newest first',
    ['What', 'State', 'Opened', 'Open again after'],
    incidents.map((incident) => row(frame, incident)),
  );

/** Every incident, newest first. */
export function incidentsPage(
  frame: Frame,
  incidents: readonly IncidentView[],
  of: { readonly drills: readonly Scorecard[]; readonly alerts: readonly AlertView[] },
): string {
  const { drills, alerts } = of;
  return page(frame, {
    title: 'Incidents',
    place: 'incidents',
    main: html`<div class="row">
      <div class="at"></div>
      <div class="is">
        <h1>Incidents</h1>
        <p class="lead">
          When somebody else may hold the key: the connection is frozen at once, the key is
          replaced, and what was not ours is found and taken back.
        </p>
        <p class="btns">${openIncidentButton(frame)}</p>
        ${incidents.length === 0 ? html`<p class="lead">No incidents.</p>` : table(frame, incidents)}
        ${lastAlert(alerts)} ${lastDrill(drills)}
      </div>
    </div>`,
    version: versionOf([incidents, drills[0]?.id, alerts[0]?.index, frame.status.incident]),
    says: 'The list of incidents changed',
  });
}
