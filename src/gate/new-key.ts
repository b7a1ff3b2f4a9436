import { GatewayError } from '../core/gateway-error.ts';
import { type IncidentRecord, STEP_STAGES } from '../core/incident.ts';
import type { SecretStore } from '../ports/secret-store.ts';
import type { Store } from '../ports/store.ts';
import { fingerprintOf } from './credentials.ts';
import { supplyKey } from './incident-steps.ts';
import type { StepProof } from './step-up.ts';

export interface NewKey {
  readonly incidentId: string;
  readonly value: string;
  readonly by: string;
  /** As of a step of the incident. */
  readonly proven?: StepProof | undefined;
}

/**
 * Takes the new key of an incident straight into the secret store, as its next version; it is called for
 * verifying alone until every check has passed. Throws `incident.same_key` for the one that is to be
 * replaced, `incident.wrong_stage`, `request.not_found`, `secret.conflict`, `secret.unavailable`.
 */
export async function storeNewKey(
  { store, secrets }: { readonly store: Store; readonly secrets: SecretStore },
  of: NewKey,
): Promise<IncidentRecord> {
  const { incidentId, value } = of;
  const incident = await store.incidents.get(incidentId);
  if (incident === undefined)
    throw new GatewayError('request.not_found', { detail: `no incident ${incidentId}` });
  if (!STEP_STAGES.supply_key.includes(incident.stage))
    throw new GatewayError('incident.wrong_stage', { detail: `it is ${incident.stage}` });
  const name = `hubspot/${incident.connection}`;
  const newest = await secrets.get(name);
  const old =
    incident.oldVersion === null ? undefined : await secrets.get(name, incident.oldVersion);
  if (old?.value === value) throw new GatewayError('incident.same_key');
  // A second press stores it once.
  const version =
    newest?.value === value && newest.version === incident.newVersion
      ? newest.version
      : await secrets.put(name, value, newest?.version ?? 0, 'pending');
  const { by, proven } = of;
  const supplied = { incidentId, version, fingerprint: fingerprintOf(value), by, proven };
  return store.commit((tx) => supplyKey(tx, supplied));
}
