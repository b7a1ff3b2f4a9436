import { revokedIn } from './log-orders.ts';
import type { Reader } from './unit.ts';

interface Revocable {
  readonly id: string;
  readonly revokedAt: Date | null;
}

/**
 * A row that was put back from before its revocation opens as well as it ever did: the log is what counts. What comes
 * back takes a record as its row tells it, and returns it revoked where the log says so. Throws `freeze.active` where the
 * log has lost an order and nobody can say who was revoked.
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
