import { linkIn, linkProperty } from '../actions/association.ts';
import type { PresentRecord } from '../actions/define-action.ts';
import { CrmRecordSchema } from '../actions/hubspot-shapes.ts';
import type { Operation, RecordRef, Target } from '../contracts/plan.ts';
import type { ErrorCode } from '../core/errors.ts';
import { pathForLog, recordPath } from '../core/hubspot-paths.ts';
import type { AuditEvent, RequestRecord } from '../core/records.ts';
import { assertCallable, assertReadable } from '../gate/callable.ts';
import { failureOf } from '../gate/guarded-call.ts';
import type { CallPurpose, CredentialRef, CrmAnswer, NoTurn } from '../ports/crm.ts';
import type { ActivityDependencies } from './dependencies.ts';

export interface CallFor {
  readonly requestId: string;
  readonly agentId: string;
  readonly credential: CredentialRef;
  /** Why HubSpot is called. */
  readonly purpose: CallPurpose;
}

export const callFor = (
  { id: requestId, agentId }: Pick<RequestRecord, 'id' | 'agentId'>,
  credential: CredentialRef,
  purpose: CallPurpose,
): CallFor => ({ requestId, agentId, credential, purpose });

/** The entry before a call. */
export function intentEntry(of: CallFor, operation: Operation): AuditEvent {
  return {
    event: 'hubspot.intended',
    requestId: of.requestId,
    agentId: of.agentId,
    actor: 'gateway',
    hubspotEndpoint: pathForLog(operation.path),
    facts: {
      purpose: of.purpose,
      method: operation.method,
      credential_version: of.credential.version,
    },
  };
}

/** The entry after a call. */
export function answerEntry(of: CallFor, operation: Operation, answer: CrmAnswer): AuditEvent {
  const isLost = answer.kind === 'lost';
  return {
    event: isLost ? 'hubspot.lost' : 'hubspot.answered',
    requestId: of.requestId,
    agentId: of.agentId,
    actor: 'gateway',
    hubspotEndpoint: pathForLog(operation.path),
    responseStatus: 'status' in answer ? answer.status : undefined,
    code: answer.kind === 'answered' ? undefined : answer.code,
    facts: { purpose: of.purpose, answer: answer.kind },
  };
}

/** Throws the code of an answer that is not `answered`. */
export function answeredJson(answer: CrmAnswer): unknown {
  if (answer.kind === 'answered') return answer.json;
  throw failureOf(answer);
}

/** Nothing was called, and nothing needs an entry. */
const unsent = (noTurn: NoTurn): CrmAnswer => ({ kind: 'unsent', ...noTurn });

/**
 * Calls that change nothing, each with its intent on disk before it. The answers' entries are returned
 * for the caller to append with whatever it commits next, so that a step costs two commits, not four.
 * Throws `freeze.active`, `credential.missing`, `store.unavailable`; nothing was called then.
 */
export async function guardedReads(
  deps: Pick<ActivityDependencies, 'store' | 'crm'>,
  of: CallFor,
  operations: readonly Operation[],
): Promise<{ readonly answers: readonly CrmAnswer[]; readonly entries: readonly AuditEvent[] }> {
  if (operations.length === 0) return { answers: [], entries: [] };
  const noTurn = await deps.crm.takeTurns(operations, of.credential, of.purpose);
  if (noTurn !== undefined) return { answers: operations.map(() => unsent(noTurn)), entries: [] };
  await deps.store.commit(async (tx) => {
    if (of.purpose === 'reconcile') await assertReadable(tx, of.credential);
    else await assertCallable(tx, of);
    for (const operation of operations) await tx.log.append(intentEntry(of, operation));
  });
  const answers = await Promise.all(
    operations.map((operation) => deps.crm.call(operation, of.credential)),
  );
  const entries = operations.flatMap((operation, i) => {
    const answer = answers[i];
    return answer === undefined ? [] : [answerEntry(of, operation, answer)];
  });
  return { answers, entries };
}

function associationsQuery(linked: readonly RecordRef[]): Record<string, string> {
  const types = [...new Set(linked.map(({ object_type }) => object_type))];
  return types.length === 0 ? {} : { associations: types.join(',') };
}

const readTarget = (target: Target): Operation => ({
  kind: 'read',
  object_type: target.object_type,
  method: 'GET',
  path: recordPath(target.object_type, target.id),
  query: {
    properties: target.properties.join(','),
    ...associationsQuery(target.linked_to ?? []),
  },
  body: null,
});

/** What reading a plan's targets gave: the records as they are now, or the code that says why not. */
export type Presence =
  | { readonly kind: 'present'; readonly records: readonly PresentRecord[] }
  | { readonly kind: 'gone'; readonly code: ErrorCode; readonly detail?: string | undefined }
  | { readonly kind: 'unreadable'; readonly code: ErrorCode };

/** These say something of the credential, which may be put right, and nothing of the record. */
const OUR_FAULT: ReadonlySet<ErrorCode> = new Set([
  'hubspot.unauthorized',
  'hubspot.missing_scope',
]);

function isOtherRecord(id: string, answer: CrmAnswer | undefined): boolean {
  if (answer?.kind !== 'answered') return false;
  const record = CrmRecordSchema.safeParse(answer.json);
  return record.success && record.data.id !== id;
}

function presentRecord(target: Target, json: unknown): PresentRecord[] {
  const { object_type, id, properties, linked_to: linked = [] } = target;
  const record = CrmRecordSchema.safeParse(json);
  if (!record.success) return [];
  const values = record.data.properties;
  const shown = properties.map((property) => [property, values[property] ?? null] as const);
  const links = linked.map((to) => [linkProperty(to), linkIn(json, to)] as const);
  const { updatedAt: updated_at } = record.data;
  return [{ object_type, id, properties: Object.fromEntries([...shown, ...links]), updated_at }];
}

function presenceOf(targets: readonly Target[], answers: readonly CrmAnswer[]): Presence {
  const failed = answers.find(({ kind }) => kind !== 'answered');
  if (failed?.kind === 'refused' && !OUR_FAULT.has(failed.code))
    return { kind: 'gone', code: failed.code, detail: failed.detail };
  if (failed !== undefined && failed.kind !== 'answered')
    return { kind: 'unreadable', code: failed.code };
  const other = targets.find(({ id }, i) => isOtherRecord(id, answers[i]));
  // A record that was merged away is answered with the one that took its place: nobody named that one.
  if (other !== undefined)
    return { kind: 'gone', code: 'record.not_found', detail: `${other.object_type} ${other.id}` };
  const records = targets.flatMap((target, i) =>
    presentRecord(target, answeredJson(answers[i] as CrmAnswer)),
  );
  if (records.length < targets.length) return { kind: 'unreadable', code: 'hubspot.bad_answer' };
  return { kind: 'present', records };
}

/** The plan's targets as they are in HubSpot now (GET by id: strongly consistent, unlike search). */
export async function readPresent(
  deps: Pick<ActivityDependencies, 'store' | 'crm'>,
  of: CallFor,
  targets: readonly Target[],
): Promise<{ readonly presence: Presence; readonly entries: readonly AuditEvent[] }> {
  const { answers, entries } = await guardedReads(deps, of, targets.map(readTarget));
  return { presence: presenceOf(targets, answers), entries };
}
