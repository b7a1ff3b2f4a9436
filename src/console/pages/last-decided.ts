import type { RequestSummary } from '../../contracts/request-history.ts';
import { type Html, html } from '../html.ts';
import { shown } from '../shown-text.ts';
import { moment } from '../times.ts';
import { stateMark, stateWords } from '../words.ts';

const SHOWN_MAX = 3;
const UNDECIDED: ReadonlySet<string> = new Set(['planned', 'awaiting_approval']);

/** A read, and what was refused before it had a card, was put to nobody. */
const wasPutToPeople = ({ risk, sentence, status }: RequestSummary): boolean =>
  risk !== 'read' && sentence !== null && !UNDECIDED.has(status);

const byEnd = (one: RequestSummary, other: RequestSummary): number =>
  Date.parse(other.updated_at) - Date.parse(one.updated_at);

/** What came of the latest changes, for whoever comes and finds that nothing waits. */
export function lastDecided(requests: readonly RequestSummary[]): Html | null {
  const decided = requests.filter(wasPutToPeople).toSorted(byEnd).slice(0, SHOWN_MAX);
  if (decided.length === 0) return null;
  return html`<section class="row part" aria-labelledby="last-h">
    <div class="at"><h2 id="last-h">Last decided</h2></div>
    <div class="is prose">
      ${decided.map(
        ({ id, sentence, status, code, updated_at: at }) =>
          html`<p>
            <a href="/console/requests/${id}">${shown(sentence ?? '')}</a><br /><span class="small"
              >${stateMark(stateWords(status, code))} ${moment(at)}</span
            >
          </p>`,
      )}
    </div>
  </section>`;
}
