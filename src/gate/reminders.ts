import { isTampered } from '../core/gateway-error.ts';
import { type Reminder, REMINDERS, reminderDueMs } from '../core/notices.ts';
import type { RequestRecord } from '../core/records.ts';
import type { Store, StoreTransaction } from '../ports/store.ts';
import { absencesAt } from './absences.ts';
import { closeTampered } from './close.ts';
import { owe } from './notices.ts';
import { whoLooks } from './places.ts';
import { requesterIn } from './requester.ts';
import { unlessTampered } from './unless-tampered.ts';

/** The reminder whose time has come, of all that have come the last: what was missed is told once. */
const dueReminder = (askedAt: Date, deadline: Date, now: Date): Reminder | undefined =>
  REMINDERS.find(
    (one) => reminderDueMs(one, askedAt.getTime(), deadline.getTime()) <= now.getTime(),
  );

/**
 * Who looks into this mailbox now: whoever it is of, or while they are away whom they have named. A roster that was
 * damaged is somebody else's alarm.
 */
async function readersOf(tx: StoreTransaction, request: RequestRecord, recipient: string) {
  const look = async (): Promise<string[]> => {
    const people = await tx.people.list();
    const requester = await requesterIn(tx, request.submission.userId, people);
    const absences = await absencesAt(tx, tx.now);
    return whoLooks(recipient, { people, requester, absences, now: tx.now });
  };
  return unlessTampered(look(), [recipient]);
}

async function oweReminders(tx: StoreTransaction, request: RequestRecord): Promise<void> {
  const { id: subject, status, expiresAt } = request;
  if (status !== 'awaiting_approval' || expiresAt === null || expiresAt <= tx.now) return;
  const asked = (await tx.notices.of(subject)).filter(({ kind }) => kind === 'asked');
  for (const { channel, recipient, createdAt } of asked) {
    const due = dueReminder(createdAt, expiresAt, tx.now);
    if (due === undefined) continue;
    // Places are shared; only mail goes to somebody by name.
    const readers = channel === 'email' ? await readersOf(tx, request, recipient) : [recipient];
    const state = readers.includes(recipient) ? 'due' : 'moot';
    const { occasion } = due;
    await owe(tx, { subject, channel, recipient, kind: 'reminded', occasion, state });
    for (const other of readers) {
      const isAsked = asked.some((one) => one.channel === channel && one.recipient === other);
      if (!isAsked) await owe(tx, { subject, channel, recipient: other, kind: 'asked' });
    }
  }
}

/**
 * Owes everybody who was asked about this request the reminder whose time has come, once each, whoever
 * looks and however often; nothing about a request that no longer waits. Errors: `store.unavailable`.
 */
export async function remindOf(store: Pick<Store, 'commit'>, requestId: string): Promise<void> {
  await store.commit(async (tx) => {
    try {
      const request = await tx.requests.get(requestId);
      if (request !== undefined) await oweReminders(tx, request);
    } catch (error) {
      if (!isTampered(error)) throw error;
      await closeTampered(tx, requestId, error.detail);
    }
  });
}

/** Ids of requests of which a reminder is owed by now and was not noted yet. */
export async function toBeReminded(
  { notices }: Pick<Store, 'notices'>,
  at: Date,
  limit: number,
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const [index, { share }] of REMINDERS.entries()) {
    // Where a later one is noted, the earlier one is no longer owed.
    const occasions = REMINDERS.slice(0, index + 1).map(({ occasion }) => occasion);
    for (const id of await notices.unreminded({ share, occasions, at, limit })) ids.add(id);
  }
  return ids;
}
