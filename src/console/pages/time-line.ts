import type { RequestDetail, TimeLineEntry } from '../../contracts/request-history.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { shown } from '../shown-text.ts';
import { moment } from '../times.ts';
import { colourOf, entryDetails, entryWords, type Telling } from './entry-words.ts';

/** Of what a person settled: what they saw is nobody's words but theirs. */
function sawText({ settlements }: RequestDetail, index: number): Html | null {
  const reason = settlements.find((one) => one.index === index)?.reason;
  return reason === undefined ? null : html` They wrote: ${shown(reason)}`;
}

function lineItem(telling: Telling, request: RequestDetail, entry: TimeLineEntry): Html {
  const { id } = request;
  const { index, timestamp } = entry;
  return html`<li class="row ${colourOf(entry)}">
    <div class="at">${moment(timestamp, 'seconds')}</div>
    <div class="is">
      <p class="what">${entryWords(telling, entry)}${sawText(request, index)}</p>
      <p class="proof">
        Log entry ${index.toLocaleString('en-US')} ·
        <a href="/console/requests/${id}/proof/${index}">proof</a>${entryDetails(entry)}
      </p>
    </div>
  </li>`;
}

/** What the log has of one request, entry by entry. */
export function timeLine(frame: Frame, request: RequestDetail): Html {
  const { id, name } = request.agent;
  const telling = { frame, agents: new Map([[id, name]]) };
  return html`<ol class="line">
    ${request.time_line.map((entry) => lineItem(telling, request, entry))}
  </ol>`;
}
