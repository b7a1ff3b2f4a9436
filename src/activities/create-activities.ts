import type { IncidentProgress } from '../core/incident.ts';
import { createAssessIncident } from './assess-incident.ts';
import { createAwaitResume } from './await-resume.ts';
import { createCallHubSpot } from './call-hubspot.ts';
import { createContainIncident } from './contain-incident.ts';
import type { ActivityDependencies, IncidentDependencies } from './dependencies.ts';
import { createFetchSecret } from './fetch-secret.ts';
import { createNoteWaiting } from './note-waiting.ts';
import { createOpenIncidentBySignal } from './open-incident-by-signal.ts';
import { createPrepareApproval } from './prepare-approval.ts';
import { createReconcileWrite } from './reconcile-write.ts';
import { createRecordAudit } from './record-audit.ts';
import { createTakeBackRogue } from './take-back-rogue.ts';
import { createSweepRogueWrites } from './sweep-rogue-writes.ts';
import { createValidateAction } from './validate-action.ts';
import { createVerifyDecision } from './verify-decision.ts';
import { withHeartbeat } from './with-heartbeat.ts';
import { createAskForKey, createVerifyRotation } from './verify-rotation.ts';

/** Every activity by the name workflows call it. Workflows import only this type. */
export function createActivities(deps: ActivityDependencies) {
  return {
    validateAction: createValidateAction(deps),
    fetchSecret: createFetchSecret(deps),
    noteWaiting: createNoteWaiting(deps),
    prepareApproval: createPrepareApproval(deps),
    verifyDecision: createVerifyDecision(deps),
    callHubSpot: createCallHubSpot(deps),
    reconcileWrite: createReconcileWrite(deps),
    recordAudit: createRecordAudit(deps),
    sweepRogueWrites: createSweepRogueWrites(deps),
  };
}

export type Activities = ReturnType<typeof createActivities>;

type Step = (incidentId: string) => Promise<IncidentProgress>;

/** A worker that dies in a step is noticed, and another runs it again. */
const beating =
  (step: Step): Step =>
  (id) =>
    withHeartbeat(() => step(id));

/** The steps of an incident, in the order of the playbook, and the door to one in the engine's own view. */
export function createIncidentActivities(deps: IncidentDependencies) {
  return {
    containIncident: beating(createContainIncident(deps)),
    askForKey: beating(createAskForKey(deps)),
    verifyRotation: beating(createVerifyRotation(deps)),
    assessIncident: beating(createAssessIncident(deps)),
    takeBackRogue: beating(createTakeBackRogue(deps)),
    awaitResume: beating(createAwaitResume(deps)),
    openIncidentBySignal: createOpenIncidentBySignal(deps),
  };
}

export type IncidentActivities = ReturnType<typeof createIncidentActivities>;
export type AllActivities = Activities & IncidentActivities;
