import { defineQuery, defineSignal } from '@temporalio/workflow';

/**
 * Wakes a request's workflow to look at the record. Sent without arguments by the doors that have
 * recorded a decision or a withdrawal; from the Temporal UI or CLI with `{person, decision, code, reason?}`, which is
 * proven and recorded by `verifyDecision`. A forged signal wakes the workflow and nothing else.
 */
export const decide = defineSignal<[signal?: unknown]>('decide');

/** Where the workflow stands, for people in the Temporal UI. The API answers from the record. */
export const status = defineQuery<string>('status');
