import type { PresentRecord } from '../actions/define-action.ts';
import type { SeenRecord } from '../contracts/card.ts';
import type { Operation } from '../contracts/plan.ts';
import type { ErrorCode } from '../core/errors.ts';
import { errorCodeOf, GatewayError } from '../core/gateway-error.ts';
import { movedProperties, withWritten } from '../core/moved.ts';
import type { AuditEvent, LedgerRecord, RequestRecord } from '../core/records.ts';
import { executedSteps, withoutArchived } from '../core/steps.ts';
import { type Begun, beginWrite, isDue } from '../gate/begin.ts';
import { closeTampered, type Ending } from '../gate/close.ts';
import { closeUntouched } from '../gate/close-untouched.ts';
import { isBetweenSteps } from '../gate/expiry.ts';
import { entryOf, readLogged } from '../gate/logged.ts';
import { callFor, readsInTurn } from '../gate/request-calls.ts';
import { requesterIn } from '../gate/requester.ts';
import { onStandingMeans } from '../gate/standing-means.ts';
import { unlessTampered } from '../gate/unless-tampered.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { CredentialLease } from './fetch-secret.ts';
import { type Presence, readPresent, readsOf } from './guarded-reads.ts';

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
  presence: Presence,
): { readonly code: ErrorCode; readonly detail?: string | undefined } | undefined {
  if (presence.kind === 'gone') return presence;
  if (presence.kind === 'unreadable') return undefined;
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
  presence: Presence,
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

interface Read {
  readonly presence: Presence;
  readonly entries: readonly AuditEvent[];
  readonly publishedSize: number;
  /** When the last of it was read, by a clock that nobody sets. */
  readonly readMs: number;
  /** How many steps were executed then. */
  readonly executed: number;
}

/** What was compared so long ago may have been changed since: then it is read once more. */
const COMPARED_MAX_MS = 5_000;

/** What somebody has changed ends in begin, which says so. */
async function isSurelyDue(
  tx: StoreTransaction,
  request: RequestRecord,
  of: Parameters<typeof isDue>[2],
): Promise<boolean> {
  try {
    return await isDue(tx, request, of);
  } catch (error) {
    if (errorCodeOf(error) === 'plan.tampered') return false;
    throw error;
  }
}

/** Compare and begin in one commit: the entries of the reads, then either the intent or the end. */
async function beginOnPresent(
  tx: StoreTransaction,
  deps: ActivityDependencies,
  call: WriteCall,
  { presence, entries, publishedSize, readMs, executed }: Read,
): Promise<Begun | ErrorCode> {
  for (const entry of entries) await tx.log.append(entry);
  const request = await tx.requests.get(call.requestId);
  // Waited for the log's disk or the store: nothing was begun, and the next attempt reads anew.
  if (deps.quietWatch.nowMs() - readMs > COMPARED_MAX_MS) return 'store.unavailable';
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
  const damaged = await closeUntouched(tx, request, ending, {
    event: call.resend ? 'request.completed' : 'request.refused',
    actor: 'gateway',
    facts: { at: 'compare', place: ending.detail ?? null },
  });
  if (damaged === undefined) return { kind: 'refused', ending };
  return { kind: 'refused', ending: { status: 'failed', code: 'plan.tampered', detail: damaged } };
}

const presentIn = (presence: Presence): readonly PresentRecord[] =>
  presence.kind === 'present' ? presence.records : [];

/** Entries are published within a second. What nobody outside has seen for this long could still be taken back. */
const UNPUBLISHED_MAX_MS = 10_000;

/** Whether the log is written and not published: a begin would leave no trace outside the store. */
async function isStalled(
  { store, clock }: ActivityDependencies,
  published: number,
): Promise<boolean> {
  if ((await store.log.size()) <= published) return false;
  const [leaf] = await unlessTampered(store.log.leaves(published, published + 1), []);
  // Somebody has changed it or taken it out: it is not published as it is, nor what follows it.
  if (leaf === undefined) return true;
  const { timestamp } = entryOf(leaf);
  return clock().getTime() - Date.parse(timestamp) > UNPUBLISHED_MAX_MS;
}

/** The one operation that would be sent next. */
const dueOperation = (request: RequestRecord): readonly Operation[] =>
  request.plan?.operations.slice(executedSteps(request)).slice(0, 1) ?? [];

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
  const { decided } = await readLogged(store, id);
  await onStandingMeans(store, await store.decisions.of(id), decided, 'throws');
}

/**
 * Why it does not begin whatever the records are like: nothing is asked of HubSpot then. Damage to what is of no single
 * request is waited out, for days if need be; people are told of the place.
 */
async function damageTo(
  deps: ActivityDependencies,
  request: RequestRecord,
): Promise<Begun | ErrorCode | undefined> {
  try {
    await assertLegible(deps, request);
    return undefined;
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'plan.tampered') throw error;
    const { code, detail } = error;
    const end = await deps.store.commit((tx) => closeTampered(tx, request.id, detail));
    if (end === 'elsewhere') return 'store.unavailable';
    return { kind: 'refused', ending: { status: 'failed', code, detail } };
  }
}

/**
 * Take turns, read, compare, begin. A code instead when HubSpot could not be read or there is no
 * turn: then nothing was begun. What was lost is looked at also when its agent is gone.
 */
export async function readAndBegin(
  deps: ActivityDependencies,
  call: WriteCall,
  request: RequestRecord,
): Promise<(Begun & { readonly turnMs: number }) | ErrorCode> {
  const { credential } = call;
  const of = callFor(request, credential, call.resend ? 'reconcile' : 'compare');
  // It is looked for first, whatever else is damaged.
  if (!call.resend && (await isUnderWay(deps, request)))
    return { kind: 'not_due', status: request.status, turnMs: 0 };
  const damage = await damageTo(deps, request);
  if (damage !== undefined) return typeof damage === 'string' ? damage : { ...damage, turnMs: 0 };
  const targets = withoutArchived(request, request.plan?.targets ?? []);
  // All at once, so that what is compared is not old by the time that the write may go.
  const turns = [...readsOf(targets), ...dueOperation(request)];
  const noTurn = await deps.crm.takeTurns(turns, credential, of.purpose);
  if (noTurn !== undefined) return noTurn.code;
  const readAll = async () => {
    const found = await readPresent(deps, of, targets, readsInTurn);
    return { ...found, readMs: deps.quietWatch.nowMs() };
  };
  const [{ size: publishedSize }, read] = await Promise.all([
    deps.auditLog.checkpoint(),
    readAll(),
  ]);
  const { presence } = read;
  if (presence.kind === 'unreadable') return presence.code;
  if (await isStalled(deps, publishedSize)) return 'log.unavailable';
  // What begin asks of the log is looked up here, where nobody waits for it: what came since the roster was looked at.
  await deps.store.log.trace(request.id);
  // From before the commit: with its disk hung this process stands still as well.
  const turnMs = deps.quietWatch.nowMs();
  const found = { ...read, publishedSize, executed: executedSteps(request) };
  const begun = await deps.store.commit((tx) => beginOnPresent(tx, deps, call, found));
  return typeof begun === 'string' ? begun : { ...begun, turnMs };
}
