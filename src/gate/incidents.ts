import { GatewayError } from '../core/gateway-error.ts';
import type { Proof } from '../core/proofs.ts';
import {
  type Check,
  type Clock,
  type IncidentRecord,
  type IncidentStage,
  isVerified,
  WINDOW_DEFAULT_MS,
} from '../core/incident.ts';
import type { AuditEvent } from '../core/records.ts';
import type { IncidentReads } from '../ports/incident-store.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { activateCredential } from './credentials.ts';
import { addFreeze } from './freezes.ts';
import { newId } from './ids.ts';

/** What opens an incident and what a machine does, each in one commit with its entry. What is repeated changes nothing. */

export interface IncidentToOpen {
  readonly connection: string;
  readonly reason: string;
  /** `person:…`, `operator`, or `gateway` for a rule. */
  readonly by: string;
  readonly cause?: IncidentRecord['cause'];
  /** How a door that signals come through knew whose it was. */
  readonly proof?: Proof;
  /** From when on to look at changes; a day back by default. */
  readonly since?: Date;
}

/** An entry of the incident's own story, by which the post-mortem finds it. */
export const incidentEntry = (
  { id, connection }: Pick<IncidentRecord, 'id' | 'connection'>,
  event: AuditEvent['event'],
  more: Partial<AuditEvent> = {},
): AuditEvent => ({
  event,
  actor: 'gateway',
  ...more,
  facts: { incident: id, connection, ...more.facts },
});

/**
 * Opens an incident and freezes its connection in one commit: once it is on disk no call starts, on any
 * replica, with the engine up or down. A second opening finds the first one.
 */
export async function openIncident(
  tx: StoreTransaction,
  of: IncidentToOpen,
): Promise<IncidentRecord> {
  const standing = await tx.incidents.open(of.connection);
  if (standing !== undefined) return standing;
  const { connection, reason, by, cause = null } = of;
  // One of its own: lifting what stood before must not be in the incident's hands.
  const target = { kind: 'connection', id: connection } as const;
  const freeze = await addFreeze(tx, { target, reason, by });
  const id = newId('inc');
  const since = of.since ?? new Date(tx.now.getTime() - WINDOW_DEFAULT_MS);
  const firstEntry = await tx.log.append(
    incidentEntry({ id, connection }, 'incident.opened', {
      actor: by,
      facts: {
        freeze: freeze.id,
        rule: cause?.rule ?? null,
        entries: cause?.entries ?? [],
        since: since.toISOString(),
        ...(of.proof === undefined ? {} : { proof: of.proof }),
      },
      personal: { reason },
    }),
  );
  const incident: IncidentRecord = {
    ...{ id, connection, reason, cause, since, firstEntry },
    stage: 'containing',
    openedBy: by,
    openedAt: tx.now,
    freezeId: freeze.id,
    oldVersion: (await tx.credentials.active(connection))?.version ?? null,
    newVersion: null,
    isFalseAlarm: false,
    steppedBy: null,
    ...{ oldAppId: null, newAppId: null },
    evidence: null,
    checks: [],
    canary: null,
    findings: null,
    takeBacks: [],
    reached: { contained: tx.now },
    resumedBy: null,
    updatedAt: tx.now,
  };
  await tx.incidents.insert(incident);
  return incident;
}

/** The incident at this stage; `undefined` when it has passed it: a repeated step has nothing to do. */
export async function incidentAt(
  tx: { readonly incidents: IncidentReads },
  id: string,
  stage: IncidentStage,
): Promise<IncidentRecord | undefined> {
  const incident = await tx.incidents.get(id);
  return incident?.stage === stage ? incident : undefined;
}

/** With these clocks stopped now. */
export const reachedNow = (
  tx: StoreTransaction,
  { reached }: IncidentRecord,
  ...clocks: readonly Clock[]
): IncidentRecord['reached'] => ({
  ...Object.fromEntries(clocks.map((clock) => [clock, tx.now])),
  // The first time counts.
  ...reached,
});

const isSameCheck = (a: Check, b: Check): boolean =>
  a.name === b.name && a.state === b.state && a.detail === b.detail;

/** Notes what was found, with an entry for each check that is not as it was. */
export async function noteChecks(
  tx: StoreTransaction,
  incident: IncidentRecord,
  found: readonly Check[],
): Promise<IncidentRecord> {
  const changed = found.filter((check) => !incident.checks.some((was) => isSameCheck(was, check)));
  if (changed.length === 0) return incident;
  for (const { name, state, detail } of changed)
    await tx.log.append(
      incidentEntry(incident, 'incident.checked', { facts: { check: name, state, detail } }),
    );
  const kept = incident.checks.filter(({ name }) => !changed.some((check) => check.name === name));
  const isDead = changed.some(({ name, state }) => name === 'old_key_dead' && state === 'passed');
  return tx.incidents.update(incident.id, {
    checks: [...kept, ...changed],
    reached: isDead ? reachedNow(tx, incident, 'old_key_dead') : incident.reached,
  });
}

/** The key that was supplied cannot be it: people are asked for another. */
export async function refuseKey(
  tx: StoreTransaction,
  incident: IncidentRecord,
  detail: string,
): Promise<void> {
  await tx.log.append(incidentEntry(incident, 'incident.key_refused', { facts: { detail } }));
  await tx.incidents.update(incident.id, { stage: 'rotating', newVersion: null });
}

/** Every check has passed: the new key is the one in use, for when the freeze is lifted. */
export async function activateNewKey(
  tx: StoreTransaction,
  incident: IncidentRecord,
  fingerprint: string,
): Promise<void> {
  const { connection, newVersion: version } = incident;
  if (version === null || !isVerified(incident.checks))
    throw new GatewayError('incident.wrong_stage', { detail: 'the new key is not verified' });
  await activateCredential(tx, { connection, version, fingerprint, by: 'gateway' });
  const known = await tx.connections.get(connection);
  const oldAppId = known?.appId ?? null;
  const appId = incident.newAppId ?? oldAppId;
  if (known !== undefined)
    await tx.connections.put({ ...known, credentialVersion: version, appId, checkedAt: tx.now });
  const facts = { version, app_id: appId, ...(appId === oldAppId ? {} : { old_app_id: oldAppId }) };
  await tx.log.append(incidentEntry(incident, 'incident.verified', { facts }));
  await tx.incidents.update(incident.id, {
    stage: 'assessing',
    oldAppId,
    reached: reachedNow(tx, incident, 'verified'),
  });
}
