import { IncidentIdSchema, RequestIdSchema } from '../contracts/ids.ts';
import type { AuditEventName } from '../core/audit-events.ts';
import {
  type Channel,
  loggedPlace,
  type NoticeKind,
  type NoticeRecord,
  placeText,
  type RequestKind,
} from '../core/notices.ts';
import type { PersonRecord, RequestRecord } from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { absencesAt } from './absences.ts';
import { newId } from './ids.ts';
import { logForged } from './put-back.ts';
import { whoLooks } from './places.ts';
import { requesterIn } from './requester.ts';
import { unlessTampered } from './unless-tampered.ts';

/** A place that is told of everything that waits; without a recipient: each person who may decide. */
export interface NoticePlace {
  readonly channel: Channel;
  readonly recipient: string | null;
  /** Without a recipient: of those, who holds this role alone, or who does not. */
  readonly holding?: string | undefined;
  readonly sparing?: string | undefined;
}

interface Owed {
  readonly subject: string;
  readonly channel: Channel;
  readonly recipient: string;
  readonly kind: NoticeKind;
  readonly occasion?: string | undefined;
  /** `moot`: noted as told, and told to nobody. */
  readonly state?: 'due' | 'moot' | undefined;
}

/** False when it is owed or was told already. */
export const owe = (
  tx: StoreTransaction,
  { occasion = '', state = 'due', ...of }: Owed,
): Promise<boolean> =>
  tx.notices.insert({
    ...of,
    id: newId('ntc'),
    occasion,
    createdAt: tx.now,
    sinceAt: tx.now,
    dueAt: tx.now,
    attempts: 0,
    state,
    reference: null,
    error: null,
    prompting: null,
  });

interface Recipients {
  /** Who is asked. */
  readonly asked: readonly string[];
  /** Who is away and has named nobody: they are reminded when they are back, and others asked when they are not. */
  readonly away: readonly string[];
}

type Group = Pick<NoticePlace, 'holding' | 'sparing'>;

/** Where all of them are of the second group there is no first one, and they are asked at once. */
function groupOf(people: readonly PersonRecord[], { holding, sparing }: Group) {
  const those = people.filter(
    ({ roles }) =>
      (holding === undefined || roles.includes(holding)) &&
      (sparing === undefined || !roles.includes(sparing)),
  );
  return those.length === 0 && sparing !== undefined ? people : those;
}

/**
 * Those whom policy may let decide. The requester is told by the agent, but where nobody else may decide: then a
 * mail is what tells them that somebody asks in their name, or by the dial has approved in it.
 */
async function askable(
  tx: StoreTransaction,
  request: RequestRecord,
  group: Group,
): Promise<Recipients> {
  const { roles = [] } = request.card?.requires ?? {};
  const people = await tx.people.list();
  const requester = await requesterIn(tx, request.submission.userId, people);
  const inRole = people.filter(
    ({ revokedAt, roles: held }) =>
      revokedAt === null && (roles.length === 0 || held.some((role) => roles.includes(role))),
  );
  const others = groupOf(
    inRole.filter(({ id }) => !requester.has(id)),
    group,
  );
  const absences = await absencesAt(tx, tx.now);
  const seated = { people, requester, absences, now: tx.now };
  const looking = others.map(({ id }) => ({ id, readers: whoLooks(id, seated) }));
  const own = others.length === 0 && group.holding === undefined ? inRole.map(({ id }) => id) : [];
  return {
    asked: [...new Set([...looking.flatMap(({ readers }) => readers), ...own])],
    away: looking.filter(({ readers }) => readers.length === 0).map(({ id }) => id),
  };
}

async function recipientsOf(
  tx: StoreTransaction,
  request: RequestRecord,
  { recipient, ...group }: NoticePlace,
): Promise<Recipients> {
  if (recipient !== null) return { asked: [recipient], away: [] };
  // With a damaged roster the request waits all the same.
  return unlessTampered(askable(tx, request, group), { asked: [], away: [] });
}

export const recipientsAt = async (
  tx: StoreTransaction,
  request: RequestRecord,
  place: NoticePlace,
): Promise<readonly string[]> => (await recipientsOf(tx, request, place)).asked;

/** Ids of those to whom it is put, wherever they look; none where the roster does not open: that is another alarm. */
export const putTo = async (
  tx: StoreTransaction,
  request: RequestRecord,
): Promise<readonly string[]> => {
  const { asked } = await recipientsOf(tx, request, { channel: 'email', recipient: null });
  return asked.slice(0, NAMED_MAX);
};

