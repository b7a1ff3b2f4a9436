import { GatewayError } from '../core/gateway-error.ts';
import { type ProbeCall, setupRequest } from '../core/setup-calls.ts';
import type { Operation } from '../contracts/plan.ts';
import type { Crm, CrmAnswer, CrmProbe } from '../ports/crm.ts';
import type { Store, StoreTransaction } from '../ports/store.ts';
import { freezeDetail } from './callable.ts';
import { guardedCall, type GuardedBy } from './guarded-call.ts';

export interface IncidentCallDependencies {
  readonly store: Store;
  readonly crm: Crm;
  readonly probe: CrmProbe;
}

/** One call of an incident's, on its old or its new key. */
export interface IncidentCall {
  readonly incidentId: string;
  readonly connection: string;
  readonly version: number;
}

/**
 * Law 8 with its one exception: an open incident goes through its own freeze, on the two keys that it is
 * about, and any other freeze on the connection stops it too.
 */
export async function assertIncidentMayCall(
  tx: StoreTransaction,
  { incidentId, version }: Pick<IncidentCall, 'incidentId' | 'version'>,
): Promise<void> {
  const incident = await tx.incidents.get(incidentId);
  if (incident === undefined || incident.stage === 'closed')
    throw new GatewayError('incident.wrong_stage', { detail: 'the incident is closed' });
  const target = { kind: 'connection', id: incident.connection } as const;
  const other = await tx.freezes.standing([target], incident.freezeId);
  if (other !== undefined) throw new GatewayError('freeze.active', { detail: freezeDetail(other) });
  if (version !== incident.oldVersion && version !== incident.newVersion)
    throw new GatewayError('credential.missing');
}

const guard = ({ incidentId, connection, version }: IncidentCall): GuardedBy => ({
  credential: { connection, version },
  by: 'gateway',
  purpose: 'incident',
  facts: { incident: incidentId },
  takesUnauthorized: true,
  assertMayCall: (tx) => assertIncidentMayCall(tx, { incidentId, version }),
});

/**
 * Without a turn: it asks on two keys, perhaps of two apps, each with limits of its own, and whoever stole the old one
 * must not be able to use up what tells that it is dead. One call in five seconds is within the plan's margin.
 */
export const probeKey = (
  { store, probe }: IncidentCallDependencies,
  of: IncidentCall,
  call: ProbeCall,
): Promise<CrmAnswer> =>
  guardedCall(store, guard(of), setupRequest(call), () => probe.call(call, guard(of).credential));

/** An operation of the closed table, on its turn of the share that is kept for incidents. */
export async function callForIncident(
  { store, crm }: IncidentCallDependencies,
  of: IncidentCall,
  operation: Operation,
): Promise<CrmAnswer> {
  const { credential } = guard(of);
  const noTurn = await crm.takeTurns([operation], credential, 'incident');
  if (noTurn !== undefined) return { kind: 'unsent', ...noTurn };
  return guardedCall(store, guard(of), operation, () => crm.call(operation, credential));
}
