import { findAction } from '../actions/catalogue.ts';
import type { PresentRecord } from '../actions/define-action.ts';
import { CrmRecordSchema, sentProperties } from '../actions/hubspot-shapes.ts';
import { AuditEntrySchema } from '../contracts/audit-entry.ts';
import type { Operation, Plan } from '../contracts/plan.ts';
import { type ErrorCode, GatewayError } from '../core/errors.ts';
import type { AuditEvent, RequestRecord } from '../core/records.ts';
import { type Begun, beginWrite } from '../gate/begin.ts';
import { closeRequest, type Ending } from '../gate/close.ts';
import { hasBegun, type RequestStatus } from '../core/request-state.ts';
import type { CrmAnswer } from '../ports/crm.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { CredentialLease } from './fetch-secret.ts';
import { answerEntry, type CallFor, type Presence, readPresent } from './guarded-reads.ts';
import { recordSuccess } from './record-success.ts';

export interface WriteCall {
  readonly kind: 'write';
  readonly requestId: string;
  readonly credential: CredentialLease;
  /** The write was lost before and HubSpot does not have it: send it once more. */
  readonly resend: boolean;
}

/** What became of a write. `not_begun`: nothing was sent and the step may be tried again later. */
export type WriteOutcome =
  | { readonly kind: 'ended' }
  | { readonly kind: 'not_begun'; readonly code: ErrorCode }
  | { readonly kind: 'unknown' };

/** The first property that is not as it was seen, as `object.property`. */
function movedProperty(
  seen: readonly PresentRecord[],
  present: readonly PresentRecord[],
): string | undefined {
  for (const record of seen) {
    const now = present.find(
      ({ object_type, id }) => object_type === record.object_type && id === record.id,
    );
    const moved = Object.entries(record.properties).find(
      ([property, value]) => (now?.properties[property] ?? null) !== value,
    );
    if (moved !== undefined) return `${record.object_type}.${moved[0]}`;
  }
  return undefined;
}

/** Why the write must not begin on the records as they are now; `undefined` when it may. */
function staleness(
  request: RequestRecord,
  presence: Presence,
  { resend }: WriteCall,
): Ending | undefined {
  if (presence.kind === 'unreadable') return undefined;
  const seen = (resend ? request.seen : request.card?.seen) ?? [];
  const moved = presence.kind === 'present' ? movedProperty(seen, presence.records) : undefined;
  if (presence.kind === 'present' && moved === undefined) return undefined;
  const { code, detail } =
    presence.kind === 'gone'
      ? presence
      : { code: 'approval.stale' as const, detail: `${moved} changed since the card was made` };
  // It was looked for and is not there, and now it will not be sent: nothing was done.
  if (resend) return { status: 'failed', code: 'outcome.not_executed', detail: detail ?? code };
  return { status: presence.kind === 'gone' ? 'failed' : 'refused', code, detail };
}

interface Read {
  readonly presence: Presence;
  readonly entries: readonly AuditEvent[];
  readonly publishedSize: number;
}

/** Compare and begin in one commit: the entries of the reads, then either the intent or the end. */
async function beginOnPresent(
  tx: StoreTransaction,
  deps: ActivityDependencies,
  call: WriteCall,
  { presence, entries, publishedSize }: Read,
): Promise<Begun> {
  for (const entry of entries) await tx.log.append(entry);
  const request = await tx.requests.get(call.requestId);
  const isDue = request?.status === (call.resend ? 'outcome_unknown' : 'approved');
  const ending = isDue ? staleness(request, presence, call) : undefined;
  if (request === undefined || ending === undefined) {
    const { quietMs } = deps.timing;
    const seen = presentIn(presence);
    return beginWrite(tx, deps.policy(), { ...call, seen, publishedSize, quietMs });
  }
  await closeRequest(tx, request, ending, {
    event: call.resend ? 'request.completed' : 'request.refused',
    actor: 'gateway',
    facts: { at: 'compare', place: ending.detail ?? null },
  });
  return { kind: 'refused', ending };
}

