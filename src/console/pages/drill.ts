import type { DrillLine, Scorecard } from '../../contracts/drill.ts';
import { durationWords } from '../../core/durations.ts';
import { type Clock, CLOCKS } from '../../core/incident.ts';
import { CLOCK_TITLES } from '../../core/incident-text.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { listTable } from './list-table.ts';
import { page } from '../page.ts';
import { part } from './parts.ts';
import { shown } from '../shown-text.ts';
import { moment } from '../times.ts';
import { versionOf } from '../version.ts';

const STATES: Readonly<Record<DrillLine['verdict'], Html>> = {
  passed: html`<span class="state state--yes">Passed</span>`,
  failed: html`<span class="state state--stop">Failed</span>`,
  not_shown: html`<span class="state state--off">Not shown</span>`,
};

const passedOf = ({ lines }: Scorecard): string =>
  `${lines.filter(({ verdict }) => verdict === 'passed').length} of ${lines.length}`;

const row = ({ title, verdict, detail }: DrillLine): Html =>
  html`<tr>
    <th scope="row">${shown(title)}</th>
    <td data-col="Result">${STATES[verdict]}</td>
    <td data-col="Seen">${shown(detail)}</td>
  </tr>`;

function clock(card: Scorecard, name: Clock): Html {
  const ms = card.clocks_ms[name];
  const words = ms === undefined ? 'not reached' : durationWords((card.detected_ms ?? 0) + ms);
  return html`<dt>${CLOCK_TITLES[name]}</dt>
    <dd>${words}</dd>`;
}

const clocks = (card: Scorecard): Html =>
  html`<dl class="kv">
    <dt>noticed and frozen</dt>
    <dd>${card.detected_ms === null ? 'not at all' : durationWords(card.detected_ms)}</dd>
    ${CLOCKS.map((name) => clock(card, name))}
  </dl>`;

const table = ({ lines }: Scorecard): Html =>
  listTable('What was tried', ['What has to hold', 'Result', 'Seen'], lines.map(row));

const FROM = html`<p class="quiet">from the first rogue write</p>`;

/** What one drill showed, line by line. */
export function drillPage(frame: Frame, card: Scorecard): string {
  return page(frame, {
    title: 'Drill',
    place: 'incidents',
    main: html`<div class="row">
        <div class="at stack"><a class="back" href="/console/incidents">Incidents</a></div>
        <div class="is">
          <h1>Drill: ${passedOf(card)} lines passed</h1>
          <p class="lead">
            ${moment(card.started_at)}. A stolen key, played from the theft to the post-mortem on a
            scratch installation with your policy and rules. Nothing real was touched.
          </p>
        </div>
      </div>
      ${part('Clocks', clocks(card), FROM)} ${part('What was tried', table(card))}`,
    version: versionOf(card),
    says: 'The drill changed',
  });
}

/** On the page of incidents: the newest drill, or how to play one. */
export function lastDrill(drills: readonly Scorecard[]): Html {
  const [last] = drills;
  if (last === undefined)
    return html`<p class="lead">No drill yet. <code>npx sallyport drill</code> plays one.</p>`;
  return html`<p class="lead">
    <a href="/console/drills/${last.id}">Last drill</a> ${moment(last.started_at)},
    ${durationWords(last.ms)}: ${passedOf(last)} lines passed.
  </p>`;
}
