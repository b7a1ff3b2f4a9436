import { findAction } from '../actions/catalogue.ts';
import { isWrite } from '../contracts/plan.ts';
import { GatewayError } from '../core/gateway-error.ts';
import type { RequestRecord } from '../core/records.ts';
import { isTerminal } from '../core/request-state.ts';
import { assertCallable, credentialForRead } from '../gate/callable.ts';
import type { Attester } from '../gate/attest.ts';
import { closeRequest, recordSuccess } from '../gate/close.ts';
import { planDigest } from '../gate/digest.ts';
import { answeredJson, type CallFor, callFor, intentEntry } from '../gate/request-calls.ts';
import { newRequest, requestFacts } from '../gate/new-request.ts';
import type { CrmAnswer, NoTurn } from '../ports/crm.ts';
import type { AgentActionInput } from '../ports/engine.ts';
import type { StoreTransaction } from '../ports/store.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { CredentialLease } from './fetch-secret.ts';
import { againWhereLimited } from './limited-reads.ts';
import type { ReadPlan } from './validate-action.ts';

export interface ReadCall {
  readonly kind: 'read';
  readonly input: AgentActionInput;
  readonly read: ReadPlan;
  readonly credential: CredentialLease;
}

async function openRead(
  tx: StoreTransaction,
  call: ReadCall,
  attester: Attester,
): Promise<RequestRecord> {
  const { input, read } = call;
  const onRecord = await tx.requests.get(input.requestId);
  if (onRecord !== undefined) return onRecord;
  if (input.submission === undefined) throw new GatewayError('request.not_found');
  const { requestId, submission } = input;
  if (!attester.isSubmission(requestId, submission)) throw new GatewayError('request.forged');
  const request = newRequest({ requestId, submission, status: 'executing', now: tx.now, ...read });
  await tx.requests.insert(request);
  await tx.log.append({
    event: 'request.accepted',
    ...requestFacts(request),
    facts: { action: request.action, risk: request.risk, approvals: 0 },
  });
  return request;
}

const endingOf = ({ code, detail, retryAfterSeconds }: GatewayError) => ({
  code,
  detail,
  retryAfterSeconds,
});

interface BegunRead {
  readonly request: RequestRecord;
  readonly of: CallFor;
}

/** Begin of a read: row, log entry and intents in one commit. A refusal is recorded in the same one. */
async function beginRead(
  tx: StoreTransaction,
  call: ReadCall,
  attester: Attester,
  noTurn: NoTurn | undefined,
): Promise<BegunRead | undefined> {
  const request = await openRead(tx, call, attester);
  if (isTerminal(request.status)) return undefined;
  const { agentId, connection } = request;
  const { plan, digest } = call.read;
  const credential = await credentialForRead(tx, call.credential);
  try {
    if (plan.operations.some(isWrite)) {
      throw new GatewayError('plan.tampered', { detail: 'a write came to a read’s place' });
    }
    const isOurs = attester.isPlan(digest, call.read.mac);
    if (!isOurs || planDigest({ requestId: request.id, agentId, connection, plan }) !== digest) {
      throw new GatewayError('plan.tampered', { detail: 'the plan changed on its way' });
    }
    await assertCallable(tx, { agentId, credential });
    if (noTurn !== undefined) throw new GatewayError(noTurn.code, noTurn);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code === 'store.unavailable') throw error;
    await closeRequest(
      tx,
      request,
      { status: 'refused', ...endingOf(error) },
      { event: 'request.refused', actor: 'gateway', facts: { at: 'begin' } },
    );
    return undefined;
  }
  const of = callFor(request, credential, 'read');
  for (const operation of plan.operations) await tx.log.append(intentEntry(of, operation));
  return { request, of };
}

function resultOf(
  request: RequestRecord,
  plan: ReadPlan['plan'],
  answers: readonly CrmAnswer[],
): unknown {
  const action = findAction(request.action);
  if (action === undefined) throw new GatewayError('action.unknown');
  const json = answers.map(answeredJson);
  try {
    return action.toResult(plan, json);
  } catch (cause) {
    throw new GatewayError('hubspot.bad_answer', { cause });
  }
}

/**
 * Step 4 of a read: begin, one round trip, outcome. Two commits in all. Safe to run again: reads
 * change nothing, and an ended request is left alone. Errors: `store.unavailable`.
 */
export function createReadCall(deps: ActivityDependencies) {
  return async function readCall(call: ReadCall): Promise<void> {
    const noTurn = await deps.crm.takeTurns(call.read.plan.operations, call.credential, 'read');
    const begun = await deps.store.commit((tx) => beginRead(tx, call, deps.attester, noTurn));
    if (begun === undefined) return;
    const { request, of } = begun;
    const { plan } = call.read;
    const first = await Promise.all(
      plan.operations.map((op) => deps.crm.call(op, of.credential, of.purpose)),
    );
    const { answers, entries } = await againWhereLimited(deps, of, plan.operations, first);
    await deps.store.commit(async (tx) => {
      for (const entry of entries) await tx.log.append(entry);
      // Another run of this step was faster: the request keeps the end it has.
      const now = await tx.requests.get(request.id);
      if (now === undefined || isTerminal(now.status)) return;
      try {
        await recordSuccess(tx, request, resultOf(request, plan, answers));
      } catch (error) {
        if (!(error instanceof GatewayError) || error.code === 'store.unavailable') throw error;
        const ending = { status: 'failed', ...endingOf(error) } as const;
        await closeRequest(tx, request, ending, { event: 'request.completed', actor: 'gateway' });
      }
    });
  };
}
