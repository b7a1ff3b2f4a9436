import type { Operation } from '../contracts/plan.ts';
import { type SetupCall, setupRequest } from '../core/setup-calls.ts';
import type { Crm, CredentialRef, CrmAnswer, CrmSetup } from '../ports/crm.ts';
import type { Store } from '../ports/store.ts';
import { assertConnectable, assertNotFrozen } from './callable.ts';
import { guardedCall, type GuardedBy } from './guarded-call.ts';

export interface ConnectDependencies {
  readonly store: Store;
  readonly crm: Crm;
  readonly setup: CrmSetup;
}

export interface Connecting {
  readonly credential: CredentialRef;
  /** `operator`, or `gateway` for the demo. */
  readonly by: string;
  /** The token is not in use yet. */
  readonly isTrial: boolean;
}

const guard = ({ credential, by, isTrial }: Connecting): GuardedBy => ({
  credential,
  by,
  purpose: 'connect',
  // One that is to take the place of the one in use is not the one in use yet.
  assertMayCall: (tx) => (isTrial ? assertNotFrozen : assertConnectable)(tx, credential),
});

/** On its turn, as `callRead`. */
export async function callSetup(
  { store, crm, setup }: ConnectDependencies,
  of: Connecting,
  call: SetupCall,
): Promise<CrmAnswer> {
  const noTurn = await crm.takeTurns([call], of.credential, 'connect');
  if (noTurn !== undefined) return { kind: 'unsent', ...noTurn };
  return guardedCall(store, guard(of), setupRequest(call), () => setup.call(call, of.credential));
}

/** A read of the closed table, on its turn. */
export async function callRead(
  { store, crm }: ConnectDependencies,
  of: Connecting,
  operation: Operation,
): Promise<CrmAnswer> {
  const noTurn = await crm.takeTurns([operation], of.credential, 'connect');
  if (noTurn !== undefined) return { kind: 'unsent', ...noTurn };
  return guardedCall(store, guard(of), operation, () => crm.call(operation, of.credential));
}
