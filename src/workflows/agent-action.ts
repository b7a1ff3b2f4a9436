import {
  condition,
  ContinueAsNew,
  continueAsNew,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setCurrentDetails,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { Timing } from '../activities/dependencies.ts';
import type { CredentialLease } from '../activities/fetch-secret.ts';
import type { Verdict } from '../activities/validate-action.ts';
import type { Settlement } from '../activities/reconcile-write.ts';
import type { WriteCall } from '../activities/compare-and-begin.ts';
import type { WriteOutcome } from '../activities/write-call.ts';
import { ENGINE_NOTES_MAX, engineDetails } from '../core/engine-details.ts';
import { ERRORS } from '../core/errors.ts';
import { ABSENCES_MIN, type RequestStatus } from '../core/request-state.ts';
import type { AgentActionInput } from '../ports/engine.ts';
import { failureCode, failureDetail, isPassing } from './failure-code.ts';
import { type Inbox, openInbox } from './inbox.ts';
import { decide, status } from './messages.ts';

/** Reads and first steps: an agent is waiting, so failing fast is kinder than trying for long. */
const quick = proxyLocalActivities<Activities>({
  startToCloseTimeout: '30 s',
  retry: { maximumAttempts: 2, initialInterval: '200 ms' },
});

/** One try of a step that the workflow itself tries again (`whenPossible`, `settle`). */
const once = proxyLocalActivities<Activities>({
  startToCloseTimeout: '30 s',
  retry: { maximumAttempts: 1 },
});

/** Steps of an accepted write on the record alone: the store is waited for, however long it takes. */
const patient = proxyLocalActivities<Activities>({
  startToCloseTimeout: '30 s',
  // Beyond this the engine keeps the time, and the task is not kept alive by heartbeats.
  localRetryThreshold: '2 s',
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '30 s' },
});

const PAUSE_MIN_MS = 1_000;
const PAUSE_MAX_MS = 300_000;
/** A person who has just set the credential is waiting. */
const WAIT_MAX_MS = 30_000;

const pauseMs = (round: number, firstMs = PAUSE_MIN_MS): number =>
  Math.min(firstMs * 2 ** round, PAUSE_MAX_MS);

/** A history that grew long goes on as a new one, from the record: at this place nothing else is known. */
async function startAfresh(requestId: string): Promise<void> {
  if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof agentAction>({ requestId });
}

/**
 * Tries a step of a write that has not begun until it succeeds, and has the record say meanwhile what it
 * waits for. `undefined` when the request has ended by then. Throws what no later try can mend.
 */
async function whenPossible<T>(requestId: string, step: () => Promise<T>): Promise<T | undefined> {
  for (let round = 0; ; round += 1) {
    try {
      return await step();
    } catch (error) {
      if (isCancellation(error) || !isPassing(error)) throw error;
      const code = failureCode(error) ?? 'internal.unexpected';
      if (!(await patient.noteWaiting(requestId, code))) return undefined;
    }
    await sleep(Math.min(pauseMs(round), WAIT_MAX_MS));
    await startAfresh(requestId);
  }
}

type WriteVerdict = Extract<Verdict, { kind: 'write' }>;
type Settled = 'ended' | 'not_begun' | 'resend';

/** More rarely while it says the same, but where only the quiet time is missing no longer than that takes. */
function pauseBeforeLook(last: Settlement, same: number, timing: Timing): number {
  const grownMs = pauseMs(Math.max(0, same - ABSENCES_MIN), timing.reconcileEveryMs);
  const leftMs = last.kind === 'absent' ? timing.quietMs - last.sinceMs : 0;
  return leftMs > 0 ? Math.min(grownMs, Math.max(leftMs, timing.reconcileEveryMs)) : grownMs;
}

/**
 * Looks at HubSpot until it is clear what became of a lost write; more rarely while it says the same.
 * `absences`: how often it was not there since it was last sent.
 */
