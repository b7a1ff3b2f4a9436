import { isTampered } from '../core/gateway-error.ts';
import type { RequestRecord } from '../core/records.ts';
import { hasSteps } from '../core/steps.ts';
import type { Store, StoreReads, StoreTransaction } from '../ports/store.ts';
import { assertUntouched } from './untouched.ts';
import { closeRequest, closeTampered } from './close.ts';
import { readLogged } from './logged.ts';

export interface ExpiryRules {
  /** How long an approval counts after the deadline it was given under, ms. */
  readonly approvalValidMs: number;
}

/** When a request that nothing is under way of ends by itself. Undefined: by its own step, and soon. */
function deadlineOf(
  { status, expiresAt }: RequestRecord,
  { approvalValidMs }: ExpiryRules,
): number | undefined {
  if (expiresAt === null) return undefined;
  if (status === 'planned' || status === 'awaiting_approval') return expiresAt.getTime();
  const isGranted = status === 'approved' || status === 'executing';
  return isGranted ? expiresAt.getTime() + approvalValidMs : undefined;
}

/** Of several steps, that the log knows the last one begun to be done: the next one waits. */
export async function isBetweenSteps(
  tx: Pick<StoreReads, 'log'>,
  { id, status, plan }: Pick<RequestRecord, 'id' | 'status' | 'plan'>,
): Promise<boolean> {
  if (status !== 'executing' || !hasSteps(plan)) return false;
  const { begunStep, doneStep, end } = await readLogged(tx, id);
  return end === undefined && doneStep > 0 && begunStep === doneStep;
}

/** Its next step waits longer than the approval counts: it ends with an account of what was done. */
async function lapseBetweenSteps(tx: StoreTransaction, request: RequestRecord): Promise<void> {
  if (!(await isBetweenSteps(tx, request))) return;
  await assertUntouched(tx, request);
  const facts = request.code === null ? {} : { waited_for: request.code };
  const cause = { event: 'request.completed', actor: 'gateway', facts } as const;
  await closeRequest(tx, request, { status: 'failed', code: 'approval.lapsed' }, cause);
}

/**
 * Ends a request whose time is over and of which nothing is under way; does nothing to any other. What
 * waits ends undecided, an approval that was not used ends unused, and one of which some steps were
 * executed ends there. Errors: `store.unavailable`.
 */
export async function expireRequest(
  store: Pick<Store, 'log' | 'commit'>,
  requestId: string,
  rules: ExpiryRules,
): Promise<void> {
  // What the unit asks of the log is looked up here, where nobody waits for it.
  await store.log.trace(requestId);
  await store.commit((tx) => expireDue(tx, requestId, rules));
}

async function expireDue(
  tx: StoreTransaction,
  requestId: string,
  rules: ExpiryRules,
): Promise<void> {
  try {
    const request = await tx.requests.get(requestId);
    if (request === undefined) return;
    const deadline = deadlineOf(request, rules);
    if (deadline === undefined || deadline > tx.now.getTime()) return;
    if (request.status === 'executing') {
      await lapseBetweenSteps(tx, request);
      return;
    }
    // Nor may a deadline that somebody moved end what people still decide on.
    await assertUntouched(tx, request);
    const code = request.status === 'approved' ? 'approval.lapsed' : 'approval.expired';
    const { code: waitedFor } = request;
    const detail = waitedFor === null ? undefined : `it waited for ${waitedFor}`;
    const facts = waitedFor === null ? {} : { waited_for: waitedFor };
    const cause = { event: 'approval.expired', actor: 'gateway', facts } as const;
    await closeRequest(tx, request, { status: 'expired', code, detail }, cause);
  } catch (error) {
    if (!isTampered(error)) throw error;
    await closeTampered(tx, requestId, error.detail);
  }
}