/** So many are named in the entry that says who was asked; of each that is told there is an entry of its own. */
const NAMED_MAX = 100;

/**
 * Owes the first notice of a request that now waits to every configured place, in the commit that lets
 * it wait. Repeating it owes nothing twice. Returns who is asked, in the words of the log.
 */
export async function oweAsked(
  tx: StoreTransaction,
  requestId: string,
  places: readonly NoticePlace[],
): Promise<readonly string[]> {
  if (places.length === 0) return [];
  const request = await tx.requests.get(requestId);
  if (request === undefined) return [];
  const asked: string[] = [];
  for (const { channel, ...place } of places) {
    const recipients = await recipientsOf(tx, request, { channel, ...place });
    for (const recipient of recipients.asked) {
      await owe(tx, { subject: requestId, channel, recipient, kind: 'asked' });
      asked.push(placeText({ channel, recipient }));
    }
    for (const recipient of recipients.away)
      await owe(tx, { subject: requestId, channel, recipient, kind: 'asked', state: 'moot' });
  }
  return asked.slice(0, NAMED_MAX);
}

/** Of several that were told as one: how many, or with which. */
type NoticeFacts = { readonly grouped: number } | { readonly with: string };

/** As the log names what a notice is about; an incident's are part of its story. */
const subjectIn = (
  subject: string,
): { readonly requestId?: string; readonly facts?: Readonly<Record<string, string>> } => {
  if (RequestIdSchema.safeParse(subject).success) return { requestId: subject };
  if (IncidentIdSchema.safeParse(subject).success) return { facts: { incident: subject } };
  return { facts: { about: subject } };
};

export async function logNotice(
  tx: StoreTransaction,
  notice: NoticeRecord,
  event: Extract<AuditEventName, `notice.${string}`>,
  of: { readonly actor?: string; readonly error?: string; readonly more?: NoticeFacts } = {},
): Promise<void> {
  const { actor = 'gateway', error, more } = of;
  const about = subjectIn(notice.subject);
  await tx.log.append({
    event,
    ...about,
    actor,
    facts: {
      ...about.facts,
      notice: notice.id,
      channel: notice.channel,
      kind: notice.kind,
      to: loggedPlace(notice),
      attempts: notice.attempts,
      ...(error === undefined ? {} : { error }),
      ...more,
    },
  });
}

/** Has a dead notice sent again, and says who wanted it. False unless it is dead. */
export async function resendNotice(
  tx: StoreTransaction,
  { id, by }: { readonly id: string; readonly by: string },
): Promise<boolean> {
  if (!(await tx.notices.resend(id))) return false;
  const notice = await tx.notices.get(id);
  if (notice !== undefined) await logNotice(tx, notice, 'notice.resent', { actor: by });
  return true;
}

/** Of one request; one is enough to know that somebody was there. */
const FORGED_SAID_MAX = 3;

/**
 * Owes what became of it to everybody who was asked; nothing for a request nobody was asked about.
 * `occasion` tells two of a kind apart.
 */
export async function oweFurther(
  tx: StoreTransaction,
  requestId: string,
  kind: Exclude<RequestKind, 'asked'>,
  occasion?: string,
): Promise<void> {
  for (const forged of await tx.notices.forged({ subject: requestId, limit: FORGED_SAID_MAX }))
    await logForged(tx, forged);
  const all = await tx.notices.of(requestId);
  for (const { channel, recipient } of all.filter((notice) => notice.kind === 'asked'))
    await owe(tx, { subject: requestId, channel, recipient, kind, occasion });
  // A reminder that waits for its turn says what is known by now, and would hold this back.
  for (const held of all)
    if (held.kind === 'reminded' && held.state === 'due' && held.prompting?.kind === 'held')
      await tx.notices.settle(held, { state: 'moot', error: null });
}

/** As what the end of a request is told. */
export function endKind(code: string): Exclude<RequestKind, 'asked' | 'reminded'> {
  switch (code) {
    case 'approval.rejected':
      return 'decided';
    case 'approval.expired':
    case 'approval.lapsed':
      return 'expired';
    case 'approval.withdrawn':
      return 'withdrawn';
    case 'approval.changed':
      return 'changed';
    case 'approval.stale':
      return 'stale';
    default:
      return 'settled';
  }
}
