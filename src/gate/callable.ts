import { GatewayError } from '../core/gateway-error.ts';
import type { FreezeRecord, FreezeTarget, RequestRecord } from '../core/records.ts';
import type { CredentialRef } from '../ports/crm.ts';
import type { StoreReads, StoreTransaction } from '../ports/store.ts';

/** What must hold in the transaction that lets a call begin. */
export const freezeTargets = (connection: string, agentId: string): FreezeTarget[] => [
  { kind: 'connection', id: connection },
  { kind: 'agent', id: agentId },
];

/**
 * The freeze that stops a call on these targets. `exceptId` is the one that an incident has placed: what the
 * gateway itself does to end that incident goes through it, and through no other.
 */
export async function stoppingFreeze(
  { freezes }: Pick<StoreReads, 'freezes'>,
  targets: readonly FreezeTarget[],
  exceptId?: string,
): Promise<FreezeRecord | undefined> {
  if (exceptId === undefined) return freezes.standing(targets);
  const isOn = ({ target }: FreezeRecord): boolean =>
    targets.some(({ kind, id }) => kind === target.kind && id === target.id);
  const all = await freezes.list();
  return all.find((one) => one.liftedAt === null && one.id !== exceptId && isOn(one));
}

/** Throws `freeze.active` or `credential.missing`: nothing may be called on the connection. */
async function assertUsable(
  tx: StoreTransaction,
  { connection, version }: CredentialRef,
  targets: readonly FreezeTarget[],
  exceptFreeze?: string,
): Promise<void> {
  const freeze = await stoppingFreeze(tx, targets, exceptFreeze);
  if (freeze !== undefined)
    throw new GatewayError('freeze.active', { detail: freezeDetail(freeze) });
  const active = await tx.credentials.active(connection);
  if (active?.version !== version) throw new GatewayError('credential.missing');
}

/**
 * A connected account is called only on a token that was seen to open it: a token of another account
 * would find none of its records, and make the same write again over there. Throws `credential.unchecked`.
 */
export async function assertChecked(
  { connections }: Pick<StoreReads, 'connections'>,
  { connection, version }: CredentialRef,
): Promise<void> {
  const connected = await connections.get(connection);
  if (connected !== undefined && connected.credentialVersion !== version)
    throw new GatewayError('credential.unchecked', { detail: `version ${version}` });
}

/** The check before a connection is looked at, to find out which account its token opens. */
export const assertConnectable = (tx: StoreTransaction, credential: CredentialRef): Promise<void> =>
  assertUsable(tx, credential, [{ kind: 'connection', id: credential.connection }]);

/**
 * The check before HubSpot is read about a write that was lost. What became of it must be told also
 * when its agent was frozen or revoked meanwhile, and then above all.
 */
export async function assertReadable(
  tx: StoreTransaction,
  credential: CredentialRef,
): Promise<void> {
  await assertConnectable(tx, credential);
  await assertChecked(tx, credential);
}

/**
 * A write is for the account that its connection led to when it was asked for: record ids mean other
 * records elsewhere, and what was lost is not found there. Throws `connection.portal_changed`.
 */
export async function assertSameAccount(
  { connections }: Pick<StoreReads, 'connections'>,
  { connection, createdAt }: Pick<RequestRecord, 'connection' | 'createdAt'>,
): Promise<void> {
  const since = (await connections.get(connection))?.accountSince;
  if (since != null && createdAt < since)
    throw new GatewayError('connection.portal_changed', {
      detail: `since ${since.toISOString()}, after it was asked for`,
    });
}

/**
 * Throws `freeze.active`, `credential.missing`, `credential.unchecked`, `policy.denied`: the checks of
 * every call for an agent, reads too.
 */
export async function assertCallable(
  tx: StoreTransaction,
  of: {
    readonly agentId: string;
    readonly credential: CredentialRef;
    /** The freeze of the incident that this call is part of. */
    readonly exceptFreeze?: string | undefined;
  },
): Promise<void> {
  const { connection } = of.credential;
  const targets = freezeTargets(connection, of.agentId);
  await assertUsable(tx, of.credential, targets, of.exceptFreeze);
  await assertChecked(tx, of.credential);
  const agent = await tx.agents.get(of.agentId);
  if (agent === undefined || agent.revokedAt !== null)
    throw new GatewayError('policy.denied', { detail: 'the agent was revoked' });
}

export const freezeDetail = (freeze: {
  readonly target: FreezeTarget;
  readonly id: string;
}): string => `${freeze.target.kind} ${freeze.target.id} is frozen (${freeze.id})`;
