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

/** The store is waited for, however long it takes; a code is good for half a minute, and is refused after it. */
const { openIncidentBySignal } = proxyActivities<IncidentActivities>({
  startToCloseTimeout: '30 s',
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '10 s' },
});

/** Whoever reaches the engine can start this type with an input of their own. */
const ownNotes = (given: unknown): readonly string[] =>
  Array.isArray(given) && given.every((note) => typeof note === 'string') ? given : [];

/**
 * Stands for one gateway in the engine, so that whoever sits in Temporal's UI can open an incident where they are:
 * the signal `open_incident`, proven by a one-time code. It knows nothing; what a signal did is on record.
 */
export async function gateDesk(before?: unknown): Promise<void> {
  const inbox = openInbox(openIncident);
  let notes = ownNotes(before);
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
