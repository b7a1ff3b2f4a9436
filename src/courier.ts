import { setTimeout as sleep } from 'node:timers/promises';
import { errorCodeOf } from './core/gateway-error.ts';
import {
  type Cargo,
  type Channel,
  isAlarm,
  isPrompt,
  NOTICE_LIMITS,
  type NoticeRecord,
  retryAfterMs,
} from './core/notices.ts';
import { alarmTelling, isMootAlarm } from './gate/alarm-telling.ts';
import { logNotice } from './gate/notices.ts';
import { isPutBack, logForged } from './gate/put-back.ts';
import { type Placed, placePrompt } from './gate/prompt-budget.ts';
import { groupOf, isMootRequest, requestTelling } from './gate/request-telling.ts';
import type { Logger } from './ports/logger.ts';
import type { Notifier, Telling, Told } from './ports/notifier.ts';
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
  /** What this one carries; another one carries the rest. */
  readonly cargo: Cargo;
  /** Where to, if not everywhere. */
  readonly channels?: readonly Channel[] | undefined;
  readonly leaseMs?: number | undefined;
  /** How often one place is asked about ordinary writes in an hour; as often as there are by default. */
  readonly promptsPerHour?: number | undefined;
}

export interface Courier {
  /** Sends what is due. Returns how many were tried. */
  deliver(): Promise<number>;
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

const isMoot = ({ store }: CourierDependencies, notice: NoticeRecord): Promise<boolean> =>
  isAlarm(notice) ? isMootAlarm(store, notice) : isMootRequest(store, notice);

async function tellingOf(
  deps: CourierDependencies,
  { notice, others }: Prompted,
): Promise<Telling> {
  if (isAlarm(notice)) return alarmTelling(deps, notice);
  return { ...(await requestTelling(deps, notice)), ...(await groupOf(deps, notice, others)) };
}

/** A notifier that hangs or throws costs this notice a try, and holds up nobody else's for long. */
async function tell(deps: CourierDependencies, prompted: Prompted): Promise<Told> {
  const { notice } = prompted;
  const notifier = deps.notifiers.find(({ channel }) => channel === notice.channel);
  if (notifier === undefined) return { kind: 'later', error: 'the channel is not configured' };
  const deadline = new AbortController();
  try {
    return await Promise.race([
      notifier.tell(await tellingOf(deps, prompted)),
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
  const { store, notifiers, logger, cargo, channels, leaseMs = NOTICE_LIMITS.leaseMs } = deps;

  async function takeDue(): Promise<readonly NoticeRecord[]> {
    return store.commit(async (tx) => {
      for (const forged of await tx.notices.setAside({ cargo, limit: BATCH }))
        await logForged(tx, forged);
      return tx.notices.take({ cargo, channels, leaseMs, limit: BATCH });
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
