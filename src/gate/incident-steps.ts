import { createHash } from 'node:crypto';
import type { IncidentStep } from '../contracts/incident.ts';
import type { StepUp, StepUpOptions } from '../contracts/step-up.ts';
import { GatewayError } from '../core/gateway-error.ts';
import {
  firstPersonOf,
  type IncidentRecord,
  type IncidentStage,
  STEP_STAGES,
} from '../core/incident.ts';
import type { PersonRecord } from '../core/records.ts';
import { isOperator } from '../core/roles.ts';
import type { StoreTransaction } from '../ports/store.ts';
import { oweClosed } from './alarm-notices.ts';
import { proofFacts } from './decisions.ts';
import { liftStanding } from './freezes.ts';
import { checklistOf, clocksOf } from './incident-view.ts';
import { incidentEntry, reachedNow } from './incidents.ts';
import type { PasskeyDependencies } from './passkeys.ts';
import { type AtDoor, type StepProof, stepUpOptions, withStepUpOrKey } from './step-up.ts';

/** What people say of an incident, each in one commit with its entry. */

interface Stepper {
  readonly incidentId: string;
  /** `person:…`, or `operator` for the command line on the gateway's own machine. */
  readonly by: string;
  /** Nothing at the command line, where nobody is proven. */
  readonly proven?: StepProof | undefined;
}

const provenFacts = ({ proven }: Stepper) => (proven === undefined ? {} : proofFacts(proven));

/** Throws `request.not_found`, `incident.wrong_stage`. */
async function requireAt(
  tx: StoreTransaction,
  id: string,
  stages: readonly IncidentStage[],
): Promise<IncidentRecord> {
  const incident = await tx.incidents.get(id);
  if (incident === undefined)
    throw new GatewayError('request.not_found', { detail: `no incident ${id}` });
  if (!stages.includes(incident.stage))
    throw new GatewayError('incident.wrong_stage', { detail: `it is ${incident.stage}` });
  return incident;
}

/**
 * The new key is in the secret store as this version. It is called for verifying alone, until every check
 * has passed. Throws `request.not_found`, `incident.wrong_stage`.
 */
export async function supplyKey(
  tx: StoreTransaction,
  of: Stepper & { readonly version: number; readonly fingerprint: string },
): Promise<IncidentRecord> {
  const incident = await requireAt(tx, of.incidentId, STEP_STAGES.supply_key);
  const { version, fingerprint, by } = of;
  if (incident.newVersion === version) return incident;
  await tx.log.append(
    incidentEntry(incident, 'incident.key_supplied', {
      actor: by,
      facts: { version, fingerprint, ...provenFacts(of) },
    }),
  );
  return tx.incidents.update(incident.id, {
    stage: 'verifying',
    steppedBy: by,
    ...{ newVersion: version, newAppId: null },
    // What was found about another key says nothing of this one.
    checks: incident.checks.filter(({ name }) => name === 'old_key_dead'),
    // The last one counts: what was refused before was no new key.
    reached: { ...incident.reached, supplied: tx.now },
  });
}

/** Nothing is wrong with the key: it stays, and a second person decides whether to go on. */
export async function declareFalseAlarm(
  tx: StoreTransaction,
  of: Stepper & { readonly reason: string },
): Promise<IncidentRecord> {
  const incident = await requireAt(tx, of.incidentId, STEP_STAGES.false_alarm);
  await tx.log.append(
    incidentEntry(incident, 'incident.false_alarm', {
      actor: of.by,
      facts: provenFacts(of),
      personal: { reason: of.reason },
    }),
  );
  const { by: steppedBy } = of;
  return tx.incidents.update(incident.id, { stage: 'resuming', isFalseAlarm: true, steppedBy });
}

/** Who resumes: a person on the roster, or whoever is at the command line. */
interface Resumer extends Stepper {
  readonly personId?: string;
  /** What they looked at; undefined where they do not say. */
  readonly checklist?: string | undefined;
}

const mayOpen = (person: PersonRecord): boolean => person.revokedAt === null && isOperator(person);

