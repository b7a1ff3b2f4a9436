import { RequestIdSchema } from '../../contracts/ids.ts';
import type { TimeLineEntry } from '../../contracts/request-history.ts';
import { plainEvent } from '../../core/audit-events.ts';
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
  'approval.renewed': 'is-wait',
  'approval.granted': 'is-yes',
  'approval.rejected': 'is-stop',
  'approval.refused': 'is-stop',
  'approval.expired': 'is-stop',
  'hubspot.lost': 'is-wait',
  'hubspot.settled': 'is-yes',
  'store.tampered': 'is-stop',
};

export function colourOf({ event, facts, code }: TimeLineEntry): string {
  if (event === 'request.completed') return facts['status'] === 'succeeded' ? 'is-yes' : 'is-stop';
  return code === null ? (COLOURS[event] ?? '') : (COLOURS[event] ?? 'is-stop');
}

/** Who reads, and how those are called of whom entries tell. */
export interface Telling {
  readonly frame: Frame;
  /** Agent id -> name. */
  readonly agents: ReadonlyMap<string, string>;
}

const OTHER_ACTORS: Readonly<Record<string, string>> = {
  gateway: 'The gateway',
  operator: 'An operator',
  signal: 'A signal',
  unknown: 'Somebody unknown',
};

export function personName({ people, reader }: Frame, id: string): Html {
  return id === reader.id ? html`You` : shown(people.find((one) => one.id === id)?.name ?? id);
}

/** `person:…` and `agent:…` by name. */
export function actorName({ frame, agents }: Telling, actor: string): Html {
  const [kind, id = ''] = actor.split(':');
  if (kind === 'person') return personName(frame, id);
  if (kind === 'agent') return shown(agents.get(id) ?? id);
  return shown(OTHER_ACTORS[actor] ?? actor);
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
type Say = (actor: Html, entry: TimeLineEntry, place: Html | null) => Html;

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

function saySettled(actor: Html, { facts }: TimeLineEntry): Html {
  const what = facts['settled'] === 'executed' ? 'it was carried out' : 'it was not carried out';
  return facts['by'] === 'person'
    ? html`${actor} ended the not knowing by their own word: ${what}.`
    : html`The lost change was looked for in HubSpot: ${what}.`;
}

const sayGranted: Say = (actor, entry, place) =>
  typeof entry.facts['grant_ends_at'] === 'string'
    ? html`${actor} had allowed this ahead, until ${moment(entry.facts['grant_ends_at'])}. Nobody
      looked at this one.`
    : html`${actor}${place} approved${proofText(entry)}, for exactly this digest.`;

/** Events with a sentence of their own; the others are said as the table of events has them. */
const SENTENCES: Readonly<Partial<Record<TimeLineEntry['event'], Say>>> = {
  'request.accepted': (actor, { facts }) =>
    linkTo(facts['renewed_from'], (from) => html`${actor} had ${from} asked anew.`) ??
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
  'approval.renewed': (actor, { facts }) =>
    linkTo(
      facts['successor'],
      (successor) => html`${actor} had a new card made of it: ${successor}.`,
    ) ?? html`${actor} had a new card made of it.`,
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

/** What happened, in a sentence. */
export function entryWords(telling: Telling, entry: TimeLineEntry): Html {
  const say = SENTENCES[entry.event];
  if (say === undefined) return html`${plainEvent(entry.event)}`;
  return say(actorName(telling, entry.actor), entry, placeName(telling.frame, entry));
}

/** What HubSpot was called for and said, and why something was refused: small, behind the words. */
export function entryDetails(entry: TimeLineEntry): Html[] {
  const { hubspot_endpoint: endpoint, response_status: answer, code } = entry;
  return [
    ...(endpoint === null ? [] : [html` · <span class="mono">${shown(endpoint)}</span>`]),
    ...(answer === null ? [] : [html` · answered ${answer}`]),
    ...(code === null ? [] : [html` · code <span class="mono">${code}</span>`]),
  ];
}
