import type { RequestRecord } from '../core/records.ts';
import { isTerminal } from '../core/request-state.ts';
import type { ApiContext } from './api-context.ts';

/**
 * The request once it has ended, or as it is after `timeoutMs` or when the gateway stops. May last as
 * long as people take, so it must hold no place among the requests in flight. Rejects with the reason
 * of `signal`, the caller's hang-up.
 */
export async function waitForEnd(
  { store, inFlight }: Pick<ApiContext, 'store' | 'inFlight'>,
  request: RequestRecord,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<RequestRecord> {
  if (isTerminal(request.status) || timeoutMs <= 0) return request;
  const { stopping } = inFlight;
  const isDone = (now: RequestRecord): boolean => isTerminal(now.status);
  const patience = AbortSignal.any([signal, stopping]);
  try {
    return (await store.waitForRequest(request.id, isDone, timeoutMs, patience)) ?? request;
  } catch (error) {
    if (signal.aborted || !stopping.aborted) throw error;
    return (await store.requests.get(request.id)) ?? request;
  }
}
