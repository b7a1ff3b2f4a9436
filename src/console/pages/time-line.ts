import { RequestIdSchema } from '../../contracts/ids.ts';
import type { RequestDetail, TimeLineEntry } from '../../contracts/request-history.ts';
import { AUDIT_EVENTS } from '../../core/audit-events.ts';
import type { Frame } from '../frame.ts';
import { type Html, html } from '../html.ts';
import { shown } from '../shown-text.ts';
import { moment } from '../times.ts';
import { proofWords } from '../words.ts';

const COLOURS: Readonly<Record<string, string>> = {
  'request.accepted': 'is-key',
  'request.refused': 'is-stop',
  'approval.requested': 'is-wait',
  'approval.changed': 'is-wait',
  'approval.granted': 'is-yes',
  'approval.rejected': 'is-stop',
  'approval.refused': 'is-stop',
  'approval.expired': 'is-stop',
  'hubspot.lost': 'is-wait',
  'hubspot.settled': 'is-yes',
  'store.tampered': 'is-stop',
};

function colourOf({ event, facts, code }: TimeLineEntry): string {
  if (event === 'request.completed') return facts['status'] === 'succeeded' ? 'is-yes' : 'is-stop';
  return code === null ? (COLOURS[event] ?? '') : (COLOURS[event] ?? 'is-stop');
}

/** `person:…` and `agent:…` by name. */
function actorName(frame: Frame, request: RequestDetail, actor: string): Html {
  const person = frame.people.find(({ id }) => actor === `person:${id}`);
  if (person?.id === frame.reader.id) return html`You`;
  if (person !== undefined) return shown(person.name);
  if (actor === `agent:${request.agent.id}`) return shown(request.agent.name);
  return actor === 'gateway' ? html`The gateway` : shown(actor);
}

function placeName({ people, reader }: Frame, { facts }: TimeLineEntry): Html | null {
  const { in_place_of: absent } = facts;
  if (typeof absent !== 'string') return null;
  const name = people.find(({ id }) => id === absent)?.name ?? absent;
  return html` for ${absent === reader.id ? 'you' : shown(name)}`;
}

function proofText({ facts }: TimeLineEntry): string {
  const { proof } = facts;
  return typeof proof === 'string' ? ` ${proofWords(proof)}` : '';
}

/** `place`: in whose, where it was not their own. */
type Say = (actor: Html, entry: TimeLineEntry, place: Html | null, request: RequestDetail) => Html;

/** Another request, by the id that an entry of the log names. */
function linkTo(id: unknown, say: (link: Html) => Html): Html | undefined {
  const parsed = RequestIdSchema.safeParse(id).data;
  if (parsed === undefined) return undefined;
  return say(html`<a class="mono" href="/console/requests/${parsed}">${parsed}</a>`);
}

const WHY: Readonly<Record<string, string>> = {
  card: ' to make the card',
  compare: ' to compare the record with the card',
  execute: ' to send the change',
  reconcile: ' to look for the lost change',
};

/** What HubSpot was called for. */
function why({ facts: { purpose } }: TimeLineEntry): string {
  return typeof purpose === 'string' ? (WHY[purpose] ?? '') : '';
}

const isWrite = ({ facts }: TimeLineEntry): boolean => facts['purpose'] === 'execute';

const sayLost: Say = (_actor, entry) =>
  isWrite(entry)
    ? html`HubSpot’s answer was lost. The outcome is unknown until it is found in HubSpot, or found
      not to be there.`
    : html`HubSpot did not answer${why(entry)}. Nothing is changed by looking.`;

/** What they saw is nobody's words but theirs. */
function sawText({ settlements }: RequestDetail, index: number): Html | null {
  const reason = settlements.find((one) => one.index === index)?.reason;
  return reason === undefined ? null : html` They wrote: ${shown(reason)}`;
}

