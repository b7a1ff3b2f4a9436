import { GatewayError } from '../core/gateway-error.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { closeUntouched } from './close-untouched.ts';

/**
 * An agent takes its own request back while it waits. Throws `request.not_found` (also for another
 * agent's request) and `request.not_withdrawable`; withdrawing twice is one withdrawal. A row that somebody changed is
 * put where the log says it stands instead.
 */
export async function withdrawRequest(
  tx: StoreTransaction,
  of: { readonly requestId: string; readonly agentId: string },
): Promise<void> {
  const request = await tx.requests.get(of.requestId);
  if (request?.agentId !== of.agentId) throw new GatewayError('request.not_found');
  if (request.status === 'withdrawn') return;
  if (request.status !== 'planned' && request.status !== 'awaiting_approval') {
    throw new GatewayError('request.not_withdrawable', {
      detail: `the request is ${request.status}`,
    });
  }
  const ending = { status: 'withdrawn', code: 'approval.withdrawn' } as const;
  const cause = { event: 'request.withdrawn', actor: `agent:${of.agentId}` } as const;
  const damaged = await closeUntouched(tx, request, ending, cause);
  if (damaged === undefined) await tx.requests.setWake(request.id, tx.now);
}
