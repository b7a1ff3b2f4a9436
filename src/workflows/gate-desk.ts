import {
  condition,
  continueAsNew,
  proxyActivities,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';
import type { IncidentActivities } from '../activities/create-activities.ts';
import { ENGINE_NOTES_MAX, deskDetails } from '../core/engine-details.ts';
import { openInbox } from './inbox.ts';
import { openIncident } from './messages.ts';

/** The store is waited for, however long it takes: a proven signal is not lost. */
const { openIncidentBySignal } = proxyActivities<IncidentActivities>({
  startToCloseTimeout: '30 s',
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '10 s' },
});

/**
 * Stands for one gateway in the engine, so that whoever sits in Temporal's UI can open an incident where they are:
 * the signal `open_incident`, proven by a one-time code. It knows nothing; what a signal did is on record.
 */
export async function gateDesk(before: readonly string[] = []): Promise<void> {
  const inbox = openInbox(openIncident);
  let notes = before;
  for (;;) {
    setCurrentDetails(deskDetails(notes));
    await condition(() => inbox.hasNews());
    const { signals, unread } = inbox.take();
    const said = await openIncidentBySignal(signals);
    const more = unread === 0 ? [] : [`${unread} more came at once and were not read.`];
    notes = [...notes, ...said, ...more].slice(-ENGINE_NOTES_MAX);
    if (workflowInfo().continueAsNewSuggested && !inbox.hasNews())
      await continueAsNew<typeof gateDesk>(notes);
  }
}
