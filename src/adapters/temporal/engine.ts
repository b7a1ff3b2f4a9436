import {
  type Client,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import {
  defineSearchAttributeKey,
  type SearchAttributePair,
  SearchAttributeType,
} from '@temporalio/common';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';
import { GatewayError } from '../../core/gateway-error.ts';
import { SEARCH_ATTRIBUTES } from '../../core/search-attributes.ts';
import type { AgentActionInput, Engine, IncidentRef } from '../../ports/engine.ts';
import type { Logger } from '../../ports/logger.ts';

export interface EngineOptions {
  readonly client: Client;
  readonly taskQueue: string;
  /** Temporal's client waits for ever by default. */
  readonly deadlineMs: number;
  /** Only on the connection of a worker in this process. */
  readonly eager: boolean;
  readonly logger: Pick<Logger, 'warn'>;
}

const WORKFLOW_TYPES = { action: 'agentAction', incident: 'incidentResponse' } as const;
/** A workflow of ours is never started for later; one that is due beyond this was put there. */
const DUE_WITHIN_MS = 60_000;

const RETRY_AFTER_SECONDS = 2;
const keyword = (name: string) => defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
const KEYS = {
  agent: keyword(SEARCH_ATTRIBUTES.agent),
  action: keyword(SEARCH_ATTRIBUTES.action),
  connection: keyword(SEARCH_ATTRIBUTES.connection),
} as const;
/** What the agent calls its action is its own text, and search attributes are not encrypted. */
const ACTION_NAME = /^[a-z_]{1,40}$/;

/** None on a start from the record alone: they are for people in the Temporal UI, nothing reads them. */
function searchAttributes({ submission }: AgentActionInput): SearchAttributePair[] {
  if (submission === undefined) return [];
  const { action } = submission.body.action;
  return [
    { key: KEYS.agent, value: submission.agentId },
    { key: KEYS.connection, value: submission.connection },
    ...(ACTION_NAME.test(action) ? [{ key: KEYS.action, value: action }] : []),
  ];
}

const unavailable = (cause: unknown): GatewayError =>
  new GatewayError('engine.unavailable', { cause, retryAfterSeconds: RETRY_AFTER_SECONDS });

/**
 * The native client repeats a call beyond its own deadline, so a clock of ours stands beside it. What
 * arrives late is harmless: a start is found again by its id, a wake only wakes.
 */
async function withinMs<T>(deadlineMs: number, call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error('no answer in time'));
    }, deadlineMs);
  });
  call.catch(() => undefined);
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

export const workflowIdOf = (requestId: string): string => `action/${requestId}`;

/** The store sees to it that one is open on a connection. */
export const incidentWorkflowIdOf = (incidentId: string): string => `incident/${incidentId}`;

interface Started {
  readonly type: string;
  readonly workflowId: string;
  readonly args: readonly unknown[];
  readonly attributes: readonly SearchAttributePair[];
}

type Timed = <T>(call: () => Promise<T>) => Promise<T>;

const timedBy =
  ({ client, deadlineMs }: EngineOptions): Timed =>
  (call) =>
    withinMs(deadlineMs, client.connection.withDeadline(Date.now() + deadlineMs, call));

/** Starts workflows under ids of ours, by name so that this side loads none of their code. */
export function createStarter(options: EngineOptions): (of: Started) => Promise<void> {
  const { client, taskQueue, eager, logger } = options;
  const timed = timedBy(options);

  const startNow = (
    of: Started,
    workflowIdConflictPolicy: 'FAIL' | 'TERMINATE_EXISTING',
  ): Promise<unknown> =>
    timed(() =>
      client.workflow.start(of.type, {
        workflowId: of.workflowId,
        workflowIdConflictPolicy,
        taskQueue,
        args: [...of.args],
        requestEagerStart: eager,
        typedSearchAttributes: [...of.attributes],
      }),
    );

  /** Asked without the client's own reader, which a foreign memo in clear text would make fail. */
  async function isOurs({ workflowId, type }: Started): Promise<boolean> {
    const { workflowExecutionInfo: info } = await timed(() =>
      client.workflowService.describeWorkflowExecution({
        namespace: client.options.namespace,
        execution: { workflowId },
      }),
    );
    const found = { type: info?.type?.name, taskQueue: info?.taskQueue };
    const dueInMs = (optionalTsToMs(info?.executionTime) ?? 0) - Date.now();
    const isDue = dueInMs <= DUE_WITHIN_MS;
    if (found.type === type && found.taskQueue === taskQueue && isDue) return true;
    const facts = { workflowId, ...found };
    logger.warn('another workflow runs under an id of ours and is ended', facts);
    return false;
  }

  /** Whoever reaches the server can run another workflow under the id; what is ours would wait for ever. */
  async function startOnce(of: Started): Promise<void> {
    try {
      await startNow(of, 'FAIL').catch(async (error: unknown) => {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        if (await isOurs(of)) return;
        // Should one of ours have come in between, it is ended too, and this one goes on from the record.
        await startNow(of, 'TERMINATE_EXISTING');
      });
    } catch (error) {
      throw unavailable(error);
    }
  }

  return startOnce;
}

/** The engine on Temporal. */
export function createEngine(options: EngineOptions): Engine {
  const { client } = options;
  const timed = timedBy(options);
  const startOnce = createStarter(options);

  async function signalOr(workflowId: string, signal: string, start: () => Promise<void>) {
    try {
      await timed(() => client.workflow.getHandle(workflowId).signal(signal));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) await start();
      else throw unavailable(error);
    }
  }

  const start = (input: AgentActionInput): Promise<void> =>
    startOnce({
      type: WORKFLOW_TYPES.action,
      workflowId: workflowIdOf(input.requestId),
      args: [input],
      attributes: searchAttributes(input),
    });
  const startIncident = ({ id, connection }: IncidentRef): Promise<void> =>
    startOnce({
      type: WORKFLOW_TYPES.incident,
      workflowId: incidentWorkflowIdOf(id),
      args: [id],
      attributes: [{ key: KEYS.connection, value: connection }],
    });

  return {
    start,
    // A withdrawal is told by `decide` too: the signal says only "look at the record".
    wake: (requestId) => signalOr(workflowIdOf(requestId), 'decide', () => start({ requestId })),
    startIncident,
    wakeIncident: (of, step) =>
      signalOr(incidentWorkflowIdOf(of.id), step, () => startIncident(of)),
    probe: async () => {
      try {
        await timed(() => client.connection.workflowService.getSystemInfo({}));
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
}
