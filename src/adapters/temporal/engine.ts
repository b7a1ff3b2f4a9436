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
import type { AgentActionInput, Engine } from '../../ports/engine.ts';
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

const WORKFLOW_TYPE = 'agentAction';
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

/** The engine on Temporal. Workflows are addressed by name so that this side loads none of their code. */
export function createEngine(options: EngineOptions): Engine {
  const { client, taskQueue, deadlineMs, eager, logger } = options;
  const timed = <T>(call: () => Promise<T>): Promise<T> =>
    withinMs(deadlineMs, client.connection.withDeadline(Date.now() + deadlineMs, call));

  const startNow = (
    input: AgentActionInput,
    workflowIdConflictPolicy: 'FAIL' | 'TERMINATE_EXISTING',
  ): Promise<unknown> =>
    timed(() =>
      client.workflow.start(WORKFLOW_TYPE, {
        workflowId: workflowIdOf(input.requestId),
        workflowIdConflictPolicy,
        taskQueue,
        args: [input],
        requestEagerStart: eager,
        typedSearchAttributes: searchAttributes(input),
      }),
    );

  /** Asked without the client's own reader, which a foreign memo in clear text would make fail. */
  async function isOurs(workflowId: string): Promise<boolean> {
    const { workflowExecutionInfo: info } = await timed(() =>
      client.workflowService.describeWorkflowExecution({
        namespace: client.options.namespace,
        execution: { workflowId },
      }),
    );
    const found = { type: info?.type?.name, taskQueue: info?.taskQueue };
    const dueInMs = (optionalTsToMs(info?.executionTime) ?? 0) - Date.now();
    const isDue = dueInMs <= DUE_WITHIN_MS;
    if (found.type === WORKFLOW_TYPE && found.taskQueue === taskQueue && isDue) return true;
    const facts = { workflowId, ...found };
    logger.warn('another workflow runs under the id of a request and is ended', facts);
    return false;
  }

  /** Whoever reaches the server can run another workflow under the id; the request would wait for ever. */
  async function start(input: AgentActionInput): Promise<void> {
    try {
      await startNow(input, 'FAIL').catch(async (error: unknown) => {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        if (await isOurs(workflowIdOf(input.requestId))) return;
        // Should one of ours have come in between, it is ended too, and this one goes on from the record.
        await startNow(input, 'TERMINATE_EXISTING');
      });
    } catch (error) {
      throw unavailable(error);
    }
  }

  return {
    start,
    // A withdrawal is told by `decide` too: the signal says only "look at the record".
    wake: async (requestId) => {
      try {
        await timed(() => client.workflow.getHandle(workflowIdOf(requestId)).signal('decide'));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) await start({ requestId });
        else throw unavailable(error);
      }
    },
    probe: async () => {
      try {
        await timed(() => client.connection.workflowService.getSystemInfo({}));
      } catch (error) {
        throw unavailable(error);
      }
    },
  };
}
