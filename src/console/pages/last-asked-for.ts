import type { RequestSummary } from '../../contracts/request-history.ts';
import { type Html, html } from '../html.ts';
import { shown } from '../shown-text.ts';
import { moment } from '../times.ts';
import { stateMark, stateWords } from '../words.ts';

/** The changes that people were asked about last and how each stands, for whoever comes and finds that nothing waits. */
export function lastAskedFor(requests: readonly RequestSummary[]): Html | null {
  if (requests.length === 0) return null;
  return html`<section class="row part" aria-labelledby="last-h">
    <div class="at"><h2 id="last-h">Last asked for</h2></div>
    <div class="is prose">
      ${requests.map(
        ({ id, sentence, status, code, updated_at: since }) =>
          html`<p>
            <a href="/console/requests/${id}">${shown(sentence ?? '')}</a><br /><span class="small"
              >${stateMark(stateWords(status, code))} ${moment(since)}</span
            >
          </p>`,
      )}
    </div>
  </section>`;
}
