import { AsyncLocalStorage } from 'node:async_hooks';
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';

/**
 * What `@temporalio/workflow` gives our workflow, with an engine of the simulation's behind it: the
 * workflow's own code runs, and every activity, timer and signal is the scheduler's to give or take.
 */
export interface WorkflowRun {
  readonly workflowId: string;
  readonly handlers: Map<string, (...args: unknown[]) => unknown>;
  /** How the engine runs an activity; settles when it tells the workflow. */
  call(name: string, args: readonly unknown[], options: ActivityOptions): Promise<unknown>;
  sleep(ms: number): Promise<void>;
  condition(isMet: () => boolean, ms: number): Promise<boolean>;
  isLong(): boolean;
}

export interface ActivityOptions {
  readonly isLocal: boolean;
  readonly attemptsMax: number;
  readonly nonRetryable: readonly string[];
}

const current = new AsyncLocalStorage<WorkflowRun>();

/** Runs workflow code with this run behind it. */
export const inWorkflow = <T>(run: WorkflowRun, work: () => Promise<T>): Promise<T> =>
  current.run(run, work);

function currentRun(): WorkflowRun {
  const run = current.getStore();
  if (run === undefined) throw new Error('workflow code ran outside a workflow');
  return run;
}

export class ContinueAsNew extends Error {
  readonly args: readonly unknown[];

  constructor(args: readonly unknown[]) {
    super('continue as new');
    this.args = args;
  }
}

interface Given {
  readonly retry?: {
    readonly maximumAttempts?: number;
    readonly nonRetryableErrorTypes?: readonly string[];
  };
}

const proxy =
  (isLocal: boolean) =>
  ({ retry }: Given): unknown =>
    new Proxy(
      {},
      {
        get:
          (_, name: string) =>
          (...args: unknown[]) =>
            currentRun().call(name, args, {
              isLocal,
              attemptsMax: retry?.maximumAttempts ?? Infinity,
              nonRetryable: retry?.nonRetryableErrorTypes ?? [],
            }),
      },
    );

/** A worker that died: the workflow hears of a failure that says nothing. */
export const deadWorker = (name: string): ActivityFailure =>
  new ActivityFailure('Activity task timed out', name, '1', 'TIMEOUT', undefined);

/** The module, for `vi.mock`. */
export const fakeWorkflowModule = {
  ActivityFailure,
  ApplicationFailure,
  ContinueAsNew,
  continueAsNew: (...args: unknown[]) => Promise.reject(new ContinueAsNew(args)),
  isCancellation: () => false,
  proxyActivities: proxy(false),
  proxyLocalActivities: proxy(true),
  setCurrentDetails: () => undefined,
  defineSignal: (name: string) => ({ name }),
  defineQuery: (name: string) => ({ name }),
  setHandler: ({ name }: { name: string }, handler: (...args: unknown[]) => unknown) => {
    currentRun().handlers.set(name, handler);
  },
  sleep: (ms: number) => currentRun().sleep(ms),
  condition: (isMet: () => boolean, ms: number) => currentRun().condition(isMet, ms),
  workflowInfo: () => ({
    workflowId: currentRun().workflowId,
    continueAsNewSuggested: currentRun().isLong(),
  }),
};
