import { setTimeout as sleep } from 'node:timers/promises';
import { changedTo } from './core/changed.ts';
import { errorCodeOf, GatewayError } from './core/gateway-error.ts';
import { isPrompt, NOTICE_LIMITS, type NoticeRecord, retryAfterMs } from './core/notices.ts';
import type { PersonRecord, RequestRecord } from './core/records.ts';
import { canGoTogether } from './core/together.ts';
import { fromStandingPlaces, isVoteFor } from './gate/absences.ts';
import { isPutBack, logForged, logNotice } from './gate/notices.ts';
import { type Placed, placePrompt } from './gate/prompt-budget.ts';
import type { Logger } from './ports/logger.ts';
import type {
  GroupLine,
  NamedDecision,
  Notifier,
  NoticeSubject,
  Telling,
  Told,
} from './ports/notifier.ts';
import type { Store, StoreTransaction } from './ports/store.ts';

const BATCH = 16;
const TELL_DEADLINE_MS = 30_000;

export interface CourierDependencies {
  readonly store: Store;
  readonly notifiers: readonly Notifier[];
  /** Of the console: `https://gate.acme.test`. */
  readonly origin: string;
  readonly clock: () => Date;
  readonly logger: Logger;
  readonly leaseMs?: number | undefined;
  /** How often one place is asked about ordinary writes in an hour; as often as there are by default. */
  readonly promptsPerHour?: number | undefined;
}

export interface Courier {
  /** Sends what is due. Returns how many were tried. */
  deliver(): Promise<number>;
}

/** A row that does not open has nothing that could be shown; that it ended is still told. */
async function unlessTampered<T>(reading: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'plan.tampered') return otherwise;
    throw error;
  }
}

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
  card: request?.card ?? null,
});

/** A connection whose row does not open is somebody else's alarm. */
async function timeZoneOf(store: Store, { connection }: RequestRecord) {
  const known = await unlessTampered(store.connections.get(connection), undefined);
  return known?.timeZone ?? undefined;
}

async function tellingOf(
  { store, origin }: CourierDependencies,
  notice: NoticeRecord,
): Promise<Telling> {
  const { requestId } = notice;
  const people = await unlessTampered<readonly PersonRecord[]>(store.people.list(), []);
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
  const first = (await promptsHere(store, notice)).find(({ reference }) => reference !== null);
  const person = people.find(({ id }) => id === notice.recipient);
  const address = person?.revokedAt === null ? person.email : null;
  return { notice, about, thread: first?.reference ?? null, address };
}

/** What this place was asked of this request, in order. */
const promptsHere = async (
  store: Store,
  { requestId, channel, recipient }: NoticeRecord,
): Promise<readonly NoticeRecord[]> =>
  (await store.notices.of(requestId)).filter(
    (one) =>
      (one.kind === 'asked' || one.kind === 'reminded') &&
      one.channel === channel &&
      one.recipient === recipient,
  );

/** It has ended, or this person has decided: whoever is asked now is asked too late. */
async function isLate(store: Store, { requestId, recipient }: NoticeRecord): Promise<boolean> {
  if ((await store.requests.status(requestId)) !== 'awaiting_approval') return true;
  const decisions = await unlessTampered(store.decisions.of(requestId), []);
  return (await fromStandingPlaces(store, decisions)).some((one) => isVoteFor(one, recipient));
}

/** Of what was only ever told within a group, or was dropped before it was told, nobody hears how it went on. */
const wasToldAlone = ({ state, prompting }: NoticeRecord): boolean =>
  state !== 'moot' && prompting?.kind !== 'lead';

/**
 * What would say nothing: a reminder that comes late or that a later one follows, a prompt that was held back and
 * whose request has ended meanwhile, and the end of what this place was never told of by itself.
 */
async function isMoot({ store }: CourierDependencies, notice: NoticeRecord): Promise<boolean> {
  const { kind, prompting, channel } = notice;
  const isHeld = prompting !== null && prompting.kind !== 'alone';
  if (kind === 'asked') return isHeld && (await isLate(store, notice));
  const prompts = await promptsHere(store, notice);
  if (kind !== 'reminded')
    return channel !== 'webhook' && prompts.length > 0 && !prompts.some(wasToldAlone);
  const isLast = prompts.findLast((other) => other.kind === kind)?.id === notice.id;
  return !isLast || isLate(store, notice);
}

/** A notice with those that are told within it. */
interface Prompted {
  readonly notice: NoticeRecord;
  readonly others: readonly NoticeRecord[];
}

async function settleFollower(
  tx: StoreTransaction,
  { id }: NoticeRecord,
  lead: NoticeRecord,
): Promise<void> {
  const follower = await tx.notices.get(id);
  if (follower?.prompting?.lead !== lead.id) return;
  if (await tx.notices.settle(follower, { state: 'moot', error: null }))
    await logNotice(tx, follower, 'notice.grouped', { more: { with: lead.id } });
}

