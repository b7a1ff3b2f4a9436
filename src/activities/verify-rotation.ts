import { ACTIONS } from '../actions/catalogue.ts';
import type { ActionDefinition } from '../actions/define-action.ts';
import { fingerprintOf } from '../gate/credentials.ts';
import {
  type Check,
  type IncidentProgress,
  type IncidentRecord,
  isVerified,
  PROBE_EVERY_MS,
} from '../core/incident.ts';
import { GatewayError } from '../core/gateway-error.ts';
import { activateNewKey, incidentAt, noteChecks, refuseKey } from '../gate/incidents.ts';
import { grantedActions } from '../gate/granted-actions.ts';
import { isOwnAgent } from '../gate/own-agent.ts';
import type { IncidentDependencies } from './dependencies.ts';
import { tryCanary } from './incident-canary.ts';
import {
  exactScopes,
  type Found,
  logWhole,
  oldKeyDead,
  rotationSeen,
  sameAccount,
} from './incident-checks.ts';
import { progressOf } from './incident-progress.ts';

/** What passed is not asked again; only the old key's death is looked at until it is seen. */
const hasPassed = ({ checks }: IncidentRecord, name: Check['name']): boolean =>
  checks.some((check) => check.name === name && /^(?:passed|not_possible)$/.test(check.state));

/**
 * Revoke and rotate is a person's step, since HubSpot has no API for it: it is asked for until the new
 * key is stored, and meanwhile the old one is tried. Safe to run any number of times.
 */
export function createAskForKey(deps: IncidentDependencies) {
  const { store, clock } = deps;
  const again = { stage: 'rotating', lookMs: PROBE_EVERY_MS } as const;
  return async function askForKey(id: string): Promise<IncidentProgress> {
    const incident = await incidentAt(store, id, 'rotating');
    if (incident === undefined) return progressOf(store, id, again);
    const found = hasPassed(incident, 'old_key_dead') ? [] : [await oldKeyDead(deps, incident)];
    await store.commit(async (tx) => {
      const now = await incidentAt(tx, id, 'rotating');
      if (now !== undefined) await noteChecks(tx, now, dated(found, clock()));
    });
    return progressOf(store, id, again);
  };
}

const dated = (found: readonly Found[], at: Date): Check[] =>
  found.map(({ name, state, detail }) => ({ name, state, detail, at }));

/** What any agent may do: a key that is for reading alone needs no more than that. */
async function enabledActions(
  { store, policy }: IncidentDependencies,
  connection: string,
): Promise<readonly ActionDefinition[]> {
  const { rows } = await store.agents.list();
  // Where nobody may write there is nothing that our own agent could take back.
  const agents = rows.filter(({ id, revokedAt }) => revokedAt === null && !isOwnAgent(id));
  return agents.flatMap((agent) => grantedActions(policy(), ACTIONS, { agent, connection }));
}

/**
 * Verifies a rotation by machine: the old key refused, the new one of the same account with exactly the
 * scopes that are needed, seen in HubSpot's security log, a write read back and removed, and our own
 * log whole. Then the new key is the one in use. Safe to run any number of times. Errors:
 * `freeze.active` (another freeze stands), `secret.unavailable`, `store.unavailable`.
 */
export function createVerifyRotation(deps: IncidentDependencies) {
  const { store, clock, secrets } = deps;
  const again = { stage: 'verifying', lookMs: PROBE_EVERY_MS } as const;

  async function look(incident: IncidentRecord, version: number): Promise<readonly Found[]> {
    const { id: incidentId, connection } = incident;
    const of = { incidentId, connection, version };
    const { portalId } = (await store.connections.get(connection)) ?? {};
    const looks: readonly [Check['name'], () => Promise<Found>][] = [
      ['old_key_dead', () => oldKeyDead(deps, incident)],
      ['same_account', () => sameAccount(deps, of, portalId)],
      ['exact_scopes', async () => exactScopes(deps, of, await enabledActions(deps, connection))],
      ['rotation_seen', () => rotationSeen(deps, incident, of, clock())],
      ['canary', () => tryCanary(deps, incident, version)],
      ['log_whole', () => logWhole(deps, incident)],
    ];
    const found: Found[] = [];
    for (const [name, ask] of looks) {
      if (hasPassed(incident, name)) continue;
      const one = await ask();
      found.push(one);
      // Nothing else is asked of a key that is not the right one.
      if (one.isWrongKey === true) break;
    }
    return found;
  }

  async function fingerprint(incident: IncidentRecord, version: number): Promise<string> {
    const secret = await secrets.get(`hubspot/${incident.connection}`, version);
    if (secret === undefined) throw new GatewayError('credential.missing');
    return fingerprintOf(secret.value);
  }

  return async function verifyRotation(id: string): Promise<IncidentProgress> {
    const incident = await incidentAt(store, id, 'verifying');
    const version = incident?.newVersion;
    if (incident === undefined || version == null) return progressOf(store, id, again);
    const found = await look(incident, version);
    const print = await fingerprint(incident, version);
    const isInUse = await store.commit(async (tx) => {
      const now = await incidentAt(tx, id, 'verifying');
      if (now?.newVersion !== version) return false;
      const checked = await noteChecks(tx, now, dated(found, clock()));
      const newAppId = found.find(({ appId }) => appId !== undefined)?.appId;
      const noted = newAppId === undefined ? checked : await tx.incidents.update(id, { newAppId });
      const wrong = found.find(({ isWrongKey }) => isWrongKey === true);
      if (wrong !== undefined) await refuseKey(tx, noted, wrong.detail);
      else if (isVerified(noted.checks)) await activateNewKey(tx, noted, print);
      return wrong === undefined && isVerified(noted.checks);
    });
    if (isInUse) await secrets.promote(`hubspot/${incident.connection}`, version);
    return progressOf(store, id, again);
  };
}
