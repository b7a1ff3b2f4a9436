import type { RequestRecord } from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';

/** The good end of a request, with its log entry, in the caller's transaction. */
export async function recordSuccess(
  tx: StoreTransaction,
  request: Pick<RequestRecord, 'id' | 'agentId' | 'digest'>,
  result: unknown,
): Promise<void> {
  await tx.requests.update(request.id, { status: 'succeeded', result });
  await tx.requests.setWake(request.id, null);
  await tx.log.append({
    event: 'request.completed',
    requestId: request.id,
    agentId: request.agentId,
    actor: 'gateway',
    digest: request.digest ?? undefined,
    facts: { status: 'succeeded' },
    personal: { result },
  });
}
