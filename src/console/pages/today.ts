import type { RequestCounts } from '../../contracts/request-history.ts';
import { type Html, html } from '../html.ts';
import { moment } from '../times.ts';

const LINES = [
  ['Read at once', 'read'],
  ['Approved', 'approved'],
  ['Rejected', 'rejected'],
  ['Refused by policy', 'refused'],
] as const satisfies readonly (readonly [string, keyof RequestCounts])[];

/** How much went through since the reader's midnight, for whoever comes and finds that nothing waits. */
export const todayPart = (counts: RequestCounts): Html =>
  html`<section class="row part" aria-labelledby="today-h">
    <div class="at"><h2 id="today-h">Today</h2></div>
    <div class="is prose">
      <dl class="kv">
        ${LINES.map(
          ([words, name]) =>
            html`<dt>${words}</dt>
              <dd>${counts[name].toLocaleString('en-US')}</dd>`,
        )}
      </dl>
      <p class="small quiet">Of what was asked for since ${moment(counts.since)}.</p>
    </div>
  </section>`;