/** What the write changed, for revert and the radar. */
async function recordLedger(
  tx: StoreTransaction,
  of: {
    readonly request: RequestRecord;
    readonly plan: Plan;
    readonly present: readonly PresentRecord[];
  },
  json: unknown,
): Promise<void> {
  const [operation] = of.plan.operations;
  if (operation === undefined) return;
  const { id } = CrmRecordSchema.parse(json);
  const after = sentProperties(of.plan);
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

/** The outcome of a write's call: success with its ledger entry, a definite refusal, or unknown. */
export async function recordWriteAnswer(
  tx: StoreTransaction,
  of: {
    readonly request: RequestRecord;
    readonly plan: Plan;
    readonly present: readonly PresentRecord[];
    readonly isResend: boolean;
  },
  answer: CrmAnswer,
): Promise<WriteOutcome> {
  const { request, plan } = of;
  const now = await tx.requests.get(request.id);
  if (now === undefined || !hasBegun(now.status)) return { kind: 'ended' };
  if (answer.kind === 'answered') {
    const result = findAction(request.action)?.toResult(plan, [answer.json]);
    await recordLedger(tx, of, answer.json);
    await recordSuccess(tx, request, result);
    return { kind: 'ended' };
  }
  // After a lost attempt a refusal may mean that the first one arrived after all: 409 above all.
  if (answer.kind === 'refused' && !of.isResend) {
    const ending = { status: 'failed', code: answer.code, detail: answer.detail } as const;
    await closeRequest(tx, now, ending, { event: 'request.completed', actor: 'gateway' });
    return { kind: 'ended' };
  }
  if (now.status === 'executing')
    await tx.requests.update(request.id, { status: 'outcome_unknown' });
  return { kind: 'unknown' };
}

/** 2xx whose body is not the record we asked for: the write may have happened, so it is lost, not failed. */
function readable(plan: Plan, request: RequestRecord, answer: CrmAnswer): CrmAnswer {
  if (answer.kind !== 'answered') return answer;
  try {
    CrmRecordSchema.parse(answer.json);
    findAction(request.action)?.toResult(plan, [answer.json]);
    return answer;
  } catch {
    return { kind: 'lost', code: 'hubspot.bad_answer', status: answer.status };
  }
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
  const [leaf] = await store.log.leaves(published, published + 1);
  const { timestamp } = AuditEntrySchema.parse(JSON.parse(new TextDecoder().decode(leaf)));
  return clock().getTime() - Date.parse(timestamp) > UNPUBLISHED_MAX_MS;
}

/** A second run, or a run on a credential that was just rotated: what the record says of it. */
function notDue(status: RequestStatus): WriteOutcome {
  if (status === 'approved') return { kind: 'not_begun', code: 'credential.missing' };
  return { kind: hasBegun(status) ? 'unknown' : 'ended' };
}

/**
 * Step 4 of a write: read and compare, begin, one attempt, outcome. Never sends twice: a second run
 * finds the approval consumed and looks at the record instead. Errors: `freeze.active`,
 * `credential.missing`, `secret.unavailable`, `store.unavailable`.
 */
export function createWriteCall(deps: ActivityDependencies) {
  async function send(
    call: WriteCall,
    begun: { readonly request: RequestRecord; readonly plan: Plan; readonly operation: Operation },
    present: readonly PresentRecord[],
  ): Promise<WriteOutcome> {
    const { request, plan, operation } = begun;
    const of: CallFor = {
      requestId: request.id,
      agentId: request.agentId,
      credential: call.credential,
      purpose: 'execute',
    };
    const answer = readable(plan, request, await deps.crm.call(operation, call.credential));
    return deps.store.commit(async (tx) => {
      await tx.log.append({
        ...answerEntry(of, operation, answer),
        digest: request.digest ?? undefined,
      });
      return recordWriteAnswer(tx, { request, plan, present, isResend: call.resend }, answer);
    });
  }

  /**
   * Read, compare, take a turn, begin. A code instead when HubSpot could not be read or there is no
   * turn: then nothing was begun. What was lost is looked at also when its agent is gone.
   */
  async function readAndBegin(call: WriteCall, request: RequestRecord): Promise<Begun | ErrorCode> {
    const { credential } = call;
    const purpose = call.resend ? 'reconcile' : 'compare';
    const of: CallFor = { requestId: request.id, agentId: request.agentId, credential, purpose };
    const [{ size: publishedSize }, read] = await Promise.all([
      deps.auditLog.checkpoint(),
      readPresent(deps, of, request.plan?.targets ?? []),
    ]);
    const { presence } = read;
    if (presence.kind === 'unreadable') return presence.code;
    if (await isStalled(deps, publishedSize)) return 'log.unavailable';
    const waitSeconds = await deps.crm.takeTurns(request.plan?.operations ?? [], credential);
    if (waitSeconds !== undefined) return 'hubspot.rate_limited';
    return deps.store.commit((tx) => beginOnPresent(tx, deps, call, { ...read, publishedSize }));
  }

  return async function writeCall(call: WriteCall): Promise<WriteOutcome> {
    const request = await deps.store.requests.get(call.requestId);
    if (request === undefined) return { kind: 'ended' };
    const begun = await readAndBegin(call, request);
    if (typeof begun === 'string')
      return call.resend ? { kind: 'unknown' } : { kind: 'not_begun', code: begun };
    if (begun.kind === 'refused') return { kind: 'ended' };
    if (begun.kind === 'not_due') return notDue(begun.status);
    const { plan, seen } = begun.request;
    const [operation] = plan?.operations ?? [];
    if (plan === null || operation === undefined) throw new GatewayError('plan.tampered');
    return send(call, { request: begun.request, plan, operation }, seen ?? []);
  };
}
