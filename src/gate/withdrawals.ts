import { GatewayError } from '../core/gateway-error.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { assertUntouched } from './begin.ts';
import { closeRequest, closeTampered } from './close.ts';

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
  const isWaiting = request.status === 'planned' || request.status === 'awaiting_approval';
  if (!isWaiting) {
    throw new GatewayError('request.not_withdrawable', {
      detail: `the request is ${request.status}`,
    });
  }
  try {
    await assertUntouched(tx, request);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'plan.tampered') throw error;
    await closeTampered(tx, request.id, error.detail);
    return;
  }
  await closeRequest(
    tx,
    request,
    { status: 'withdrawn', code: 'approval.withdrawn' },
    { event: 'request.withdrawn', actor: `agent:${of.agentId}` },
  );
  await tx.requests.setWake(request.id, tx.now);
}
