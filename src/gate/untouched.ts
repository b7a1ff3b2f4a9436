import type { Plan } from '../contracts/plan.ts';
import { GatewayError, isTampered } from '../core/gateway-error.ts';
import type { DecisionRecord, RequestRecord } from '../core/records.ts';
import { hasBegun, isTerminal } from '../core/request-state.ts';
import { executedSteps } from '../core/steps.ts';
import type { StoreReads } from '../ports/store.ts';
import { assertAsLogged } from './as-logged.ts';
import { planDigest } from './digest.ts';
import { type Logged, readLogged } from './logged.ts';

const tampered = (detail: string) => new GatewayError('plan.tampered', { detail });

/** A plan that was put in by hand may not even be Unicode text. */
function digestOf({ id: requestId, agentId, connection }: RequestRecord, plan: Plan): string {
  try {
    return planDigest({ requestId, agentId, connection, plan });
  } catch (cause) {
    throw new GatewayError('plan.tampered', { detail: 'the request holds no plan', cause });
  }
}

/** Law 2: stored plan, its digest, the log and every decision must all name the same bytes. */
export function assertOneDigest(
  request: RequestRecord,
  logged: Pick<Logged, 'digest'>,
  decisions: readonly DecisionRecord[],
): string {
  if (request.plan === null) throw tampered('the plan is missing');
  const digest = digestOf(request, request.plan);
  const claims = [
    ['request', request.digest],
    ['log', logged.digest],
    ['card', request.card?.digest ?? digest],
    ...decisions.map(
      ({ personId, digest: decided }) => [`decision of ${personId}`, decided] as const,
    ),
  ] as const;
  const liar = claims.find(([, claim]) => claim !== digest);
  if (liar !== undefined) throw tampered(`the ${liar[0]} names another digest`);
  return digest;
}

/** A request that is as its log says, with what was read to see that. */
export interface Untouched {
  readonly digest: string;
  readonly logged: Logged;
  readonly decisions: readonly DecisionRecord[];
}

/**
 * The whole request, its decisions too, and that it has not begun where its row says so, against its log. Throws
 * `plan.tampered` with the place.
 */
export async function assertUntouched(
  tx: Pick<StoreReads, 'log' | 'decisions'>,
  request: RequestRecord,
): Promise<Untouched> {
  const logged = await readLogged(tx, request.id);
  const decisions = await tx.decisions.of(request.id);
  const digest = assertOneDigest(request, logged, decisions);
  assertAsLogged(request, logged, decisions);
  if (!isTerminal(request.status)) assertStandsAsLogged(request, logged);
  return { digest, logged, decisions };
}

/** The place where the request is not as its log says; undefined where it is. */
export async function placeTouched(
  tx: Pick<StoreReads, 'log' | 'decisions'>,
  request: RequestRecord,
): Promise<string | undefined> {
  try {
    await assertUntouched(tx, request);
    return undefined;
  } catch (error) {
    if (!isTampered(error)) throw error;
    return error.detail ?? 'the row';
  }
}

/** A row put back by hand to where it once stood must not make a write look undone, or a decision unmade. */
function assertStandsAsLogged(request: RequestRecord, logged: Logged): void {
  const { begunAt, end, isApproved } = logged;
  if (end !== undefined) throw tampered(`the log says that it ended as ${end.status}`);
  if (!hasBegun(request.status)) {
    if (begunAt !== undefined) throw tampered('the log says that it was begun before');
    if (isApproved && request.status !== 'approved')
      throw tampered('the log says that it was approved');
  }
  assertStepsAsLogged(request, logged);
  assertSeenKept(request);
}

/** Without the account of what its steps have done, that would look undone. Throws `plan.tampered`. */
export function assertStepsAsLogged(
  request: RequestRecord,
  { doneStep }: Pick<Logged, 'doneStep'>,
): void {
  const executed = executedSteps(request);
  if (executed !== doneStep)
    throw tampered(`the log says that ${doneStep} steps were executed, the row says ${executed}`);
}

/** Without the records as they were before its begin a write could not be taken back. Throws `plan.tampered`. */
export function assertSeenKept({ status, seen }: RequestRecord): void {
  if (hasBegun(status) && seen === null)
    throw tampered('how the records were before it was begun is missing');
}
