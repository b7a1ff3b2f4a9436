import type { CrmRecord } from '../actions/hubspot-shapes.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { RequestRecord } from '../core/records.ts';
import { hasBegun, isTerminal } from '../core/request-state.ts';
import { executedSteps, stepFact, stepPlan } from '../core/steps.ts';
import { assertSameAccount } from '../gate/callable.ts';
import { markUnknown } from '../gate/close.ts';
import { failureOf } from '../gate/guarded-call.ts';
import { type CallFor, callFor, guardedReads } from '../gate/request-calls.ts';
import { beginsOf, isStepOpen, readLogged } from '../gate/logged.ts';
import { type Outcome, recordOutcome } from '../gate/outcome.ts';
import { requestEntry } from '../gate/request-entry.ts';
import { assertOneDigest, assertSeenKept, assertStepsAsLogged } from '../gate/untouched.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { CredentialLease } from './fetch-secret.ts';
import { type Look, sight } from './sightings.ts';

/** What reading HubSpot says of a write whose answer was lost. */
export type Settlement =
  /** It has ended: the record says how. */
  | { readonly kind: 'ended' }
  /** Nothing is open: it was never begun, or its next step is due. */
  | { readonly kind: 'not_begun' }
  /** HubSpot does not have it (yet); `sinceMs`: for how long this process has known that it is lost. */
  | { readonly kind: 'absent'; readonly sinceMs: number }
  /** Something else stands there, or not all of it can be read: look again later. */
  | { readonly kind: 'unclear' }
  /** Nothing was read, which says nothing: HubSpot is not reached, or there is no credential. */
  | { readonly kind: 'unread' };

type Stored = Pick<ActivityDependencies, 'store'>;

async function sayUnknown({ store }: Stored, requestId: string): Promise<void> {
  await store.commit(async (tx) => {
    const now = await tx.requests.get(requestId);
    if (now !== undefined) await markUnknown(tx, now, 'worker lost');
  });
}

/** Nothing is unknown between two steps. */
async function goOn({ store }: Stored, { id }: RequestRecord): Promise<void> {
  await store.commit(async (tx) => {
    const now = await tx.requests.get(id);
    if (now?.status === 'outcome_unknown') await tx.requests.update(id, { status: 'executing' });
  });
}

async function noteAbsence(
  { store }: Stored,
  request: RequestRecord,
  look: { readonly begunEntry: number; readonly at: Date; readonly quietMs: number },
): Promise<void> {
  await store.commit(async (tx) => {
    // What is not in another account says nothing; the account may have changed during the look.
    await assertSameAccount(tx, request);
    await tx.log.append({
      event: 'hubspot.absent',
      ...requestEntry(request),
      facts: { begun: look.begunEntry, looked_at: look.at.toISOString(), quiet_ms: look.quietMs },
    });
  });
}

/** Once is enough, and for hours it may be said every few minutes: where no look counts there is nothing to take back. */
async function noteUnclear({ store }: Stored, request: RequestRecord): Promise<void> {
  await store.commit(async (tx) => {
    const { absences } = await readLogged(tx, request.id);
    if (absences.length === 0) return;
    await tx.log.append({ event: 'hubspot.unclear', ...requestEntry(request), facts: {} });
  });
}

async function settleFound(
  { store }: Stored,
  request: RequestRecord,
  step: number,
  record: CrmRecord,
): Promise<Outcome> {
  return store.commit(async (tx) => {
    const now = await tx.requests.get(request.id);
    if (now === undefined || !hasBegun(now.status)) return { kind: 'ended' };
    // Another look was faster: what became of this step is on record, and the next one is due.
    if (executedSteps(now) !== step - 1) return { kind: 'more' };
    await tx.log.append({
      event: 'hubspot.settled',
      ...requestEntry(request),
      facts: { settled: 'executed', object_id: record.id, ...stepFact(request.plan, step) },
    });
    const plan = request.plan === null ? undefined : stepPlan(request.plan, step);
    if (plan === undefined) throw new GatewayError('plan.tampered');
    const attempt = { request, step, plan, present: request.seen ?? [], isResend: false };
    return recordOutcome(tx, attempt, { kind: 'answered', status: 200, json: record });
  });
}

/**
 * Step 5: settles a write whose answer was lost by strongly consistent reads, never by search (its
 * index lags by up to half a minute) and never by sending again. Without a credential nothing is read
 * and the write is said to be unknown. Safe to run any number of times. Errors: `plan.tampered`, any of
 * HubSpot's that leaves the look without an answer, `freeze.active`, `credential.missing`, `credential.unchecked`, `connection.portal_changed`, `secret.unavailable`, `store.unavailable`.
 */
