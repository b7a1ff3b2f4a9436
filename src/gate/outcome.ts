import { findAction } from '../actions/catalogue.ts';
import type { PresentRecord } from '../actions/define-action.ts';
import { writtenRecord, writtenValues } from '../actions/written-record.ts';
import type { Plan } from '../contracts/plan.ts';
import type { ErrorCode } from '../core/errors.ts';
import type { RequestRecord } from '../core/records.ts';
import { hasBegun } from '../core/request-state.ts';
import { executedSteps, resultWith } from '../core/steps.ts';
import type { CrmAnswer } from '../ports/crm.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { closeRequest, recordSuccess } from './close.ts';
import { readLogged } from './logged.ts';
import { oweFurther } from './notices.ts';

/** What became of an attempt. */
export type Outcome =
  | { readonly kind: 'ended' }
  /** A step was executed and the next one is due. */
  | { readonly kind: 'more' }
  | { readonly kind: 'unknown' };

/** 2xx whose body is not the record we asked for: the write may have happened, so it is lost, not failed. */
export function readable(plan: Plan, answer: CrmAnswer): CrmAnswer {
  if (answer.kind !== 'answered') return answer;
  try {
    writtenRecord(plan, answer.json);
    findAction(plan.action)?.toResult(plan, [answer.json]);
    return answer;
  } catch {
    return { kind: 'lost', code: 'hubspot.bad_answer', status: answer.status };
  }
}

/** One step of a write on its way, with its own plan and the records right before it. */
export interface Attempt {
  readonly request: RequestRecord;
  readonly step: number;
  readonly plan: Plan;
  readonly present: readonly PresentRecord[];
  readonly isResend: boolean;
  /** When it was begun; absent of what was found or settled by hand. */
  readonly begunAt?: Date;
}

/** What the write changed, for revert and the radar. */
async function recordLedger(tx: StoreTransaction, of: Attempt, json: unknown): Promise<void> {
  const [operation] = of.plan.operations;
  if (operation === undefined) return;
  const { id } = writtenRecord(of.plan, json);
  const after = writtenValues(of.plan);
  const was = of.present.find(
    ({ object_type, id: known }) => object_type === operation.object_type && known === id,
  );
  const before = Object.fromEntries(
    Object.keys(after).map((property) => [property, was?.properties[property] ?? null]),
  );
  await tx.ledger.insert({
    requestId: of.request.id,
    objectType: operation.object_type,
    objectId: id,
    before,
    after,
    executedAt: tx.now,
  });
}

/** The good end of a step: the request's own when it was the last one. */
async function recordExecuted(
  tx: StoreTransaction,
  now: RequestRecord,
  of: Attempt,
  json: unknown,
): Promise<Outcome> {
  await recordLedger(tx, of, json);
  const { action } = of.plan;
  const result = resultWith(now, action, findAction(action)?.toResult(of.plan, [json]));
  if (now.plan !== null && of.step < now.plan.operations.length) {
    await tx.requests.update(now.id, { status: 'executing', result });
    return { kind: 'more' };
  }
  await recordSuccess(tx, now, result);
  await oweFurther(tx, now.id, 'settled');
  return { kind: 'ended' };
}

/** What HubSpot says as well of a second attempt when the first one arrived after all. */
const FIRST_MAY_HAVE_ARRIVED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'record.conflict',
  'record.not_found',
  'record.invalid',
]);

/**
 * Whether a definite refusal says what became of the step. After a lost attempt it may mean that the
 * first one arrived after all: 409 above all. And an answer that comes when the step was sent again
 * speaks of the first attempt alone.
 */
async function isFinal(tx: StoreTransaction, of: Attempt, code: ErrorCode): Promise<boolean> {
  if (of.isResend && FIRST_MAY_HAVE_ARRIVED.has(code)) return false;
  if (of.begunAt === undefined) return true;
  const { begunAt } = await readLogged(tx, of.request.id);
  return begunAt?.getTime() === of.begunAt.getTime();
}

/** The outcome of a step's call: executed with its ledger entry, a definite refusal, or unknown. */
export async function recordOutcome(
  tx: StoreTransaction,
  of: Attempt,
  answer: CrmAnswer,
): Promise<Outcome> {
  const { request } = of;
  const now = await tx.requests.get(request.id);
  if (now === undefined || !hasBegun(now.status)) return { kind: 'ended' };
  // It was settled meanwhile, and the next step is under way: this answer comes too late to count.
  if (executedSteps(now) !== of.step - 1) return { kind: 'unknown' };
  if (answer.kind === 'answered') return recordExecuted(tx, now, of, answer.json);
  if (answer.kind === 'refused' && (await isFinal(tx, of, answer.code))) {
    const ending = { status: 'failed', code: answer.code, detail: answer.detail } as const;
    await closeRequest(tx, now, ending, { event: 'request.completed', actor: 'gateway' });
    return { kind: 'ended' };
  }
  if (now.status === 'executing')
    await tx.requests.update(request.id, { status: 'outcome_unknown' });
  return { kind: 'unknown' };
}
