import { GatewayError } from '../core/gateway-error.ts';
import { pathForLog } from '../core/hubspot-paths.ts';
import type { IncidentRecord } from '../core/incident.ts';
import { type ProbeCall, setupRequest } from '../core/setup-calls.ts';
import type { Operation } from '../contracts/plan.ts';
import type { Crm, CrmAnswer, CrmProbe } from '../ports/crm.ts';
import type { Store, StoreTransaction } from '../ports/store.ts';
import { freezeDetail } from './callable.ts';
import { incidentEntry } from './incidents.ts';

export interface IncidentCallDependencies {
  readonly store: Store;
  readonly crm: Crm;
  readonly probe: CrmProbe;
}

/** One call of an incident's, on its old or its new key. */
export interface IncidentCall {
  readonly incidentId: string;
  readonly version: number;
}

/**
 * Law 8 with its one exception: an open incident goes through its own freeze, on the two keys that it is
 * about, and any other freeze on the connection stops it too.
 */
export async function assertIncidentMayCall(
  tx: StoreTransaction,
  { incidentId, version }: IncidentCall,
): Promise<IncidentRecord> {
  const incident = await tx.incidents.get(incidentId);
  if (incident === undefined || incident.stage === 'closed')
    throw new GatewayError('incident.wrong_stage', { detail: 'the incident is closed' });
  const target = { kind: 'connection', id: incident.connection } as const;
  const other = await tx.freezes.standing([target], incident.freezeId);
  if (other !== undefined) throw new GatewayError('freeze.active', { detail: freezeDetail(other) });
  if (version !== incident.oldVersion && version !== incident.newVersion)
    throw new GatewayError('credential.missing');
  return incident;
}

interface Called {
  readonly method: string;
  readonly path: string;
}

/** Laws 1 and 8, as for any other call: the intent and the look at the freezes in one commit before it. */
async function guarded(
  { store }: IncidentCallDependencies,
  of: IncidentCall,
  { method, path }: Called,
  call: (connection: string) => Promise<CrmAnswer>,
): Promise<CrmAnswer> {
  const facts = { purpose: 'incident', method, credential_version: of.version };
  const hubspotEndpoint = pathForLog(path);
  const incident = await store.commit(async (tx) => {
    const found = await assertIncidentMayCall(tx, of);
    await tx.log.append(incidentEntry(found, 'hubspot.intended', { hubspotEndpoint, facts }));
    return found;
  });
  const answer = await call(incident.connection);
  await store.commit((tx) =>
    tx.log.append(
      incidentEntry(incident, answer.kind === 'lost' ? 'hubspot.lost' : 'hubspot.answered', {
        hubspotEndpoint,
        responseStatus: 'status' in answer ? answer.status : undefined,
        code: answer.kind === 'answered' ? undefined : answer.code,
        facts: { ...facts, answer: answer.kind },
      }),
    ),
  );
  return answer;
}

export const probeKey = (
  deps: IncidentCallDependencies,
  of: IncidentCall,
  call: ProbeCall,
): Promise<CrmAnswer> =>
  guarded(deps, of, setupRequest(call), (connection) =>
    deps.probe.call(call, { connection, version: of.version }),
  );

/** An operation of the closed table, on its turn of the share that is kept for incidents. */
export async function callForIncident(
  deps: IncidentCallDependencies,
  of: IncidentCall & { readonly connection: string },
  operation: Operation,
): Promise<CrmAnswer> {
  const credential = { connection: of.connection, version: of.version };
  const noTurn = await deps.crm.takeTurns([operation], credential, 'incident');
  if (noTurn !== undefined) return { kind: 'unsent', ...noTurn };
  return guarded(deps, of, operation, () => deps.crm.call(operation, credential));
}
