import type { RequestRecord } from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { closeRequest, closeTampered, type Ending, type EndingCause } from './close.ts';
import { placeTouched } from './untouched.ts';

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
  const place = await placeTouched(tx, request);
  if (place === undefined) await closeRequest(tx, request, ending, cause);
  else await closeTampered(tx, request.id, place);
  return place;
}
