import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { createActivities } from '../../src/activities/create-activities.ts';
import { createReadCall } from '../../src/activities/read-call.ts';
import { createWriteCall } from '../../src/activities/write-call.ts';
import { workflowIdOf } from '../../src/adapters/temporal/engine.ts';
import { ERRORS } from '../../src/core/errors.ts';
import { errorCodeOf, GatewayError } from '../../src/core/gateway-error.ts';
import type { AgentActionInput, Engine } from '../../src/ports/engine.ts';
import { agentAction } from '../../src/workflows/agent-action.ts';
import {
  type ActivityOptions,
  ContinueAsNew,
  deadWorker,
  inWorkflow,
  type WorkflowRun,
} from './fake-temporal.ts';
import type { Owner, Turns } from './turns.ts';
import type { World } from './world.ts';

type Call = (...args: never[]) => Promise<unknown>;

/** Those of the worker; the call without its heartbeat, which needs Temporal around it. */
function activitiesOf(deps: ActivityDependencies): Record<string, Call> {
  const readCall = createReadCall(deps);
  const writeCall = createWriteCall(deps);
  return {
    ...createActivities(deps),
    callHubSpot: async (call: Parameters<typeof readCall>[0] | Parameters<typeof writeCall>[0]) => {
      if (call.kind === 'write') return writeCall(call);
      await readCall(call);
      return { kind: 'ended' };
    },
  };
}

interface Task {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly options: ActivityOptions;
  readonly workflow: Workflow;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  attempt: number;
  run: Owner;
  isOver: boolean;
}

interface Workflow {
  readonly requestId: string;
  readonly run: WorkflowRun;
  isGone: boolean;
}

interface Timer {
  readonly workflow: Workflow;
  readonly dueMs: number;
  readonly fire: () => void;
}

