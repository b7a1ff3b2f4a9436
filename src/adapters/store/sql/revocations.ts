import { errorCodeOf } from '../../../core/gateway-error.ts';
import { ordersOf } from './log-orders.ts';
import type { Reader } from './unit.ts';

interface Revocable {
  readonly id: string;
  readonly revokedAt: Date | null;
}

/**
 * A row that was put back from before its revocation opens as well as it ever did: the log is what counts. What comes
 * back takes a record as its row tells it, and returns it revoked where the log says so.
 */
export async function heldAgainstLog(
  reader: Reader,
): Promise<<T extends Revocable>(record: T) => T> {
  const revoked = await revokedIn(reader);
  return (record) => {
    const revokedAt = record.revokedAt ?? revoked.get(record.id) ?? null;
    return revokedAt === record.revokedAt ? record : { ...record, revokedAt };
  };
}

/** Where the log has lost an order nothing is called, and what was known of it before holds: somebody must sign in to see why. */
async function revokedIn(reader: Reader): Promise<ReadonlyMap<string, Date>> {
  try {
    return (await ordersOf(reader)).revoked;
  } catch (error) {
    if (errorCodeOf(error) === 'freeze.active') return reader.scan.orders()?.revoked ?? new Map();
    throw error;
  }
}
