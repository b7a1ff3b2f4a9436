import { errorCodeOf } from '../../../core/gateway-error.ts';
import { ordersOf } from './log-orders.ts';
import { tampered } from './seal.ts';
import type { Reader } from './unit.ts';

interface Revocable {
  readonly id: string;
  readonly revokedAt: Date | null;
}

/**
 * A row from before its revocation opens as well as it ever did: the log knows. What comes back takes a record as its
 * row tells it, and throws `plan.tampered` for such a one. Where the log has lost an order nothing is called anyway, and
 * rows are believed until it is restored: else nobody could sign in and see why.
 */
export async function heldAgainstLog(
  reader: Reader,
  table: string,
): Promise<<T extends Revocable>(record: T) => T> {
  const revoked = await revokedIn(reader);
  return (record) => {
    if (record.revokedAt === null && revoked.has(record.id)) throw tampered(table, record.id);
    return record;
  };
}

async function revokedIn(reader: Reader): Promise<ReadonlySet<string>> {
  try {
    return (await ordersOf(reader)).revoked;
  } catch (error) {
    if (errorCodeOf(error) === 'freeze.active') return new Set();
    throw error;
  }
}