/** An activity call as it was made: may be made again by anybody, at any time. */
export interface Made {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Stands for Temporal: at-least-once activities, timers, signals, workflows that can be lost. */
export interface SimulatedEngine extends Engine {
  readonly tasks: readonly Task[];
  readonly made: readonly Made[];
  readonly unexpected: readonly string[];
  timers(): readonly Timer[];
  fire(timer: Timer): Promise<void>;
  /** The worker dies: local activities run again, a write's one attempt is a failure that says nothing. */
  crash(): Promise<void>;
  /** The engine gives an activity up; its run goes on, unheard. */
  giveUp(task: Task): Promise<void>;
  /** Runs an activity once more, beside whatever else runs. */
  repeat(made: Made): Promise<void>;
  signal(requestId: string): Promise<void>;
  /** The engine's database is gone: nothing runs any more. */
  lose(): void;
  /** A second workflow of the same request. */
  startTwin(requestId: string): Promise<void>;
  isRunning(requestId: string): boolean;
}

const without = <T>(list: T[], one: T): void => {
  const index = list.indexOf(one);
  if (index !== -1) list.splice(index, 1);
};

/** As `activity-failures.ts` tells Temporal. */
function failureOf(
  name: string,
  error: unknown,
): { failure: ActivityFailure; isRetryable: boolean } {
  const code = errorCodeOf(error);
  const { title, retryable } = ERRORS[code];
  const details = error instanceof GatewayError && error.detail !== undefined ? [error.detail] : [];
  const isRetryable = retryable || !(error instanceof GatewayError);
  const cause = ApplicationFailure.create({ type: code, message: title, details });
  const failure = new ActivityFailure('failed', name, '1', 'X' as never, undefined, cause);
  return { failure, isRetryable };
}

export function createSimulatedEngine(world: World, turns: Turns): SimulatedEngine {
  const tasks: Task[] = [];
  const made: Made[] = [];
  const unexpected: string[] = [];
  const workflows: Workflow[] = [];
  let timers: Timer[] = [];
  let runs = 0;

  const newOwner = (name: string): Owner => ({ name: `${name}#${(runs += 1)}`, isDead: false });
  const depsFor = (owner: Owner): ActivityDependencies => ({
    ...world.deps,
    quietWatch: world.deps.quietWatch,
    store: turns.storeFor(owner, world),
    crm: turns.crmFor(owner, world),
  });

  async function runOnce(owner: Owner, { name, args }: Made): Promise<unknown> {
    await turns.gate(owner, 'start');
    try {
      return await (activitiesOf(depsFor(owner))[name] as Call)(...(args as never[]));
    } catch (error) {
      if (errorCodeOf(error) === 'internal.unexpected') {
        const { cause } = error as Error;
        unexpected.push(`${name}: ${cause instanceof Error ? cause.message : String(error)}`);
      }
      throw error;
    } finally {
      // The work is done and nobody knows.
      await turns.gate(owner, 'answer');
    }
  }

  function finish(task: Task, tell: () => void): void {
    task.isOver = true;
    without(tasks, task);
    if (!task.workflow.isGone) tell();
  }

  function attempt(task: Task): void {
    const owner = newOwner(task.name);
    task.run = owner;
    task.attempt += 1;
    const isCurrent = (): boolean => !task.isOver && task.run === owner;
    runOnce(owner, task).then(
      (value) => {
        if (!isCurrent()) return;
        // What the workflow keeps is a copy, as through a history.
        const copy: unknown = value === undefined ? undefined : structuredClone(value);
        finish(task, () => {
          task.resolve(copy);
        });
      },
      (error: unknown) => {
        if (!isCurrent()) return;
        const { failure, isRetryable } = failureOf(task.name, error);
        const mayRetry = isRetryable && !task.options.nonRetryable.includes(errorCodeOf(error));
        if (mayRetry && task.attempt < task.options.attemptsMax) {
          timers.push({
            workflow: task.workflow,
            dueMs: world.now().getTime() + 500,
            fire: () => {
              if (isCurrent()) attempt(task);
            },
          });
          return;
        }
        finish(task, () => {
          task.reject(failure);
        });
      },
    );
  }

  function createRun(requestId: string, workflow: () => Workflow): WorkflowRun {
    const at = (ms: number, fire: () => void): void => {
      timers.push({ workflow: workflow(), dueMs: world.now().getTime() + ms, fire });
    };
    return {
      workflowId: workflowIdOf(requestId),
      handlers: new Map(),
      isLong: () => world.random.chance(0.02),
      call: (name, args, options) =>
        new Promise((resolve, reject) => {
          const copied = args.map((arg) => (arg === undefined ? arg : structuredClone(arg)));
          const call = { name, args: copied };
          made.push(call);
          const owner = { name, isDead: false };
          const more = { options, workflow: workflow(), attempt: 0, run: owner, isOver: false };
          const task: Task = { ...call, ...more, resolve, reject };
          tasks.push(task);
          attempt(task);
        }),
      sleep: (ms) =>
        new Promise((resolve) => {
          at(ms, resolve);
        }),
      condition: (isMet, ms) =>
        new Promise((resolve) => {
          const check = (): void => {
            if (isMet()) resolve(true);
          };
          conditions.push({ workflow: workflow(), check });
          check();
          at(ms, () => {
            resolve(isMet());
          });
        }),
    };
  }
  const conditions: { readonly workflow: Workflow; readonly check: () => void }[] = [];

  function launch(input: AgentActionInput): void {
    const run = createRun(input.requestId, () => workflow);
    const workflow: Workflow = { requestId: input.requestId, run, isGone: false };
    workflows.push(workflow);
    const end = (): void => {
      workflow.isGone = true;
      without(workflows, workflow);
    };
    inWorkflow(run, () => agentAction(input)).then(end, (error: unknown) => {
      const isGone = workflow.isGone;
      end();
      if (error instanceof ContinueAsNew && !isGone) launch({ requestId: input.requestId });
    });
  }

  const isRunning = (requestId: string): boolean =>
    workflows.some((one) => one.requestId === requestId);

  async function signal(requestId: string): Promise<void> {
    for (const workflow of workflows.filter((one) => one.requestId === requestId)) {
      workflow.run.handlers.get('decide')?.();
      for (const condition of conditions.filter((one) => one.workflow === workflow))
        condition.check();
    }
    await turns.settle();
  }

  return {
    tasks,
    made,
    unexpected,
    timers: () => timers.filter(({ workflow }) => !workflow.isGone),
    fire: async (timer) => {
      timers = timers.filter((one) => one !== timer && !one.workflow.isGone);
      timer.fire();
      await turns.settle();
    },
    crash: async () => {
      world.forgetQuiet();
      for (const turn of [...turns.waiting]) turns.kill(turn.owner);
      for (const task of [...tasks]) {
        turns.kill(task.run);
        if (task.options.isLocal) attempt(task);
        else
          finish(task, () => {
            task.reject(deadWorker(task.name));
          });
      }
      await turns.settle();
    },
    giveUp: async (task) => {
      if (task.options.isLocal) attempt(task);
      else
        finish(task, () => {
          task.reject(deadWorker(task.name));
        });
      await turns.settle();
    },
    repeat: async (call) => {
      runOnce(newOwner(`${call.name} again`), call).catch(() => undefined);
      await turns.settle();
    },
    signal,
    lose: () => {
      for (const workflow of [...workflows]) workflow.isGone = true;
      workflows.length = 0;
      for (const task of [...tasks]) task.isOver = true;
      tasks.length = 0;
      timers = [];
    },
    startTwin: async (requestId) => {
      launch({ requestId });
      await turns.settle();
    },
    isRunning,
    start: async (input) => {
      if (world.sabotage.isEngineForgetful === true && input.submission === undefined) return;
      if (!isRunning(input.requestId)) launch(input);
      await turns.settle();
    },
    wake: async (requestId) => {
      if (world.sabotage.isEngineForgetful === true) return;
      if (isRunning(requestId)) await signal(requestId);
      else launch({ requestId });
      await turns.settle();
    },
    startIncident: () => Promise.reject(new Error('no incidents are simulated here')),
    wakeIncident: () => Promise.reject(new Error('no incidents are simulated here')),
    probe: () => Promise.resolve(),
  };
}
