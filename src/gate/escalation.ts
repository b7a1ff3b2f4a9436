import { isTampered } from '../core/gateway-error.ts';
import { ESCALATION, placeText, reminderDueMs } from '../core/notices.ts';
import type { RequestRecord } from '../core/records.ts';
import type { Store, StoreTransaction } from '../ports/store.ts';
import { closeTampered } from './close.ts';
import { type NoticePlace, owe, recipientsAt } from './notices.ts';
import { requestEntry } from './request-entry.ts';

async function escalate(
  tx: StoreTransaction,
  request: RequestRecord,
  places: readonly NoticePlace[],
): Promise<void> {
  const { id: subject, status, expiresAt } = request;
  if (status !== 'awaiting_approval' || expiresAt === null || expiresAt <= tx.now) return;
  const asked = (await tx.notices.of(subject)).filter(({ kind }) => kind === 'asked');
  const [first] = asked;
  if (first === undefined || asked.some(({ occasion }) => occasion === ESCALATION.occasion)) return;
  const due = reminderDueMs(ESCALATION, first.createdAt.getTime(), expiresAt.getTime());
  if (due > tx.now.getTime()) return;
  const now: string[] = [];
  for (const place of places) {
    const { channel } = place;
    for (const recipient of await recipientsAt(tx, request, place)) {
      if (asked.some((one) => one.channel === channel && one.recipient === recipient)) continue;
      const { occasion } = ESCALATION;
      await owe(tx, { subject, channel, recipient, kind: 'asked', occasion });
      now.push(placeText({ channel, recipient }));
    }
  }
  if (now.length === 0) return;
  const facts = { asked: now };
  await tx.log.append({ event: 'approval.escalated', ...requestEntry(request), facts });
}

/**
 * Asks the places of the second group about a request that nobody has decided in time, once; whoever may
 * decide may still decide, wherever they are. Errors: `store.unavailable`.
 */
export async function escalateOf(
  store: Pick<Store, 'commit'>,
  requestId: string,
  places: readonly NoticePlace[],
): Promise<void> {
  await store.commit(async (tx) => {
    try {
      const request = await tx.requests.get(requestId);
      if (request !== undefined) await escalate(tx, request, places);
    } catch (error) {
      if (!isTampered(error)) throw error;
      await closeTampered(tx, requestId, error.detail);
    }
  });
}