/** What became of it, with its log entry; nothing when the lease had run out and another has it. */
async function record(
  tx: StoreTransaction,
  { notice, others }: Prompted,
  told: Told,
): Promise<void> {
  if (told.kind === 'sent') {
    // The message of a group is about none of them alone: nothing is changed in it later.
    const reference = others.length > 0 ? null : told.reference;
    if (!(await tx.notices.settle(notice, { state: 'sent', reference, error: null }))) return;
    const more = others.length === 0 ? {} : { more: { grouped: others.length + 1 } };
    await logNotice(tx, notice, 'notice.sent', more);
    for (const other of others) await settleFollower(tx, other, notice);
    return;
  }
  if (told.kind === 'nothing') {
    await tx.notices.settle(notice, { state: 'moot', error: null });
    return;
  }
  const error = told.error.slice(0, NOTICE_LIMITS.errorMaxChars);
  const waitMs = Math.max(
    retryAfterMs(notice.attempts),
    told.kind === 'later' ? (told.afterMs ?? 0) : 0,
  );
  const dueAt = new Date(tx.now.getTime() + waitMs);
  const isOver = dueAt.getTime() - notice.sinceAt.getTime() > NOTICE_LIMITS.triedMaxMs;
  if (told.kind === 'later' && !isOver) {
    await tx.notices.settle(notice, { dueAt, error });
    return;
  }
  if (await tx.notices.settle(notice, { state: 'dead', error }))
    await logNotice(tx, notice, 'notice.dead', { error });
}

async function setPutBackAside(tx: StoreTransaction, notice: NoticeRecord): Promise<void> {
  if (await tx.notices.settle(notice, { state: 'dead', error: 'put back by hand' }))
    await logNotice(tx, notice, 'notice.tampered');
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

/** How many of what wait, when several are told as one. */
async function groupOf(
  { store, origin }: CourierDependencies,
  notice: NoticeRecord,
  others: readonly NoticeRecord[],
): Promise<Pick<Telling, 'group'>> {
  if (others.length === 0) return {};
  const ids = [...new Set([notice, ...others].map(({ requestId }) => requestId))];
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
  const link = wayTo(origin, requests);
  return { group: { count: ids.length, lines: [...lines.values()], link } };
}

/** A notifier that hangs or throws costs this notice a try, and holds up nobody else's for long. */
async function tell(deps: CourierDependencies, { notice, others }: Prompted): Promise<Told> {
  const notifier = deps.notifiers.find(({ channel }) => channel === notice.channel);
  if (notifier === undefined) return { kind: 'later', error: 'the channel is not configured' };
  const deadline = new AbortController();
  try {
    return await Promise.race([
      notifier.tell({
        ...(await tellingOf(deps, notice)),
        ...(await groupOf(deps, notice, others)),
      }),
      sleep(TELL_DEADLINE_MS, undefined, { signal: deadline.signal }).then((): Told => ({
        kind: 'later',
        error: 'no answer in time',
      })),
    ]);
  } catch (error) {
    deps.logger.warn('a notice could not be sent', { notice: notice.id, error });
    const { name } = error instanceof Error ? error : { name: 'unknown' };
    return { kind: 'later', error: `unexpected: ${name}` };
  } finally {
    deadline.abort();
  }
}

/**
 * Sends what is owed, at least once: a notice is taken with a lease, sent, and recorded as sent; who dies
 * in between leaves it to be taken again when the lease has run out. Nothing waits for it.
 * Throws `store.unavailable`.
 */
export function createCourier(deps: CourierDependencies): Courier {
  const { store, notifiers, logger, leaseMs = NOTICE_LIMITS.leaseMs } = deps;

  async function takeDue(): Promise<readonly NoticeRecord[]> {
    return store.commit(async (tx) => {
      for (const forged of await tx.notices.setAside(BATCH)) await logForged(tx, forged);
      return tx.notices.take({ leaseMs, limit: BATCH });
    });
  }

  async function place(notice: NoticeRecord): Promise<Placed> {
    const { promptsPerHour: perHour } = deps;
    if (perHour === undefined || !isPrompt(notice)) return { kind: 'send' };
    return store.commit((tx) => placePrompt(tx, notice, { perHour, leaseMs }));
  }

  /** Undefined where nothing is told of it now. */
  async function prepare(notice: NoticeRecord): Promise<Prompted | undefined> {
    if (await isPutBack(store, notice)) {
      logger.warn('a notice was put back by hand', { notice: notice.id });
      await store.commit((tx) => setPutBackAside(tx, notice));
      return undefined;
    }
    if (await isMoot(deps, notice)) {
      await store.commit((tx) => tx.notices.settle(notice, { state: 'moot', error: null }));
      return undefined;
    }
    const placed = await place(notice);
    if (placed.kind === 'later') return undefined;
    return { notice, others: placed.kind === 'send_with' ? placed.others : [] };
  }

  async function deliverOne(prompted: Prompted): Promise<void> {
    const told = await tell(deps, prompted);
    const { id } = prompted.notice;
    if (told.kind === 'refused')
      logger.warn('a notice was refused for good', { notice: id, error: told.error });
    await store.commit((tx) => record(tx, prompted, told));
  }

  return {
    deliver: async () => {
      if (notifiers.length === 0) return 0;
      const taken = await takeDue();
      const ready: Prompted[] = [];
      // One after the other, so that the oldest gets the slot; what is told is told side by side.
      for (const notice of taken) {
        const prompted = await prepare(notice).catch((error: unknown) => {
          // One that is in the way of nobody else: its lease runs out, and it comes up again.
          if (errorCodeOf(error) === 'store.unavailable') throw error;
          logger.warn('a notice could not be prepared', { notice: notice.id, error });
          return undefined;
        });
        if (prompted !== undefined) ready.push(prompted);
      }
      await Promise.all(ready.map(deliverOne));
      return taken.length;
    },
  };
}
