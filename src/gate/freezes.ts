import { errorCodeOf, GatewayError } from '../core/gateway-error.ts';
import type { GrantRecord } from '../core/grants.ts';
import type { FreezeRecord, FreezeTarget } from '../core/records.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { endGrantsIfKnown } from './grants.ts';
import { newId } from './ids.ts';
import { unlessTampered } from './unless-tampered.ts';

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

/** What people allowed ahead they allowed while all was well; it is theirs to allow again. */
async function endAllowedAhead(
  tx: StoreTransaction,
  { kind, id }: FreezeTarget,
  by: string,
): Promise<void> {
  const isMeant = ({ agentId }: GrantRecord): boolean => kind === 'connection' || agentId === id;
  await endGrantsIfKnown(tx, isMeant, { cause: 'freeze', by });
}

/** One more freeze, whatever stands already. */
export async function addFreeze(
  tx: StoreTransaction,
  of: Omit<FreezeOrder, 'configured'>,
): Promise<FreezeRecord> {
  const freeze: FreezeRecord = {
    id: newId('frz'),
    target: of.target,
    reason: of.reason,
    placedBy: of.by,
    placedAt: tx.now,
    liftedAt: null,
  };
  // Before its entry: an incident's story begins with the freeze, right before the incident.
  await endAllowedAhead(tx, of.target, of.by);
  await tx.freezes.insert(freeze);
  await tx.log.append({
    event: 'freeze.placed',
    actor: of.by,
    facts: { freeze: freeze.id, target: `${of.target.kind}:${of.target.id}` },
    personal: { reason: of.reason },
  });
  return freeze;
}

/** The freeze that an open incident holds here. A damaged incident is no reason not to freeze. */
async function heldByIncident(
  tx: StoreTransaction,
  { kind, id }: FreezeTarget,
): Promise<string | undefined> {
  if (kind !== 'connection') return undefined;
  return (await unlessTampered(tx.incidents.open(id), undefined))?.freezeId;
}

/** Where the log has lost an order nobody can say whether one stands, and one more does no harm. */
async function standingOn(
  tx: StoreTransaction,
  target: FreezeTarget,
  beside: string | undefined,
): Promise<FreezeRecord | undefined> {
  try {
    return await tx.freezes.standing([target], beside);
  } catch (error) {
    if (errorCodeOf(error) !== 'freeze.active') throw error;
    return undefined;
  }
}

/**
 * Places a freeze: once this has committed, no call starts on the target, on any replica. Placing twice
 * is one freeze; beside that of an incident, which lets the incident's own calls through, it is one of
 * its own. Throws `request.not_found` for an unknown agent, and for a connection that is neither the
 * configured one nor has a credential.
 */
export async function placeFreeze(tx: StoreTransaction, of: FreezeOrder): Promise<FreezeRecord> {
  await assertTargetExists(tx, of);
  const held = await heldByIncident(tx, of.target);
  const standing = await standingOn(tx, of.target, held);
  if (standing !== undefined) return standing;
  return addFreeze(tx, of);
}

/**
 * Lifts a freeze. Throws `request.not_found`, and `incident.open` for the one that an incident holds;
 * lifting a lifted one does nothing.
 */
export async function liftFreeze(
  tx: StoreTransaction,
  of: { readonly freezeId: string; readonly by: string },
): Promise<void> {
  const freeze = await tx.freezes.get(of.freezeId);
  if (freeze === undefined)
    throw new GatewayError('request.not_found', { detail: `no freeze ${of.freezeId}` });
  if ((await heldByIncident(tx, freeze.target)) === freeze.id)
    throw new GatewayError('incident.open');
  await liftStanding(tx, freeze, of.by);
}

export async function liftStanding(
  tx: StoreTransaction,
  { id, target }: Pick<FreezeRecord, 'id' | 'target'>,
  by: string,
): Promise<void> {
  if (!(await tx.freezes.lift(id))) return;
  await tx.log.append({
    event: 'freeze.lifted',
    actor: by,
    facts: { freeze: id, target: `${target.kind}:${target.id}` },
  });
}
