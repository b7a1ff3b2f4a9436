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
  /** Whether it answers. */
  probe(): Promise<void>;
}
