import { changedTo } from '../core/changed.ts';
import type { NoticeRecord, RequestNotice } from '../core/notices.ts';
import type { PersonRecord, RequestRecord } from '../core/records.ts';
import { canGoTogether } from '../core/together.ts';
import type { GroupLine, NamedDecision, NoticeSubject, RequestTelling } from '../ports/notifier.ts';
import type { Store } from '../ports/store.ts';
import { fromStandingPlaces, isVoteFor } from './absences.ts';
import { requesterIn } from './requester.ts';
import { addressOf, type TellingDependencies, threadOf } from './telling.ts';
import { unlessTampered } from './unless-tampered.ts';

async function decisionsOf(store: Store, requestId: string, people: readonly PersonRecord[]) {
  const made = await unlessTampered(store.decisions.of(requestId), []);
  const nameOf = (person: string): string => people.find(({ id }) => id === person)?.name ?? person;
  return made.map(({ personId, inPlaceOf, decision, proof, decidedAt }): NamedDecision => ({
    name: inPlaceOf === null ? nameOf(personId) : `${nameOf(personId)} for ${nameOf(inPlaceOf)}`,
    decision,
    proof,
    at: decidedAt,
  }));
}

function changedOf(request: RequestRecord, people: readonly PersonRecord[]) {
  const changed = changedTo(request);
  if (changed === undefined) return undefined;
  const name = people.find(({ id }) => id === changed.by)?.name ?? changed.by;
  return { name, successor: changed.successor };
}

const standing = (request: RequestRecord | undefined) => ({
  code: request?.code ?? null,
  detail: request?.detail ?? null,
  card: request?.card ?? null,
});

/** A connection whose row does not open is somebody else's alarm. */
async function timeZoneOf(store: Store, { connection }: RequestRecord) {
  const known = await unlessTampered(store.connections.get(connection), undefined);
  return known?.timeZone ?? undefined;
}

/** What is told of a request, as it stands now. */
export async function requestTelling(
  { store, origin }: TellingDependencies,
  notice: RequestNotice,
): Promise<RequestTelling> {
  const { subject: requestId } = notice;
  const { rows: people } = await store.people.legible();
  const request = await unlessTampered(store.requests.get(requestId), undefined);
  const about: NoticeSubject = {
    requestId,
    ...standing(request),
    status: request?.status ?? (await store.requests.status(requestId)) ?? 'failed',
    decisions: await decisionsOf(store, requestId, people),
    changed: request && changedOf(request, people),
    timeZone: request && (await timeZoneOf(store, request)),
    link: `${origin}/console/approvals/${requestId}`,
  };
  const thread = threadOf(await promptsHere(store, notice));
  return { notice, about, thread, address: addressOf(people, notice) };
}

/** What this place was asked of this request, in order. */
const promptsHere = async (
  store: Store,
  { subject, channel, recipient }: NoticeRecord,
): Promise<readonly NoticeRecord[]> =>
  (await store.notices.of(subject)).filter(
    (one) =>
      (one.kind === 'asked' || one.kind === 'reminded') &&
      one.channel === channel &&
      one.recipient === recipient,
  );

/** It has ended, or this person has decided: whoever is asked now is asked too late. */
async function isLate(store: Store, { subject, recipient }: NoticeRecord): Promise<boolean> {
  if ((await store.requests.status(subject)) !== 'awaiting_approval') return true;
  const decisions = await unlessTampered(store.decisions.of(subject), []);
  return (await fromStandingPlaces(store, decisions)).some((one) => isVoteFor(one, recipient));
}

/** Of what was only ever told within a group, or was dropped before it was told, nobody hears how it went on. */
const wasToldAlone = ({ state, prompting }: NoticeRecord): boolean =>
  state !== 'moot' && prompting?.kind !== 'lead';

/**
 * What would say nothing: a reminder that comes late or that a later one follows, a prompt that was held back and
 * whose request has ended meanwhile, and the end of what this place was never told of by itself.
 */
export async function isMootRequest(store: Store, notice: RequestNotice): Promise<boolean> {
  const { kind, prompting, channel } = notice;
  const isHeld = prompting !== null && prompting.kind !== 'alone';
  if (kind === 'asked') return isHeld && (await isLate(store, notice));
  const prompts = await promptsHere(store, notice);
  if (kind !== 'reminded')
    return channel !== 'webhook' && prompts.length > 0 && !prompts.some(wasToldAlone);
  const isLast = prompts.findLast((other) => other.kind === kind)?.id === notice.id;
  return !isLast || isLate(store, notice);
}

/** To what may be decided together, where that is all of it; else to the queue. */
function wayTo(origin: string, requests: readonly (RequestRecord | undefined)[]): string {
  const queue = `${origin}/console`;
  const [first] = requests;
  if (first === undefined) return queue;
  const { agentId, action } = first;
  const isGroup = requests.every(
    (one) =>
      one?.card != null &&
      one.agentId === agentId &&
      one.action === action &&
      canGoTogether(one.card),
  );
  return isGroup ? `${queue}/groups/${agentId}/${action}` : queue;
}

/** Nobody decides on their own together with others: who is told for want of anybody else is led to the queue. */
async function someAskedBy(
  store: Store,
  requests: readonly (RequestRecord | undefined)[],
  personId: string,
): Promise<boolean> {
  const { rows: people } = await store.people.legible();
  for (const request of requests) {
    if (request === undefined) continue;
    const asking = requesterIn(store, request.submission.userId, people);
    if ((await unlessTampered(asking, new Set<string>())).has(personId)) return true;
  }
  return false;
}

/** How many of what wait, when several are told as one. */
export async function groupOf(
  { store, origin }: TellingDependencies,
  notice: RequestNotice,
  others: readonly NoticeRecord[],
): Promise<Pick<RequestTelling, 'group'>> {
  if (others.length === 0) return {};
  const ids = [...new Set([notice, ...others].map(({ subject }) => subject))];
  const lines = new Map<string, GroupLine>();
  const requests: (RequestRecord | undefined)[] = [];
  for (const id of ids) {
    const request = await unlessTampered(store.requests.get(id), undefined);
    requests.push(request);
    const agent = request?.card?.agent.name ?? 'an agent';
    const action = request?.action ?? 'write';
    const key = JSON.stringify([agent, action]);
    lines.set(key, { agent, action, count: (lines.get(key)?.count ?? 0) + 1 });
  }
  const isOwn = await someAskedBy(store, requests, notice.recipient);
  const link = isOwn ? `${origin}/console` : wayTo(origin, requests);
  return { group: { count: ids.length, lines: [...lines.values()], link } };
}
