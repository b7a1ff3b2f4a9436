import { RequestIdSchema } from '../contracts/ids.ts';
import { isAlarm, type NoticeRecord } from '../core/notices.ts';
import type { ForgedNotice } from '../ports/channel-store.ts';
import type { RareEvent, Store, StoreTransaction } from '../ports/store.ts';
import { entryOf } from './logged.ts';
import { entryIn } from './observed-log.ts';

/** What a hand did to the outbox, by the log. */

/** What is written in a forged row must not keep its entry from being written. */
const FORGED_ID = /^ntc_[0-9a-z]{1,32}$/;

/** Says in the log that somebody was at the outbox. */
export async function logForged(
  tx: StoreTransaction,
  { id, subject }: ForgedNotice,
): Promise<void> {
  const isKnown = (await tx.requests.status(subject)) !== undefined;
  await tx.log.append({
    event: 'notice.tampered',
    ...(isKnown && RequestIdSchema.safeParse(subject).success ? { requestId: subject } : {}),
    actor: 'gateway',
    code: 'plan.tampered',
    facts: { notice: FORGED_ID.test(id) ? id : null },
  });
}

const PAGE = 50;
/** A clock that was set back makes entries of the past. */
const SKEW_MS = 86_400_000;

/** The newest entry of this kind about this alarm, of those since it came to be owed. */
async function lastSaid(
  { log }: Pick<Store, 'log'>,
  event: RareEvent,
  { id, sinceAt }: NoticeRecord,
): Promise<number | undefined> {
  let page: { readonly limit: number; readonly before?: number } = { limit: PAGE };
  for (;;) {
    const entries = (await log.newest(event, page)).map(entryIn);
    const own = entries.find(({ facts }) => facts['notice'] === id);
    if (own !== undefined) return own.index;
    const last = entries.at(-1);
    const isOver = last === undefined || Date.parse(last.timestamp) < sinceAt.getTime() - SKEW_MS;
    if (isOver) return undefined;
    page = { limit: PAGE, before: last.index };
  }
}

/** Of alarms there are few, and their entries have an index of their own. */
async function isPutBackAlarm(store: Pick<Store, 'log'>, notice: NoticeRecord): Promise<boolean> {
  const [resent = -1, ...told] = await Promise.all(
    (['notice.resent', 'notice.sent', 'notice.dead'] as const).map((event) =>
      lastSaid(store, event, notice),
    ),
  );
  return told.some((index) => index !== undefined && index > resent);
}

/** By the log it was sent, or given up, and nobody has asked for it again since: its row was put back by hand. */
export async function isPutBack(store: Pick<Store, 'log'>, notice: NoticeRecord): Promise<boolean> {
  if (isAlarm(notice)) return isPutBackAlarm(store, notice);
  const { records } = await store.log.trace(notice.subject);
  const last = records
    .map(({ leaf }) => entryOf(leaf))
    .findLast(({ event, facts }) => event.startsWith('notice.') && facts['notice'] === notice.id);
  return last !== undefined && last.event !== 'notice.resent';
}
