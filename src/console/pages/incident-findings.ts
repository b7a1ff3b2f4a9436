import type { IncidentView } from '../../contracts/incident.ts';
import { hubspotUrl } from '../../core/card-facts.ts';
import { laterEditStart } from '../../core/incident-text.ts';
import { type Html, html } from '../html.ts';
import { shown } from '../shown-text.ts';
import { moment } from '../times.ts';
import { wholeValue } from './diff.ts';

type Findings = NonNullable<IncidentView['findings']>;
type Rogue = Findings['rogue'][number];

interface Row {
  readonly what: Html;
  readonly before: Html;
  readonly rogue: Html;
  readonly plan: Html;
}

const KEEP = html`changed since: the later edit stays`;
const SET_BACK = html`<b>Set back</b>, if it is still the rogue value`;

const changedRows = ({ left_alone: left }: Findings, rogue: Rogue): Row[] =>
  Object.entries(rogue.properties).map(([property, { label, before, after }]) => {
    const start = laterEditStart(rogue.object_type, rogue.object_id, property);
    return {
      what: shown(label),
      before: wholeValue(before),
      rogue: wholeValue(after),
      plan: left.some((line) => line.startsWith(start)) ? KEEP : SET_BACK,
    };
  });

const createdValues = ({ properties }: Rogue): Html[] =>
  Object.values(properties).map(
    ({ label, after }) =>
      html`<div><span class="quiet">${shown(label)}</span> ${wholeValue(after)}</div>`,
  );

function rowsOf(findings: Findings, rogue: Rogue): Row[] {
  if (rogue.kind === 'changed') return changedRows(findings, rogue);
  if (rogue.kind === 'created')
    return [
      {
        what: html`created`,
        before: html`<span class="none">no record</span>`,
        rogue: html`${createdValues(rogue)}`,
        plan: html`<b>Archive</b>, if nobody has worked on it`,
      },
    ];
  return [
    {
      what: html`deleted`,
      before: html`<span class="none">the record</span>`,
      rogue: html`deleted ${moment(rogue.at)}`,
      plan: html`Restore in HubSpot by hand, within 90 days`,
    },
  ];
}

function recordName(portalId: number | null, rogue: Rogue): Html {
  const { object_type, object_id: id, record_name: name } = rogue;
  const label = name === '' ? `${object_type} ${id}` : name;
  const { url } = hubspotUrl(portalId ?? undefined, { object_type, id });
  return url === undefined
    ? shown(label)
    : html`<a href="${url}" rel="noreferrer">${shown(label)}</a>`;
}

const tableRow = (record: Html, at: Html, { what, before, rogue, plan }: Row): Html =>
  html`<tr role="row">
    <th role="rowheader" scope="row">${record}<span class="diff__hint">${what}, ${at}</span></th>
    <td role="cell" data-col="Before"><span>${before}</span></td>
    <td role="cell" data-col="Rogue"><span>${rogue}</span></td>
    <td role="cell" data-col="Plan"><span>${plan}</span></td>
  </tr>`;

const HEADS = ['Record', 'Before', 'Rogue value', 'Now, and the plan'].map(
  (head) => html`<th role="columnheader" scope="col">${head}</th>`,
);

/** Every change that was not ours, whole: what stood there, what was written, and what becomes of it. */
export function rogueTable({ portal_id: portalId }: IncidentView, findings: Findings): Html {
  const rows = findings.rogue.flatMap((rogue) =>
    rowsOf(findings, rogue).map((row) =>
      tableRow(recordName(portalId, rogue), moment(rogue.at), row),
    ),
  );
  const count = findings.rogue.length;
  return html`<table class="list" role="table">
      <caption>
        A value is set back only if it is still the rogue one. Later edits by people stay.
      </caption>
      <thead role="rowgroup">
        <tr role="row">
          ${HEADS}
        </tr>
      </thead>
      <tbody role="rowgroup">
        ${rows}
      </tbody>
    </table>
    <p class="small quiet">
      ${count === 1 ? 'The one change is' : `All ${count} changes are`} shown.
    </p>`;
}

/** What stays as it is, with the reason; texts as the gateway wrote them. */
export function leftAlone({ left_alone: lines }: Findings): Html | null {
  if (lines.length === 0) return null;
  return html`<h3>Left as it is</h3>
    <ul class="facts-list">
      ${lines.map((line) => html`<li class="todo">${shown(line)}</li>`)}
    </ul>`;
}

/** What agents were shown in the window, and what could not be looked at. */
export function exposureLines(findings: Findings, agents: ReadonlyMap<string, string>): Html[] {
  const read = findings.exposures.map((exposure) => {
    const { agent_id: id, action, reads, fields, records, records_total: total } = exposure;
    const more = total > records.length ? `, the first ${records.length} named` : '';
    return html`<li class="bad">
      ${total} ${total === 1 ? 'record was' : 'records were'} read by ${shown(agents.get(id) ?? id)}
      in that time (<span class="mono">${action}</span>, ${reads}
      ${reads === 1 ? 'read' : 'reads'}): ${shown(fields.join(', '))}
      <details>
        <summary>Which records${more}</summary>
        <p class="mono small">${shown(records.join(', '))}</p>
      </details>
    </li>`;
  });
  const unread = findings.unread.map(
    (line) => html`<li class="bad">Not looked at: ${shown(line)}</li>`,
  );
  return [...read, ...unread];
}