export function createReconcileWrite(deps: ActivityDependencies) {
  const lookerFor =
    (of: CallFor): Look =>
    async (operation) => {
      const { answers, entries } = await guardedReads(deps, of, [operation]);
      await deps.store.commit(async (tx) => {
        for (const entry of entries) await tx.log.append(entry);
      });
      const [answer] = answers;
      if (answer === undefined) throw new GatewayError('internal.unexpected');
      // No answer is not one that something else stands there: the looks before it keep their worth.
      if (answer.kind === 'lost' || answer.kind === 'unsent') throw failureOf(answer);
      return answer;
    };

  async function lookFor(
    request: RequestRecord,
    { begunEntry, step }: OpenStep,
    credential: CredentialLease,
  ): Promise<Settlement> {
    await assertSameAccount(deps.store, request);
    const { plan, seen } = request;
    const witness = plan?.steps[step - 1]?.witness;
    if (witness === undefined) return { kind: 'unclear' };
    const of = callFor(request, credential, 'reconcile');
    // From before the look: it says nothing of what HubSpot does while its answer is on the way.
    const lookedAt = deps.clock();
    const quietMs = Math.floor(deps.quietWatch.knownForMs(begunEntry));
    const [begunAt = lookedAt] = await beginsOf(deps.store, request.id, step);
    const before = { seen: seen ?? [], begunAt };
    const sighting = await sight(witness, before, lookerFor(of));
    if (sighting.kind === 'unclear') {
      await noteUnclear(deps, request);
      return { kind: 'unclear' };
    }
    if (sighting.kind === 'absent') {
      await noteAbsence(deps, request, { begunEntry, at: lookedAt, quietMs });
      return { kind: 'absent', sinceMs: quietMs };
    }
    const outcome = await settleFound(deps, request, step, sighting.record);
    return { kind: outcome.kind === 'more' ? 'not_begun' : 'ended' };
  }

  return async function reconcileWrite(
    requestId: string,
    credential: CredentialLease | undefined,
  ): Promise<Settlement> {
    // What the unit asks of the log is looked up here, where nobody waits for it.
    await deps.store.log.trace(requestId);
    const { request, open } = await deps.store.commit((tx) => lostIn(tx, requestId));
    if (request === undefined || isTerminal(request.status)) return { kind: 'ended' };
    if (!hasBegun(request.status)) return { kind: 'not_begun' };
    if (open === undefined) {
      await goOn(deps, request);
      return { kind: 'not_begun' };
    }
    // Also where nothing can be read: a person may settle it after the same time.
    deps.quietWatch.knownForMs(open.begunEntry);
    if (request.status === 'executing') await sayUnknown(deps, requestId);
    return credential === undefined ? { kind: 'unread' } : lookFor(request, open, credential);
  };
}

/** In one unit: a step that another process settles between the two reads would look like somebody's change of the row. */
async function lostIn(
  tx: StoreTransaction,
  requestId: string,
): Promise<{ readonly request: RequestRecord | undefined; readonly open: OpenStep | undefined }> {
  const request = await tx.requests.get(requestId);
  const isLost = request !== undefined && hasBegun(request.status);
  return { request, open: isLost ? await openStep(tx, request) : undefined };
}

interface OpenStep {
  /** The entry of the log that began it: it may have been sent since. */
  readonly begunEntry: number;
  readonly step: number;
}

/**
 * The step whose answer is not known; `undefined` between two steps. Throws `plan.tampered` for a row
 * that says it was begun while the log does not, or whose plan or steps are not the logged ones: looking for it
 * would say "absent", and the write would be sent.
 */
async function openStep(
  tx: StoreTransaction,
  request: RequestRecord,
): Promise<OpenStep | undefined> {
  const logged = await readLogged(tx, request.id);
  assertOneDigest(request, logged, []);
  const { begunEntry, begunStep, end } = logged;
  if (end === undefined && begunEntry !== undefined) {
    assertStepsAsLogged(request, logged);
    assertSeenKept(request);
    return isStepOpen(logged) ? { begunEntry, step: begunStep } : undefined;
  }
  const detail = `the log says that it ${end === undefined ? 'was never begun' : `ended as ${end.status}`}`;
  throw new GatewayError('plan.tampered', { detail });
}
