import type { PresentRecord } from '../actions/define-action.ts';
import type { SeenRecord } from '../contracts/card.ts';
import type { ErrorCode } from '../core/errors.ts';
import { isTampered } from '../core/gateway-error.ts';
import { movedProperties, withWritten } from '../core/moved.ts';
import type { LedgerRecord, RequestRecord } from '../core/records.ts';
import { executedSteps, withoutArchived } from '../core/steps.ts';
import { type Begun, beginWrite, isDue } from '../gate/begin.ts';
import { stoppingFreeze } from '../gate/callable.ts';
import { type Ending, endTampered } from '../gate/close.ts';
import { closeUntouched } from '../gate/close-untouched.ts';
import { isBetweenSteps } from '../gate/expiry.ts';
import { readLogged } from '../gate/logged.ts';
import { callFor } from '../gate/request-calls.ts';
import { requesterIn } from '../gate/requester.ts';
import { onStandingMeans } from '../gate/standing-means.ts';
import { unlessTampered } from '../gate/unless-tampered.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { type Compared, isOld, readToCompare } from './compare-reads.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { CredentialLease } from './fetch-secret.ts';

export interface WriteCall {
  readonly kind: 'write';
  readonly requestId: string;
  readonly credential: CredentialLease;
  /** The write was lost before and HubSpot does not have it: send it once more. */
  readonly resend: boolean;
}

/** What stands against beginning on the records as they are now; `undefined` when nothing does. */
function obstacle(
  request: RequestRecord,
  seen: readonly SeenRecord[],
  presence: Compared['presence'],
): { readonly code: ErrorCode; readonly detail?: string | undefined } | undefined {
  if (presence.kind === 'gone') return presence;
  const expected = request.plan?.steps[executedSteps(request)]?.expects;
  const still = [...withoutArchived(request, seen), ...(expected === undefined ? [] : [expected])];
  const moved = movedProperties(still, presence.records);
  if (moved === undefined) return undefined;
  return { code: 'approval.stale', detail: `${moved} changed since the card was made` };
}

/** How a write ends that must not begin on the records as they are now; `undefined` when it may. */
function staleness(
  request: RequestRecord,
  ledger: readonly LedgerRecord[],
  presence: Compared['presence'],
  { resend }: WriteCall,
): Ending | undefined {
  const shown = withWritten(request.card?.seen ?? [], ledger);
  const found = obstacle(request, resend ? (request.seen ?? []) : shown, presence);
  if (found === undefined) return undefined;
  const { code, detail } = found;
  // It was looked for and is not there, and now it will not be sent: nothing was done.
  if (resend) return { status: 'failed', code: 'outcome.not_executed', detail: detail ?? code };
  return { status: presence.kind === 'gone' ? 'failed' : 'refused', code, detail };
}

/** What somebody has changed ends in begin, which says so. */
async function isSurelyDue(
  tx: StoreTransaction,
  request: RequestRecord,
  of: Parameters<typeof isDue>[2],
): Promise<boolean> {
  try {
    return await isDue(tx, request, of);
  } catch (error) {
    if (isTampered(error)) return false;
    throw error;
  }
}

/** Compare and begin in one commit: the entries of the reads, then either the intent or the end. */
async function beginOnPresent(
  tx: StoreTransaction,
  deps: ActivityDependencies,
  call: WriteCall,
  { presence, entries, publishedSize, readAtMs, executed }: Compared,
): Promise<Begun> {
  for (const entry of entries) await tx.log.append(entry);
  const request = await tx.requests.get(call.requestId);
  // Waited for the log's disk or the store: nothing was begun, and the next attempt reads anew.
  if (isOld(deps, readAtMs)) return { kind: 'waits', code: 'store.unavailable' };
  // A step's own effect, which came between, would look like somebody else's change.
  if (request !== undefined && executedSteps(request) !== executed)
    return { kind: 'not_due', status: request.status };
  const { quietMs, selfApprovalMs } = deps.timing;
  const mayBegin = request !== undefined && (await isSurelyDue(tx, request, { ...call, quietMs }));
  const ending = mayBegin
    ? staleness(request, await tx.ledger.of(request.id), presence, call)
    : undefined;
  if (request === undefined || ending === undefined) {
    const seen = presentIn(presence);
    return beginWrite(tx, deps.policy(), { ...call, seen, publishedSize, quietMs, selfApprovalMs });
  }
  return endStale(tx, request, ending, call);
}

