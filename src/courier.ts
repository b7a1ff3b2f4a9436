import { setTimeout as sleep } from 'node:timers/promises';
import { changedTo } from './core/changed.ts';
import { GatewayError } from './core/gateway-error.ts';
import { NOTICE_LIMITS, type NoticeRecord, retryAfterMs } from './core/notices.ts';
import type { PersonRecord, RequestRecord } from './core/records.ts';
import { isPutBack, logForged, logNotice } from './gate/notices.ts';
import type { Logger } from './ports/logger.ts';
import type { NamedDecision, Notifier, NoticeSubject, Telling, Told } from './ports/notifier.ts';
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
    link: `${origin}/console/approvals/${requestId}`,
  };
  const first = (await store.notices.of(requestId)).find(
    ({ kind, channel, recipient }) =>
      kind === 'asked' && channel === notice.channel && recipient === notice.recipient,
  );
  const person = people.find(({ id }) => id === notice.recipient);
  const address = person?.revokedAt === null ? person.email : null;
  return { notice, about, thread: first?.reference ?? null, address };
}

/** A reminder that comes late says nothing: it has ended, a later reminder follows, or this person has decided. */
async function isMoot({ store }: CourierDependencies, notice: NoticeRecord): Promise<boolean> {
  const { requestId, kind, channel, recipient } = notice;
  if (kind !== 'reminded') return false;
  if ((await store.requests.status(requestId)) !== 'awaiting_approval') return true;
  const here = (await store.notices.of(requestId)).filter(
    (other) => other.channel === channel && other.recipient === recipient,
  );
  const isLast = here.findLast((other) => other.kind === kind)?.id === notice.id;
  const decisions = await unlessTampered(store.decisions.of(requestId), []);
  return !isLast || decisions.some((one) => [one.personId, one.inPlaceOf].includes(recipient));
}

/** What became of it, with its log entry; nothing when the lease had run out and another has it. */
async function record(tx: StoreTransaction, notice: NoticeRecord, told: Told): Promise<void> {
  if (told.kind === 'sent') {
    const change = { state: 'sent', reference: told.reference, error: null } as const;
    if (await tx.notices.settle(notice, change)) await logNotice(tx, notice, 'notice.sent');
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

/** A notifier that hangs or throws costs this notice a try, and holds up nobody else's for long. */
async function tell(deps: CourierDependencies, notice: NoticeRecord): Promise<Told> {
  const notifier = deps.notifiers.find(({ channel }) => channel === notice.channel);
  if (notifier === undefined) return { kind: 'later', error: 'the channel is not configured' };
  const deadline = new AbortController();
  try {
    return await Promise.race([
      notifier.tell(await tellingOf(deps, notice)),
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

  async function deliverOne(notice: NoticeRecord): Promise<void> {
    if (await isPutBack(store, notice)) {
      logger.warn('a notice was put back by hand', { notice: notice.id });
      await store.commit((tx) => setPutBackAside(tx, notice));
      return;
    }
    if (await isMoot(deps, notice)) {
      await store.commit((tx) => tx.notices.settle(notice, { state: 'moot', error: null }));
      return;
    }
    const told = await tell(deps, notice);
    if (told.kind === 'refused')
      logger.warn('a notice was refused for good', { notice: notice.id, error: told.error });
    await store.commit((tx) => record(tx, notice, told));
  }

  return {
    deliver: async () => {
      if (notifiers.length === 0) return 0;
      const taken = await takeDue();
      await Promise.all(taken.map(deliverOne));
      return taken.length;
    },
  };
}
