import type { Operation } from '../contracts/plan.ts';
import { pathForLog } from '../core/hubspot-paths.ts';
import type { AuditEvent, RequestRecord } from '../core/records.ts';
import type { CallPurpose, CredentialRef, Crm, CrmAnswer, NoTurn } from '../ports/crm.ts';
import type { Store } from '../ports/store.ts';
import { assertCallable, assertReadable } from './callable.ts';
import { answerEvent, failureOf } from './guarded-call.ts';

export interface CallFor {
  /** Absent where several are looked at together. */
  readonly requestId?: string | undefined;
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
  return {
    event: answerEvent(answer),
    requestId: of.requestId,
    agentId: of.agentId,
    actor: 'gateway',
    hubspotEndpoint: pathForLog(operation.path),
    responseStatus: 'status' in answer ? answer.status : undefined,
    code: answer.kind === 'answered' ? undefined : answer.code,
    facts: {
      purpose: of.purpose,
      answer: answer.kind,
      credential_version: of.credential.version,
    },
  };
}

/** Throws the code of an answer that is not `answered`. */
export function answeredJson(answer: CrmAnswer): unknown {
  if (answer.kind === 'answered') return answer.json;
  throw failureOf(answer);
}

interface ReadingDependencies {
  readonly store: Store;
  readonly crm: Crm;
}

interface Answered {
  readonly answers: readonly CrmAnswer[];
  readonly entries: readonly AuditEvent[];
}

/** Nothing was called, and nothing needs an entry. */
const unsent = (noTurn: NoTurn): CrmAnswer => ({ kind: 'unsent', ...noTurn });

/**
 * Calls that change nothing, each with its intent on disk before it. The answers' entries are returned
 * for the caller to append with whatever it commits next, so that a step costs two commits, not four.
 * Throws `freeze.active`, `credential.missing`, `store.unavailable`; nothing was called then.
 */
export async function guardedReads(
  deps: ReadingDependencies,
  of: CallFor,
  operations: readonly Operation[],
): Promise<Answered> {
  if (operations.length === 0) return { answers: [], entries: [] };
  const noTurn = await deps.crm.takeTurns(operations, of.credential, of.purpose);
  if (noTurn !== undefined) return { answers: operations.map(() => unsent(noTurn)), entries: [] };
  return readsInTurn(deps, of, operations);
}

/** As `guardedReads`, where the turns were taken before. */
export async function readsInTurn(
  deps: ReadingDependencies,
  of: CallFor,
  operations: readonly Operation[],
): Promise<Answered> {
  if (operations.length === 0) return { answers: [], entries: [] };
  await deps.store.commit(async (tx) => {
    if (of.purpose === 'reconcile') await assertReadable(tx, of);
    else await assertCallable(tx, of);
    for (const operation of operations) await tx.log.append(intentEntry(of, operation));
  });
  const answers = await Promise.all(
    operations.map((operation) => deps.crm.call(operation, of.credential, of.purpose)),
  );
  const entries = operations.flatMap((operation, i) => {
    const answer = answers[i];
    return answer === undefined ? [] : [answerEntry(of, operation, answer)];
  });
  return { answers, entries };
}
