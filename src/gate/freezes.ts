import { GatewayError } from '../core/gateway-error.ts';
import type { FreezeRecord, FreezeTarget } from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { newId } from './ids.ts';

interface FreezeOrder {
  readonly target: FreezeTarget;
  readonly reason: string;
  readonly by: string;
  /** The gateway's own connection: it can be frozen before it has a credential. */
  readonly configured: string;
}

/** A mistyped name must not answer "Frozen" while the calls go on. */
async function assertTargetExists(tx: StoreTransaction, of: FreezeOrder): Promise<void> {
  const { kind, id } = of.target;
  const found =
    kind === 'agent'
      ? await tx.agents.get(id)
      : id === of.configured || (await tx.credentials.active(id));
  if (found === undefined)
    throw new GatewayError('request.not_found', { detail: `no ${kind} ${id}` });
}

/**
 * Places a freeze: once this has committed, no call starts on the target, on any replica. Placing twice
 * is one freeze. Throws `request.not_found` for an unknown agent, and for a connection that is neither
 * the configured one nor has a credential.
 */
export async function placeFreeze(tx: StoreTransaction, of: FreezeOrder): Promise<FreezeRecord> {
  await assertTargetExists(tx, of);
  const standing = await tx.freezes.standing([of.target]);
  if (standing !== undefined) return standing;
  const freeze: FreezeRecord = {
    id: newId('frz'),
    target: of.target,
    reason: of.reason,
    placedBy: of.by,
    placedAt: tx.now,
    liftedAt: null,
  };
  await tx.freezes.insert(freeze);
  await tx.log.append({
    event: 'freeze.placed',
    actor: of.by,
    facts: { freeze: freeze.id, target: `${of.target.kind}:${of.target.id}` },
    personal: { reason: of.reason },
  });
  return freeze;
}

/** Lifts a freeze. Throws `request.not_found`; lifting a lifted one does nothing. */
export async function liftFreeze(
  tx: StoreTransaction,
  of: { readonly freezeId: string; readonly by: string },
): Promise<void> {
  const freeze = await tx.freezes.get(of.freezeId);
  if (freeze === undefined)
    throw new GatewayError('request.not_found', { detail: `no freeze ${of.freezeId}` });
  if (!(await tx.freezes.lift(of.freezeId))) return;
  await tx.log.append({
    event: 'freeze.lifted',
    actor: of.by,
    facts: { freeze: freeze.id, target: `${freeze.target.kind}:${freeze.target.id}` },
  });
}
