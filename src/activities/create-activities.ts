import { createCallHubSpot } from './call-hubspot.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createFetchSecret } from './fetch-secret.ts';
import { createNoteWaiting } from './note-waiting.ts';
import { createPrepareApproval } from './prepare-approval.ts';
import { createReconcileWrite } from './reconcile-write.ts';
import { createRecordAudit } from './record-audit.ts';
import { createSweepRogueWrites } from './sweep-rogue-writes.ts';
import { createValidateAction } from './validate-action.ts';
import { createVerifyDecision } from './verify-decision.ts';

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