async function settle(
  requestId: string,
  { connection, timing }: WriteVerdict,
  absences: number,
): Promise<Settled> {
  let seenAbsent = absences;
  let last: Settlement | undefined;
  for (let same = 0; ; same += 1) {
    if (last !== undefined) await sleep(pauseBeforeLook(last, same, timing));
    await startAfresh(requestId);
    const settlement = await look(requestId, connection);
    if (settlement.kind === 'ended' || settlement.kind === 'not_begun') return settlement.kind;
    if (settlement.kind === 'absent') seenAbsent += 1;
    if (settlement.kind === 'unclear') seenAbsent = 0;
    const isQuiet = settlement.kind === 'absent' && settlement.sinceMs >= timing.quietMs;
    if (seenAbsent >= ABSENCES_MIN && isQuiet) return 'resend';
    if (settlement.kind !== last?.kind) same = 0;
    last = settlement;
  }
}

/** The credential if there is one now. Without it, too, the record has to say that the write is unknown. */
async function leaseNow(connection: string): Promise<CredentialLease | undefined> {
  try {
    return await quick.fetchSecret(connection);
  } catch (error) {
    if (isCancellation(error)) throw error;
    return undefined;
  }
}

/** A look that fails (HubSpot down, frozen, credential gone) tells nothing; the next one may. */
async function look(requestId: string, connection: string): Promise<Settlement> {
  try {
    const credential = await leaseNow(connection);
    return await once.reconcileWrite(requestId, credential);
  } catch (error) {
    if (isCancellation(error) || failureCode(error) === 'plan.tampered') throw error;
    return { kind: 'unread' };
  }
}

/** Whether there is something left to do after a call; what was not begun waits, and the record says for what. */
async function goesOn(requestId: string, outcome: WriteOutcome): Promise<boolean> {
  if (outcome.kind === 'not_begun') return patient.noteWaiting(requestId, outcome.code);
  return outcome.kind === 'unknown';
}

type Sent = WriteOutcome & { readonly failure?: unknown };

/** One attempt. A worker that died before, in or after the call says nothing: only the record and HubSpot know. */
async function attempt(call: WriteCall, timing: Timing): Promise<Sent> {
  const { callHubSpot } = proxyActivities<Activities>({
    startToCloseTimeout: timing.callMs,
    heartbeatTimeout: timing.heartbeatMs,
    retry: { maximumAttempts: 1 },
  });
  try {
    return await callHubSpot(call);
  } catch (failure) {
    if (isCancellation(failure)) throw failure;
    return { kind: 'unknown', failure };
  }
}

/** Longer after each attempt that was sent; those that could not begin are counted for themselves. */
interface Pacing {
  sent: number;
  /** Not begun, one after the other. */
  held: number;
}

function pauseAfter(pacing: Pacing, { kind }: WriteOutcome): number {
  if (kind !== 'unknown') return Math.min(pauseMs(pacing.held++), WAIT_MAX_MS);
  pacing.held = 0;
  return pauseMs(pacing.sent++);
}

/** Runs the approved write, step by step, to its settled end. */
async function execute(requestId: string, verdict: WriteVerdict): Promise<void> {
  const { connection, timing } = verdict;
  const pacing: Pacing = { sent: 0, held: 0 };
  let resend = false;
  for (;;) {
    await startAfresh(requestId);
    const credential = await whenPossible(requestId, () => once.fetchSecret(connection));
    if (credential === undefined) return;
    let outcome = await attempt({ kind: 'write', requestId, credential, resend }, timing);
    while (outcome.kind === 'more')
      outcome = await attempt({ kind: 'write', requestId, credential, resend: false }, timing);
    if (!(await goesOn(requestId, outcome))) return;
    // A resend that did not begin needs only one look more: nothing was sent since the others.
    const absences: number = outcome.kind === 'unknown' ? 0 : ABSENCES_MIN - 1;
    const isLost: boolean = outcome.kind === 'unknown' || resend;
    const settled: Settled = isLost ? await settle(requestId, verdict, absences) : 'not_begun';
    if (settled === 'ended') return;
    const code = failureCode(outcome.failure);
    if (settled === 'not_begun' && code !== undefined && !ERRORS[code].retryable)
      throw outcome.failure;
    resend = settled === 'resend';
    await sleep(pauseAfter(pacing, outcome));
  }
}

