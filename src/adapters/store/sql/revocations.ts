import { GatewayError } from '../../../core/gateway-error.ts';
import { type Revoked, revokedIn } from './log-orders.ts';
import type { Reader } from './unit.ts';

interface Revocable {
  readonly id: string;
  readonly revokedAt: Date | null;
}

type Held = <T extends Revocable>(record: T) => T;

const heldAgainst =
  (ids: Revoked['ids']): Held =>
  (record) => {
    const revokedAt = record.revokedAt ?? ids.get(record.id) ?? null;
    return revokedAt === record.revokedAt ? record : { ...record, revokedAt };
  };

/**
 * A row that was put back from before its revocation opens as well as it ever did: the log is what counts. What comes
 * back takes a record as its row tells it, and returns it revoked where the log says so.
 */
export const heldAgainstLog = async (reader: Reader): Promise<Held> =>
  heldAgainst((await revokedIn(reader)).ids);

/**
 * The same, for one who wants in. Throws `store.unavailable` where the log has lost an order and nobody can say who was
 * revoked; not in a unit, where by then somebody may have to be revoked.
 */
export async function surelyHeldAgainstLog(reader: Reader): Promise<Held> {
  const { ids, isUnsure } = await revokedIn(reader);
  if (isUnsure && reader.isCommitted)
    throw new GatewayError('store.unavailable', {
      detail: 'the log has lost an order, and cannot say who was revoked; restore the store',
    });
  return heldAgainst(ids);
}
