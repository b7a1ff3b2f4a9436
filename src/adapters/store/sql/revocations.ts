import { GatewayError } from '../../../core/gateway-error.ts';
import { knownOfRoster, type KnownOfRoster } from './log-orders.ts';
import type { Reader } from './unit.ts';

interface OnRoster {
  readonly id: string;
  readonly revokedAt: Date | null;
  /** Of a person. */
  readonly roles?: readonly string[];
}

type Held = <T extends OnRoster>(record: T) => T;

const heldAgainst =
  (known: Pick<KnownOfRoster, 'revoked' | 'roles'>): Held =>
  (record) => {
    const revokedAt = record.revokedAt ?? known.revoked.get(record.id) ?? null;
    const roles = known.roles.get(record.id);
    const held = roles === undefined ? record : { ...record, roles };
    return revokedAt === held.revokedAt ? held : { ...held, revokedAt };
  };

/**
 * A row that was put back from before its revocation, or from before its person's roles were changed, opens as well as
 * it ever did: the log is what counts. What comes back takes a record as its row tells it, and returns it revoked, and
 * with the roles, where the log says so.
 */
export const heldAgainstLog = async (reader: Reader): Promise<Held> =>
  heldAgainst(await knownOfRoster(reader));

/**
 * The same, for one who wants in. Throws `store.unavailable` where the log has lost an order and nobody can say who was
 * revoked; not in a unit, where by then somebody may have to be revoked.
 */
export async function surelyHeldAgainstLog(reader: Reader): Promise<Held> {
  const { isUnsure, ...known } = await knownOfRoster(reader);
  if (isUnsure && reader.isCommitted)
    throw new GatewayError('store.unavailable', {
      detail: 'the log has lost an order, and cannot say who was revoked; restore the store',
    });
  return heldAgainst(known);
}
