import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';

export interface GateDeskOptions {
  readonly client: Client;
  readonly taskQueue: string;
  readonly connection: string;
  /** Of the call to the engine, ms. */
  readonly deadlineMs: number;
}

/** Installations that share a namespace have a task queue each, and so a desk each. */
export const gateDeskId = (taskQueue: string, connection: string): string =>
  `gate/${taskQueue}/${connection}`;

/** Has the desk stand; safe to repeat, and from several processes. Throws what the client throws. */
export async function ensureGateDesk(options: GateDeskOptions): Promise<void> {
  const { client, taskQueue, connection, deadlineMs } = options;
  try {
    await client.withDeadline(Date.now() + deadlineMs, () =>
      client.workflow.start('gateDesk', {
        workflowId: gateDeskId(taskQueue, connection),
        workflowIdConflictPolicy: 'FAIL',
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        taskQueue,
        args: [],
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
