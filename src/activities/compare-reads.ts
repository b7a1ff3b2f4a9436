import type { Operation } from '../contracts/plan.ts';
import type { ErrorCode } from '../core/errors.ts';
import { errorCodeOf } from '../core/gateway-error.ts';
import type { AuditEvent, RequestRecord } from '../core/records.ts';
import { executedSteps, withoutArchived } from '../core/steps.ts';
import { entryOf } from '../gate/logged.ts';
import { type CallFor, readsInTurn } from '../gate/request-calls.ts';
import { unlessTampered } from '../gate/unless-tampered.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { type Presence, readPresent, readsOf } from './guarded-reads.ts';

/** The records as they were right before begin. */
export interface Compared {
  readonly presence: Exclude<Presence, { kind: 'unreadable' }>;
  readonly entries: readonly AuditEvent[];
  /** Entries of the last published checkpoint. */
  readonly publishedSize: number;
  /** When they were asked for, by a clock that nobody sets. */
  readonly readAtMs: number;
  /** How many steps were executed then. */
  readonly executed: number;
}

/** What was compared so long ago may have been changed since: then it is read once more. */
const COMPARED_MAX_MS = 5_000;

export const isOld = ({ quietWatch }: ActivityDependencies, readAtMs: number): boolean =>
  quietWatch.nowMs() - readAtMs > COMPARED_MAX_MS;

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

/** The size of the log as it was last published; undefined while nothing may begin for want of that. */
async function publishedSizeOf(deps: ActivityDependencies): Promise<number | undefined> {
  try {
    const { size } = await deps.auditLog.checkpoint();
    return (await isStalled(deps, size)) ? undefined : size;
  } catch (error) {
    if (errorCodeOf(error) !== 'log.unavailable') throw error;
    return undefined;
  }
}

/** The one operation that would be sent next. */
const dueOperation = (request: RequestRecord): readonly Operation[] =>
  request.plan?.operations.slice(executedSteps(request)).slice(0, 1) ?? [];

/** Of HubSpot's own slowness first: another look is likely to find the log published. */
const reasonToWait = (presence: Presence, isReadOld: boolean): ErrorCode => {
  if (presence.kind === 'unreadable') return presence.code;
  return isReadOld ? 'hubspot.timeout' : 'log.unavailable';
};

/**
 * Takes the turns and reads what the write would touch. `code`: nothing can be compared for now. What was answered is
 * in the log then all the same, a key that HubSpot refuses above all.
 */
export async function readToCompare(
  deps: ActivityDependencies,
  request: RequestRecord,
  of: CallFor,
): Promise<Compared | { readonly code: ErrorCode }> {
  const targets = withoutArchived(request, request.plan?.targets ?? []);
  // All at once, so that what is compared is not old by the time that the write may go.
  const turns = [...readsOf(targets), ...dueOperation(request)];
  const noTurn = await deps.crm.takeTurns(turns, of.credential, of.purpose);
  if (noTurn !== undefined) return noTurn;
  // From before them: while one is slow, somebody may change what another has told.
  const readAtMs = deps.quietWatch.nowMs();
  const { presence, entries } = await readPresent(deps, of, targets, readsInTurn);
  const isReadOld = isOld(deps, readAtMs);
  const publishedSize = await publishedSizeOf(deps);
  if (presence.kind !== 'unreadable' && !isReadOld && publishedSize !== undefined)
    return { presence, entries, publishedSize, readAtMs, executed: executedSteps(request) };
  await deps.store.commit(async (tx) => {
    for (const entry of entries) await tx.log.append(entry);
  });
  return { code: reasonToWait(presence, isReadOld) };
}
