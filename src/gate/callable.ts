import { GatewayError } from '../core/gateway-error.ts';
import type { FreezeRecord, FreezeTarget, RequestRecord } from '../core/records.ts';
import type { CredentialRef } from '../ports/crm.ts';
import type { StoreReads, StoreTransaction } from '../ports/store.ts';
import { isOwnAgent } from './own-agent.ts';

/** Whose calls on which connection. */
interface Calling {
  readonly connection: string;
  /** Absent where nobody asked for it but the gateway itself, to see which account a token opens. */
  readonly agentId?: string | undefined;
}

/**
 * The freeze that stops these calls. What the gateway itself takes back during an incident goes through
 * the freeze which that incident has placed, and through no other.
 */
export async function stoppingFreeze(
  { freezes, incidents }: Pick<StoreReads, 'freezes' | 'incidents'>,
  { connection, agentId }: Calling,
): Promise<FreezeRecord | undefined> {
  const targets: FreezeTarget[] = [
    { kind: 'connection', id: connection },
    ...(agentId === undefined ? [] : [{ kind: 'agent', id: agentId } as const]),
  ];
  const isOwn = agentId !== undefined && isOwnAgent(agentId);
  const incident = isOwn ? await incidents.open(connection) : undefined;
  return freezes.standing(targets, incident?.freezeId);
}

/** Throws `freeze.active`. */
export async function assertNotFrozen(tx: StoreTransaction, of: Calling): Promise<void> {
  const freeze = await stoppingFreeze(tx, of);
  if (freeze !== undefined)
    throw new GatewayError('freeze.active', { detail: freezeDetail(freeze) });
}

/** Throws `freeze.active` or `credential.missing`: nothing may be called on the connection. */
async function assertUsable(
  tx: StoreTransaction,
  { connection, version }: CredentialRef,
  agentId?: string,
): Promise<void> {
  await assertNotFrozen(tx, { connection, agentId });
  const active = await tx.credentials.active(connection);
  if (active?.version !== version) throw new GatewayError('credential.missing');
}

/**
 * The credential in use now, for a read that begins and whose own was looked up a moment ago: a rotation in between
 * fails no agent. Nothing else is moved: a write's next attempt looks up again, and what has begun in one account goes
 * on in no other. Without one in use it is the one that was looked up, for the checks to refuse.
 */
export async function credentialForRead(
  tx: StoreTransaction,
  { connection, version }: CredentialRef,
): Promise<CredentialRef> {
  const active = await tx.credentials.active(connection);
  return { connection, version: active?.version ?? version };
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
  assertUsable(tx, credential);

/**
 * The check before HubSpot is read about a write that was lost. What became of it must be told also
 * when its agent was frozen or revoked meanwhile, and then above all.
 */
export async function assertReadable(
  tx: StoreTransaction,
  of: { readonly agentId?: string | undefined; readonly credential: CredentialRef },
): Promise<void> {
  const { agentId, credential } = of;
  const isOwn = agentId !== undefined && isOwnAgent(agentId);
  await assertUsable(tx, credential, isOwn ? agentId : undefined);
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
  of: { readonly agentId: string; readonly credential: CredentialRef },
): Promise<void> {
  await assertUsable(tx, of.credential, of.agentId);
  await assertChecked(tx, of.credential);
  const agent = await tx.agents.get(of.agentId);
  if (agent === undefined || agent.revokedAt !== null)
    throw new GatewayError('policy.denied', { detail: 'the agent was revoked' });
}

export const freezeDetail = (freeze: {
  readonly target: FreezeTarget;
  readonly id: string;
}): string => `${freeze.target.kind} ${freeze.target.id} is frozen (${freeze.id})`;
