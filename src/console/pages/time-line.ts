import type { RequestDetail, TimeLineEntry } from '../../contracts/request-history.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { moment } from '../times.ts';
import { colourOf, entryDetails, entryWords, type Telling } from './entry-words.ts';

function lineItem(telling: Telling, { id }: RequestDetail, entry: TimeLineEntry): Html {
  const { index, timestamp } = entry;
  return html`<li class="row ${colourOf(entry)}">
    <div class="at">${moment(timestamp, 'seconds')}</div>
    <div class="is">
      <p class="what">${entryWords(telling, entry)}</p>
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