const saySettled: Say = (actor, { facts, index }, _place, request) => {
  const what = facts['settled'] === 'executed' ? 'it was carried out' : 'it was not carried out';
  return facts['by'] === 'person'
    ? html`${actor} ended the not knowing by their own word: ${what}.${sawText(request, index)}`
    : html`The lost change was looked for in HubSpot: ${what}.`;
};

const sayGranted: Say = (actor, entry, place) =>
  typeof entry.facts['grant_ends_at'] === 'string'
    ? html`${actor} had allowed this ahead, until ${moment(entry.facts['grant_ends_at'])}. Nobody
      looked at this one.`
    : html`${actor}${place} approved${proofText(entry)}, for exactly this digest.`;

/** Events with a sentence of their own; the others are said as the table of events has them. */
const SENTENCES: Readonly<Partial<Record<TimeLineEntry['event'], Say>>> = {
  'request.accepted': (actor, { facts }) =>
    linkTo(facts['changed_from'], (from) => html`${actor} changed ${from} into this.`) ??
    html`${actor} asked. The plan and its digest are fixed.`,
  'request.refused': () => html`It was refused.`,
  'request.completed': (_actor, { facts }) =>
    facts['status'] === 'succeeded' ? html`Done.` : html`It ended without success.`,
  'request.withdrawn': (actor) => html`${actor} took it back before it was decided.`,
  'approval.changed': (actor, { facts }) =>
    linkTo(
      facts['successor'],
      (successor) => html`${actor} changed it. ${successor} takes its place.`,
    ) ?? html`${actor} changed it.`,
  'approval.requested': () => html`Card made. It waits for people.`,
  'approval.seen': (actor, entry) => html`${actor} opened the card${proofText(entry)}.`,
  'approval.granted': sayGranted,
  'approval.rejected': (actor, entry, place) => html`${actor}${place} rejected${proofText(entry)}.`,
  'approval.refused': (actor) => html`${actor} wanted to decide. It does not count.`,
  'hubspot.intended': (_actor, entry) => html`Written down before HubSpot is called${why(entry)}.`,
  'hubspot.answered': (_actor, { code }) =>
    code === null ? html`HubSpot answered.` : html`HubSpot refused.`,
  'hubspot.lost': sayLost,
  'hubspot.settled': saySettled,
  'notice.sent': () => html`People were told.`,
  'notice.dead': () => html`People could not be told.`,
};

/** Without what is for programs: the part behind a semicolon or a colon that names a field of the entry. */
const plainEvent = (event: TimeLineEntry['event']): string =>
  (AUDIT_EVENTS[event].split(/[;:] (?=.*`)/)[0] ?? '').replace(/[^.]$/, '$&.');

function what(frame: Frame, request: RequestDetail, entry: TimeLineEntry): Html {
  const say = SENTENCES[entry.event];
  if (say === undefined) return html`${plainEvent(entry.event)}`;
  const actor = actorName(frame, request, entry.actor);
  return say(actor, entry, placeName(frame, entry), request);
}

function lineItem(frame: Frame, request: RequestDetail, entry: TimeLineEntry): Html {
  const { index, timestamp, hubspot_endpoint: endpoint, response_status: answer, code } = entry;
  const more = [
    ...(endpoint === null ? [] : [html` · <span class="mono">${shown(endpoint)}</span>`]),
    ...(answer === null ? [] : [html` · answered ${answer}`]),
    ...(code === null ? [] : [html` · code <span class="mono">${code}</span>`]),
  ];
  return html`<li class="row ${colourOf(entry)}">
    <div class="at">${moment(timestamp, 'seconds')}</div>
    <div class="is">
      <p class="what">${what(frame, request, entry)}</p>
      <p class="proof">
        Log entry ${index.toLocaleString('en-US')} ·
        <a href="/console/requests/${request.id}/proof/${index}">proof</a>${more}
      </p>
    </div>
  </li>`;
}

/** What the log has of one request, entry by entry. */
export const timeLine = (frame: Frame, request: RequestDetail): Html =>
  html`<ol class="line">
    ${request.time_line.map((entry) => lineItem(frame, request, entry))}
  </ol>`;
