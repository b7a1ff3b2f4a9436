import type { ActionRequest } from '../contracts/action-request.ts';

/** What an agent has submitted, on its way to the record. */
export interface SignedSubmission {
  readonly agentId: string;
  readonly connection: string;
  readonly bodyHash: string;
  readonly body: ActionRequest;
  /** That the API made this (`gate/attest.ts`). */
  readonly mac: string;
}

/** What a new request's workflow is started with. Also enough to start it again from the record. */
export interface AgentActionInput {
  readonly requestId: string;
  /** Absent when the workflow is started again for a request that is on record. */
  readonly submission?: SignedSubmission;
}

export interface IncidentRef {
  readonly id: string;
  readonly connection: string;
}

/** What a person has done for an incident; the record says it, the signal only wakes. */
export type PersonStep =
  'containment_confirmed' | 'credential_supplied' | 'revert_approved' | 'resume_approved';

/**
 * The motor: starts, wakes and times what must happen next. What counts is the record, so losing a
 * message costs time, never truth. Every call has a deadline, is safe to repeat and to make from several
 * processes at once. Errors: `engine.unavailable`; the call may have arrived all the same.
 */
export interface Engine {
  /** Starts `action/<requestId>`; harmless when it runs already. What is not ours under that id is ended. */
  start(input: AgentActionInput): Promise<void>;
  /** Tells the request's workflow to look at the record; starts it when it is not running. */
  wake(requestId: string): Promise<void>;
  /** Runs this incident; harmless when it runs already. What is not ours under its id is ended. */
  startIncident(of: IncidentRef): Promise<void>;
  /** Tells the incident's workflow that a person's step was recorded; starts it when it is not running. */
  wakeIncident(of: IncidentRef, step: PersonStep): Promise<void>;
  /** Whether it answers. */
  probe(): Promise<void>;
}
