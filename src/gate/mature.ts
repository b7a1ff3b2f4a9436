import { errorCodeOf, isTampered } from '../core/gateway-error.ts';
import type { RequestRecord } from '../core/records.ts';
import type { Store, StoreTransaction } from '../ports/store.ts';
import { satisfied } from '../policy/requirement.ts';
import { openBallot } from './ballot.ts';
import { closeTampered } from './close.ts';
import { requestEntry } from './request-entry.ts';
import type { OwnRules } from './self-approval.ts';
import { unlessTampered } from './unless-tampered.ts';

async function matureDue(
  tx: StoreTransaction,
  request: RequestRecord,
  rules: OwnRules,
): Promise<number | undefined> {
  const { query, counted } = await openBallot(tx, request.id, rules);
  const { own, approvers, ownCounts } = counted;
  if (own === undefined) {
    // It counts no more: the dial is off, or somebody else can decide now. Nothing is due at a time.
    await tx.requests.setWake(request.id, null);
    return undefined;
  }
  const waitsMs = own.countsFrom.getTime() - tx.now.getTime();
  if (waitsMs > 0) return waitsMs;
  if (!satisfied(rules.policy, { ...query, approvers, ownCounts })) {
    await tx.requests.setWake(request.id, null);
    return undefined;
  }
  await tx.requests.update(request.id, { status: 'approved' });
  await tx.requests.setWake(request.id, tx.now);
  await tx.log.append({ event: 'approval.matured', ...requestEntry(request) });
  return undefined;
}

/** Decisions that do not open are looked at in the commit, which ends what was tampered with. */
const isDecidedOn = ({ decisions }: Pick<Store, 'decisions'>, id: string): Promise<boolean> =>
  unlessTampered(
    decisions.of(id).then(({ length }) => length > 0),
    true,
  );

/**
 * Lets an approval of one's own count whose delay is over, after everything was checked again. Returns how long one
 * waits that is not due yet, ms; undefined when none does. Errors: `store.unavailable`.
 */
export async function matureOwn(
  store: Pick<Store, 'commit' | 'decisions'>,
  request: RequestRecord | undefined,
  rules: OwnRules,
): Promise<number | undefined> {
  if (request?.status !== 'awaiting_approval') return undefined;
  // With the dial off, too: what was to be woken for an approval that counts no more is not woken for ever.
  if (!(await isDecidedOn(store, request.id))) return undefined;
  return store.commit(async (tx) => {
    try {
      const now = await tx.requests.get(request.id);
      const isOver = now?.expiresAt != null && now.expiresAt <= tx.now;
      if (now?.status !== 'awaiting_approval' || isOver) return undefined;
      if ((await tx.decisions.of(now.id)).length === 0) return undefined;
      return await matureDue(tx, now, rules);
    } catch (error) {
      // The log has lost an order: nobody's means can be told to stand, and it is looked at again at the next wake.
      if (errorCodeOf(error) === 'freeze.active') return undefined;
      if (!isTampered(error)) throw error;
      await closeTampered(tx, request.id, error.detail);
      return undefined;
    }
  });
}
