import { GatewayError } from '../core/gateway-error.ts';
import type { RequestRecord } from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { assertUntouched } from './begin.ts';
import { closeRequest, closeTampered, type Ending, type EndingCause } from './close.ts';

/**
 * Ends a request of which nothing is said to be under way, once its log has confirmed that. A row that somebody
 * changed is put where the log says it stands instead; then the place is returned.
 */
export async function closeUntouched(
  tx: StoreTransaction,
  request: RequestRecord,
  ending: Ending,
  cause: EndingCause,
): Promise<string | undefined> {
  try {
    await assertUntouched(tx, request);
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'plan.tampered') throw error;
    await closeTampered(tx, request.id, error.detail);
    return error.detail ?? 'the row';
  }
  await closeRequest(tx, request, ending, cause);
  return undefined;
}
