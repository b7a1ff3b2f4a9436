import {
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { IncidentActivities } from '../activities/create-activities.ts';
import type { IncidentProgress, IncidentStage } from '../core/incident.ts';
import { failureDetail } from './failure-code.ts';
import {
  containmentConfirmed,
  credentialSupplied,
  resumeApproved,
  revertApproved,
  status,
} from './messages.ts';

/**
 * Every step waits for its neighbours, however long they are away: an incident is not given up. What a
 * step has done already is on record, so it is simply run again.
 */
const step = proxyActivities<IncidentActivities>({
  // Assessing reads all that was changed in the window, on a small share of the rate plan.
  startToCloseTimeout: '30 minutes',
  heartbeatTimeout: '6 s',
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '10 s' },
});

/** The playbook. Which step comes next the record says, not this workflow. */
const PLAYBOOK: Readonly<
  Record<Exclude<IncidentStage, 'closed'>, (incidentId: string) => Promise<IncidentProgress>>
> = {
  containing: (id) => step.containIncident(id),
  rotating: (id) => step.askForKey(id),
  verifying: (id) => step.verifyRotation(id),
  assessing: (id) => step.assessIncident(id),
  reverting: (id) => step.takeBackRogue(id),
  resuming: (id) => step.awaitResume(id),
};

const AGAIN_AFTER_FAILURE_MS = 5_000;

/** A step that fails for good (another freeze stands, the key is gone) waits for a person and is run again. */
async function run(before: IncidentProgress, incidentId: string): Promise<IncidentProgress> {
  if (before.stage === 'closed') return before;
  try {
    return await PLAYBOOK[before.stage](incidentId);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const note = `${before.note}\n\nThis step failed and is tried again: ${failureDetail(error) ?? 'unexpected'}`;
    return { ...before, note, againInMs: AGAIN_AFTER_FAILURE_MS };
  }
}

/**
 * One incident from containment to its end (design, "Incident"). People's steps are recorded by the door
 * that proved who they are; a signal only wakes, and a lost one costs seconds.
 */
export async function incidentResponse(incidentId: string): Promise<void> {
  let isWoken = false;
  for (const signal of [containmentConfirmed, credentialSupplied, revertApproved, resumeApproved])
    setHandler(signal, () => {
      isWoken = true;
    });
  let progress: IncidentProgress = { stage: 'containing', note: '', againInMs: 0 };
  setHandler(status, () => progress.stage);
  while (progress.stage !== 'closed') {
    if (workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof incidentResponse>(incidentId);
    isWoken = false;
    progress = await run(progress, incidentId);
    setCurrentDetails(progress.note);
    if (progress.againInMs > 0) await condition(() => isWoken, progress.againInMs);
  }
}
