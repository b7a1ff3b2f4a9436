import { defineQuery, defineSignal } from '@temporalio/workflow';

/**
 * Wakes a request's workflow to look at the record. Sent without arguments by the doors that have
 * recorded a decision or a withdrawal; from the Temporal UI or CLI with `{person, decision, code, reason?}`, which is
 * proven and recorded by `verifyDecision`. A forged signal wakes the workflow and nothing else.
 */
export const decide = defineSignal<[signal?: unknown]>('decide');

/**
 * Opens an incident from the Temporal UI or CLI: `{person, code, reason?}`, proven and recorded by
 * `openIncidentBySignal`. A forged one opens nothing.
 */
export const openIncident = defineSignal<[signal?: unknown]>('open_incident');

/** Where the workflow stands, for people in the Temporal UI. The API answers from the record. */
export const status = defineQuery<string>('status');

/** Of an incident: each tells that a person's step was recorded, and wakes. */
export const containmentConfirmed = defineSignal('containment_confirmed');
export const credentialSupplied = defineSignal('credential_supplied');
export const revertApproved = defineSignal('revert_approved');
export const resumeApproved = defineSignal('resume_approved');