/** At the command line nobody is proven, so it may resume only where the firm has nobody else who could. */
async function assertNobodyElse(tx: StoreTransaction, incident: IncidentRecord): Promise<void> {
  const others = (await tx.people.list()).filter(
    (person) => mayOpen(person) && `person:${person.id}` !== firstPersonOf(incident),
  );
  if (others.length > 0)
    throw new GatewayError('incident.same_person', {
      detail: `${others.map(({ name }) => name).join(', ')} can resume, in the console, or without a passkey with their own key`,
    });
}

/** Nobody opens again what they shut, by the person, not by the way they came; nor what they have not seen. */
async function assertMayResume(
  tx: StoreTransaction,
  incident: IncidentRecord,
  { by, personId, checklist }: Resumer,
): Promise<void> {
  if (personId === undefined) return assertNobodyElse(tx, incident);
  const person = await tx.people.get(personId);
  if (person === undefined || !mayOpen(person)) throw new GatewayError('person.forbidden');
  if (by === firstPersonOf(incident)) throw new GatewayError('incident.same_person');
  if (checklist !== undefined && checklist !== checklistOf(incident))
    throw new GatewayError('incident.changed');
}

/** The good end: the incident's freeze is lifted, and calls start again. */
export async function resumeIncident(tx: StoreTransaction, of: Resumer): Promise<IncidentRecord> {
  const incident = await requireAt(tx, of.incidentId, [...STEP_STAGES.resume, 'closed']);
  if (incident.stage === 'closed') return incident;
  await assertMayResume(tx, incident, of);
  const target = { kind: 'connection', id: incident.connection } as const;
  await liftStanding(tx, { id: incident.freezeId, target }, of.by);
  const reached = reachedNow(tx, incident, 'closed');
  await tx.log.append(
    incidentEntry(incident, 'incident.closed', {
      actor: of.by,
      facts: {
        false_alarm: incident.isFalseAlarm,
        clocks_ms: clocksOf({ ...incident, reached }),
        ...provenFacts(of),
      },
    }),
  );
  await oweClosed(tx, incident.id);
  return tx.incidents.update(incident.id, { stage: 'closed', resumedBy: of.by, reached });
}

/** A step that somebody at the door wants to take. */
interface Wanted extends AtDoor {
  readonly incidentId: string;
  readonly step: IncidentStep;
}

/** What is signed of a new key is not the key. */
export const supplyOf = (key: string): IncidentStep => ({
  step: 'supply_key',
  key_sha256: createHash('sha256').update(key).digest('hex'),
});

const actOf = ({ incidentId, step }: Wanted) =>
  ({ purpose: 'incident', what: { incident: incidentId, ...step } }) as const;

/**
 * What the operator's passkey is asked to sign for this step, once it is sure that it could be taken. Throws
 * `passkey.session_needed`, `passkey.missing`, `store.unavailable`, and why it could not.
 */
export const incidentOptions = (
  deps: PasskeyDependencies,
  wanted: Wanted,
): Promise<StepUpOptions> =>
  stepUpOptions(deps, wanted, actOf(wanted), async (tx) => {
    const { incidentId, step, person } = wanted;
    const incident = await requireAt(tx, incidentId, STEP_STAGES[step.step]);
    if (step.step !== 'resume') return;
    const { checklist } = step;
    const of = { incidentId, by: `person:${person.id}`, personId: person.id, checklist };
    await assertMayResume(tx, incident, of);
  });

/**
 * Takes a step for an operator whose passkey has signed exactly this, now and once; by a key alone for whoever has no
 * passkey. Throws `passkey.session_needed`, `passkey.refused`, `store.unavailable`, and what `take` throws.
 */
export const takeIncidentStep = <T>(
  deps: PasskeyDependencies,
  wanted: Wanted,
  stepUp: StepUp | undefined,
  take: (tx: StoreTransaction, stepper: Required<Stepper>) => Promise<T>,
): Promise<T> =>
  withStepUpOrKey(deps, wanted, actOf(wanted), stepUp, (tx, proven) =>
    take(tx, { incidentId: wanted.incidentId, by: `person:${wanted.person.id}`, proven }),
  );