/** A card or plan that somebody has changed is no record that moved on. */
async function endStale(
  tx: StoreTransaction,
  request: RequestRecord,
  ending: Ending,
  call: WriteCall,
): Promise<Begun> {
  const touched = await closeUntouched(tx, request, ending, {
    event: call.resend ? 'request.completed' : 'request.refused',
    actor: 'gateway',
    facts: { at: 'compare', place: ending.detail ?? null },
  });
  return { kind: 'refused', code: touched === undefined ? ending.code : 'plan.tampered' };
}

const presentIn = (presence: Compared['presence']): readonly PresentRecord[] =>
  presence.kind === 'present' ? presence.records : [];

/** It is being sent, or was lost. What somebody has changed ends in begin, which says so. */
async function isUnderWay(
  { store }: ActivityDependencies,
  request: RequestRecord,
): Promise<boolean> {
  if (request.status === 'outcome_unknown') return true;
  if (request.status !== 'executing') return false;
  return !(await unlessTampered(isBetweenSteps(store, request), true));
}

/** Throws `plan.tampered` where a row that begin needs does not open. */
async function assertLegible(
  { store }: ActivityDependencies,
  { id, agentId, connection, submission }: RequestRecord,
): Promise<void> {
  await store.agents.get(agentId);
  await requesterIn(store, submission.userId, await store.people.list());
  await store.connections.get(connection);
  await store.credentials.active(connection);
  await stoppingFreeze(store, { connection, agentId });
  const { decided } = await readLogged(store, id);
  await onStandingMeans(store, await store.decisions.of(id), decided, 'throws');
}

/**
 * Ends it, or has it wait, where it could not begin whatever the records are like: nothing is asked of HubSpot then.
 * What is of no single request may stay damaged for days, and people are told of the place.
 */
async function stopAtDamage(
  deps: ActivityDependencies,
  request: RequestRecord,
): Promise<Exclude<Begun, { kind: 'begun' }> | undefined> {
  try {
    await assertLegible(deps, request);
    return undefined;
  } catch (error) {
    if (!isTampered(error)) throw error;
    const code = await deps.store.commit((tx) => endTampered(tx, request.id, error));
    return { kind: code === 'store.unavailable' ? 'waits' : 'refused', code };
  }
}

/** Begun, with the time from which the quiet time counts, by a clock that nobody sets; or why not. */
export type ReadAndBegun =
  | (Extract<Begun, { kind: 'begun' }> & { readonly turnAtMs: number })
  | Exclude<Begun, { kind: 'begun' }>;

/**
 * Take turns, read, compare, begin. What was lost is looked at also when its agent is gone. Errors: `freeze.active`,
 * `credential.missing`, `credential.unchecked`, `store.unavailable`.
 */
export async function readAndBegin(
  deps: ActivityDependencies,
  call: WriteCall,
  request: RequestRecord,
): Promise<ReadAndBegun> {
  // It is looked for first, whatever else is damaged.
  if (!call.resend && (await isUnderWay(deps, request)))
    return { kind: 'not_due', status: request.status };
  const stopped = await stopAtDamage(deps, request);
  if (stopped !== undefined) return stopped;
  const of = callFor(request, call.credential, call.resend ? 'reconcile' : 'compare');
  const read = await readToCompare(deps, request, of);
  if ('code' in read) return { kind: 'waits', code: read.code };
  // What begin asks of the log is looked up here, where nobody waits for it: what came since the roster was looked at.
  await deps.store.log.trace(request.id);
  // From before the commit: with its disk hung this process stands still as well.
  const turnAtMs = deps.quietWatch.nowMs();
  const begun = await deps.store.commit((tx) => beginOnPresent(tx, deps, call, read));
  return begun.kind === 'begun' ? { ...begun, turnAtMs } : begun;
}
