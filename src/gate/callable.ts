import { GatewayError } from '../core/gateway-error.ts';
import type { FreezeTarget } from '../core/records.ts';
import type { CredentialRef } from '../ports/crm.ts';
import type { StoreTransaction } from '../ports/store.ts';

/** What must hold in the transaction that lets a call begin. */
export const freezeTargets = (connection: string, agentId: string): FreezeTarget[] => [
  { kind: 'connection', id: connection },
  { kind: 'agent', id: agentId },
];

/** Throws `freeze.active` or `credential.missing`: nothing may be called on the connection. */
async function assertConnected(
  tx: StoreTransaction,
  { connection, version }: CredentialRef,
  targets: readonly FreezeTarget[],
): Promise<void> {
  const freeze = await tx.freezes.standing(targets);
  if (freeze !== undefined)
    throw new GatewayError('freeze.active', { detail: freezeDetail(freeze) });
  const active = await tx.credentials.active(connection);
  if (active?.version !== version) throw new GatewayError('credential.missing');
}

/**
 * The check before HubSpot is read about a write that was lost. What became of it must be told also
 * when its agent was frozen or revoked meanwhile, and then above all.
 */
export const assertReadable = (tx: StoreTransaction, credential: CredentialRef): Promise<void> =>
  assertConnected(tx, credential, [{ kind: 'connection', id: credential.connection }]);

/** Throws `freeze.active`, `credential.missing`, `policy.denied`: the checks of every call for an agent, reads too. */
export async function assertCallable(
  tx: StoreTransaction,
  of: { readonly agentId: string; readonly credential: CredentialRef },
): Promise<void> {
  const { connection } = of.credential;
  await assertConnected(tx, of.credential, freezeTargets(connection, of.agentId));
  const agent = await tx.agents.get(of.agentId);
  if (agent === undefined || agent.revokedAt !== null)
    throw new GatewayError('policy.denied', { detail: 'the agent was revoked' });
}

export const freezeDetail = (freeze: {
  readonly target: FreezeTarget;
  readonly id: string;
}): string => `${freeze.target.kind} ${freeze.target.id} is frozen (${freeze.id})`;