const unreadNotes = (count: number): string[] =>
  count === 0 ? [] : [`${count} more came at once and were not looked at; send yours again`];

/** Waits, for days if need be, until the record says that the write is approved (true) or has ended. */
async function awaitApproval(requestId: string, inbox: Inbox, card: string): Promise<boolean> {
  let told: string[] = [];
  for (;;) {
    const { signals, unread } = inbox.take();
    const standing = await patient.verifyDecision(requestId, signals);
    // Histories of before have no notes with an end.
    const notes = [...(standing.notes ?? []), ...unreadNotes(unread)];
    // They stay: whatever wakes this next, their sender has to find them.
    told = [...told, ...notes].slice(-ENGINE_NOTES_MAX);
    setCurrentDetails(engineDetails(card, standing.kind, told));
    if (standing.kind !== 'waiting') return standing.kind === 'approved';
    if (!inbox.hasNews()) await startAfresh(requestId);
    await condition(() => inbox.hasNews(), Math.max(standing.forMs, 1));
  }
}

async function runWrite(requestId: string, verdict: WriteVerdict, inbox: Inbox): Promise<void> {
  const { connection } = verdict;
  if (verdict.status === 'planned' || verdict.status === 'awaiting_approval') {
    const card = await whenPossible(requestId, async () =>
      once.prepareApproval(requestId, await once.fetchSecret(connection)),
    );
    if (card === undefined || !(await awaitApproval(requestId, inbox, card))) return;
  }
  await execute(requestId, verdict);
}

async function runRead(
  input: AgentActionInput,
  { connection, read }: Extract<Verdict, { kind: 'read' }>,
  lease: Promise<CredentialLease> | undefined,
): Promise<void> {
  const credential = await (lease ?? quick.fetchSecret(connection));
  await quick.callHubSpot({ kind: 'read', input, read, credential });
}

/**
 * Steps 1 and 2 side by side for a new request: one turn of the engine less for every read. What comes
 * of the lease matters only to a read that is granted; a write looks again when its time has come.
 */
function leaseFor(input: AgentActionInput): Promise<CredentialLease> | undefined {
  if (input.submission === undefined) return undefined;
  const lease = quick.fetchSecret(input.submission.connection);
  lease.catch(() => undefined);
  return lease;
}

/**
 * The request of the workflow's own id: whoever reaches the engine can start this type under any id,
 * without an input or with another request's, and must not hold the request by it.
 */
function ownInput(given: AgentActionInput | undefined): AgentActionInput {
  const requestId = workflowInfo().workflowId.replace(/^action\//, '');
  return given?.requestId === requestId ? given : { requestId };
}

/**
 * One agent request from validation to its recorded end (design, "The way of one request"). Every step
 * is idempotent on the record, so the same input, or the request id alone, starts it again.
 */
export async function agentAction(given?: AgentActionInput): Promise<RequestStatus | undefined> {
  const input = ownInput(given);
  const inbox = openInbox(decide);
  let step = 'validating';
  setHandler(status, () => step);
  try {
    // Nobody waits for a request that is on record: it is not ended because the store was down for a moment.
    const steps = input.submission === undefined ? patient : quick;
    const validated = steps.validateAction(input);
    const lease = leaseFor(input);
    const verdict = await validated;
    step = verdict.kind;
    if (verdict.kind === 'read') await runRead(input, verdict, lease);
    if (verdict.kind === 'write') await runWrite(input.requestId, verdict, inbox);
  } catch (error) {
    // An operator's cancel ends this motor, not the request: the sweep starts another from the record.
    if (error instanceof ContinueAsNew || isCancellation(error)) throw error;
    const code = failureCode(error) ?? 'internal.unexpected';
    return patient.recordAudit({ input, failure: { code, detail: failureDetail(error) } });
  }
  step = 'ended';
  return quick.recordAudit({ input });
}
