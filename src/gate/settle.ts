import { associationAnswer } from '../actions/association.ts';
import { type CrmRecord, sentProperties } from '../actions/hubspot-shapes.ts';
import type { SettlementBody } from '../contracts/settlement.ts';
import type { Plan } from '../contracts/plan.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { PersonRecord, RequestRecord } from '../core/records.ts';
import { stepFact, stepPlan } from '../core/steps.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { closeRequest } from './close.ts';
import { readLogged } from './logged.ts';
import { recordOutcome } from './outcome.ts';
import { requestEntry } from './request-entry.ts';
import type { QuietWatch } from './quiet-watch.ts';
import { requesterIn } from './requester.ts';
import { assertOneDigest, assertSeenKept, assertStepsAsLogged } from './untouched.ts';

/** What a person found in HubSpot about a write whose answer was lost. */
export interface HandSettlement extends SettlementBody {
  readonly requestId: string;
  readonly person: PersonRecord;
}

/** HubSpot may still be at it until then; by the clock that a resend waits for, too (`quiet-watch.ts`). */
export interface QuietTime extends Pick<QuietWatch, 'knownForMs'> {
  readonly quietMs: number;
}

interface Lost {
  readonly request: RequestRecord;
  readonly step: number;
  readonly plan: Plan;
}

/** The write that nobody knows about. Nobody settles a request of their own: "not executed" invites it once more. */
async function openLost(
  tx: StoreTransaction,
  { requestId, person }: HandSettlement,
  { quietMs, knownForMs }: QuietTime,
): Promise<Lost> {
  const request = await tx.requests.get(requestId);
  if (request === undefined || request.risk === 'read')
    throw new GatewayError('approval.not_found');
  const requester = await requesterIn(tx, request.submission.userId, await tx.people.list());
  if (requester.has(person.id)) throw new GatewayError('approval.own_request');
  if (request.status !== 'outcome_unknown')
    throw new GatewayError('outcome.not_open', { detail: `the request is ${request.status}` });
  const { begunEntry, begunStep, doneStep, end, digest } = await readLogged(tx, requestId);
  assertOneDigest(request, { digest }, []);
  assertStepsAsLogged(request, { doneStep });
  const plan = request.plan === null ? undefined : stepPlan(request.plan, begunStep);
  if (plan === undefined || begunEntry === undefined || begunStep === doneStep || end !== undefined)
    throw new GatewayError('outcome.not_open');
  const waitMs = quietMs - knownForMs(begunEntry);
  if (waitMs > 0)
    throw new GatewayError('outcome.too_early', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  return { request, step: begunStep, plan };
}

/**
 * HubSpot's answer as it would have been. The records of an update and of an association are named by
 * the plan itself; what is created only HubSpot knows.
 */
function answerOf(plan: Plan, given: string | undefined): CrmRecord {
  const witness = plan.steps[0]?.witness;
  if (witness?.kind === 'linked') return associationAnswer(witness.from, witness.to);
  const id = witness?.kind === 'read_back' ? witness.id : given;
  if (id !== undefined) return { id, properties: sentProperties(plan) };
  throw new GatewayError('outcome.record_needed', { detail: plan.operations[0]?.object_type });
}

/**
 * Ends the not knowing by a person's word, where reading HubSpot cannot (the record is gone, somebody
 * has changed it since): executed, with its place in the ledger, or not. Both with the name and the
 * reason in the log. Throws `outcome.not_open`, `outcome.too_early`, `outcome.record_needed`,
 * `approval.own_request`, `approval.not_found`.
 */
export async function settleByHand(
  tx: StoreTransaction,
  of: HandSettlement,
  quiet: QuietTime,
): Promise<void> {
  const { request, step, plan } = await openLost(tx, of, quiet);
  const actor = `person:${of.person.id}`;
  if (of.outcome === 'executed') assertSeenKept(request);
  const json = of.outcome === 'executed' ? answerOf(plan, of.record_id) : undefined;
  await tx.log.append({
    event: 'hubspot.settled',
    ...requestEntry(request, actor),
    facts: {
      settled: of.outcome,
      by: 'person',
      ...(json === undefined ? {} : { object_id: json.id }),
      ...stepFact(request.plan, step),
    },
    personal: { reason: of.reason },
  });
  if (json === undefined) {
    const ending = { status: 'failed', code: 'outcome.not_executed', detail: of.reason } as const;
    await closeRequest(tx, request, ending, { event: 'request.completed', actor });
    return;
  }
  const attempt = { request, step, plan, present: request.seen ?? [], isResend: false };
  await recordOutcome(tx, attempt, { kind: 'answered', status: 200, json });
}
