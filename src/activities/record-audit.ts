import { ERRORS, type ErrorCode } from '../core/errors.ts';
import type { RequestRecord } from '../core/records.ts';
import { isTerminal, type RequestStatus } from '../core/request-state.ts';
import { closeRequest } from '../gate/close.ts';
import type { AgentActionInput } from '../ports/engine.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { newRequest, requestFacts } from './new-request.ts';

export interface Closing {
  readonly input: AgentActionInput;
  /** Set when a step failed and nobody has written that down yet. */
  readonly failure?: { readonly code: ErrorCode; readonly detail?: string | undefined } | undefined;
}

/**
 * Step 6, the last of every path: makes sure that the request's ending and its log entry are on
 * record. Most paths have closed it already, in the transaction that decided; then there is nothing to
 * do. A read that failed before its begin gets its row here. Safe to repeat. Errors: `store.unavailable`.
 */
export function createRecordAudit(deps: ActivityDependencies) {
  /** A door that ends a request owes its workflow a message; now that it has come, nothing is owed. */
  async function settleWake({ id, status }: RequestRecord): Promise<void> {
    if (status !== 'rejected' && status !== 'withdrawn') return;
    await deps.store.commit((tx) => tx.requests.setWake(id, null));
  }

  return async function recordAudit({
    input,
    failure,
  }: Closing): Promise<RequestStatus | undefined> {
    const onRecord = await deps.store.requests.get(input.requestId);
    if (onRecord !== undefined && isTerminal(onRecord.status)) {
      await settleWake(onRecord);
      return onRecord.status;
    }
    if (failure === undefined) return onRecord?.status;
    await deps.store.commit(async (tx) => {
      const facts = { at: 'workflow', http_status: ERRORS[failure.code].status };
      const request = await tx.requests.get(input.requestId);
      if (request !== undefined) {
        const ending = { status: 'failed', ...failure } as const;
        await closeRequest(tx, request, ending, {
          event: 'request.completed',
          actor: 'gateway',
          facts,
        });
        return;
      }
      const { requestId, submission } = input;
      if (submission === undefined) return;
      const failed = newRequest({
        requestId,
        submission,
        status: 'failed',
        now: tx.now,
        ...failure,
      });
      await tx.requests.insert(failed);
      await tx.log.append({
        event: 'request.refused',
        ...requestFacts(failed),
        code: failure.code,
        facts,
      });
    });
    return 'failed';
  };
}
