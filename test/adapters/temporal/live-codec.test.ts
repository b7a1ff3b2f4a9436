import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, Connection, WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, type DataConverter, type Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  createDataConverter,
  FAILURE_CONVERTER_PATH,
} from '../../../src/adapters/temporal/data-converter.ts';
import { createPayloadCodec } from '../../../src/adapters/temporal/payload-codec.ts';
import type { PayloadKeys } from '../../../src/adapters/temporal/payload-keys.ts';
import { canaryActivities } from './codec-activities.ts';
import { makeKeys, toPayload } from './codec-fixtures.ts';
import { ask, canaries, seen, stuck, waitForWord, wake } from './codec-workflows.ts';

const NAMESPACE = 'default';
const CANARY = /canary[a-z-]*/g;
/** Everything that runs through a payload; each is looked for in the run without a codec first. */
const PLANTED = [
  'activity-failure',
  'activity-input',
  'activity-result',
  'activity-summary',
  'after-heartbeat',
  'cause',
  'child-details',
  'child-failure',
  'child-input',
  'child-memo',
  'child-result',
  'continued',
  'current-details',
  'failure-details',
  'heartbeat',
  'local-failure',
  'local-input',
  'local-summary',
  'memo',
  'query-input',
  'signal',
  'static-details',
  'static-summary',
  'timer-summary',
  'update-input',
  'upserted-memo',
  'workflow-failure',
  'workflow-input',
].map((name) => `canary-${name}`);

interface Setup {
  readonly client: Client;
  readonly taskQueue: string;
}

const newId = (): string => `codec-test/${randomUUID()}`;

function converterOf(keys: PayloadKeys, foreignMessages: 'refuse' | 'void' = 'refuse') {
  return createDataConverter(createPayloadCodec({ keys, namespace: NAMESPACE, foreignMessages }));
}

describe('With the codec, on a real server', () => {
  let connection: Connection;
  let nativeConnection: NativeConnection;
  let bundle: WorkflowBundleWithSourceMap;
  let plainBundle: WorkflowBundleWithSourceMap;
  const keys = makeKeys('k1');

  beforeAll(async () => {
    const address = inject('temporalAddress');
    const workflowsPath = fileURLToPath(new URL('./codec-workflows.ts', import.meta.url));
    // The refusals that these tests provoke are logged as errors by the SDK.
    const logger = new DefaultLogger('ERROR', () => undefined);
    const logging = { filter: { core: 'ERROR', other: 'ERROR' } } as const;
    Runtime.install({ logger, telemetryOptions: { logging } });
    [connection, nativeConnection] = await Promise.all([
      Connection.connect({ address }),
      NativeConnection.connect({ address }),
    ]);
    plainBundle = await bundleWorkflowCode({ workflowsPath, logger });
    bundle = await bundleWorkflowCode({
      workflowsPath,
      logger,
      failureConverterPath: FAILURE_CONVERTER_PATH,
    });
  });

  afterAll(async () => {
    await Promise.all([connection.close(), nativeConnection.close()]);
  });

  /** Runs a worker with its own task queue while `test` runs. */
  async function withWorker<T>(
    dataConverter: DataConverter | undefined,
    test: (setup: Setup) => Promise<T>,
  ): Promise<T> {
    const taskQueue = `codec-${randomUUID()}`;
    const converter = dataConverter === undefined ? {} : { dataConverter };
    const worker = await Worker.create({
      connection: nativeConnection,
      namespace: NAMESPACE,
      taskQueue,
      workflowBundle: dataConverter === undefined ? plainBundle : bundle,
      activities: canaryActivities,
      ...converter,
    });
    const client = new Client({ connection, namespace: NAMESPACE, ...converter });
    return worker.runUntil(test({ client, taskQueue }));
  }

  async function rawHistory(workflowId: string, runId?: string): Promise<Uint8Array> {
    const { history } = await connection.workflowService.getWorkflowExecutionHistory({
      namespace: NAMESPACE,
      execution: { workflowId, ...(runId === undefined ? {} : { runId }) },
    });
    return proto.temporal.api.history.v1.History.encode(history!).finish();
  }

  async function rawDescription(workflowId: string): Promise<Uint8Array> {
    const answer = await connection.workflowService.describeWorkflowExecution({
      namespace: NAMESPACE,
      execution: { workflowId },
    });
    const { DescribeWorkflowExecutionResponse: type } = proto.temporal.api.workflowservice.v1;
    return type.encode(answer).finish();
  }

  /** What the UI gets: the current details, and the answer to a query. */
  async function rawQuery(workflowId: string, queryType: string, args: Payload[] = []) {
    const answer = await connection.workflowService.queryWorkflow({
      namespace: NAMESPACE,
      execution: { workflowId },
      query: { queryType, queryArgs: { payloads: args } },
    });
    return proto.temporal.api.workflowservice.v1.QueryWorkflowResponse.encode(answer).finish();
  }

  /** The whole life of the canary workflow; all that Temporal would show of it, as bytes. */
  async function collect({ client, taskQueue }: Setup) {
    const workflowId = newId();
    const handle = await client.workflow.start(canaries, {
      workflowId,
      taskQueue,
      args: ['canary-workflow-input'],
      memo: { note: 'canary-memo' },
      staticSummary: 'canary-static-summary',
      staticDetails: 'canary-static-details',
    });
    const answers = [
      await handle.executeUpdate(ask, { args: ['canary-update-input'] }),
      String(
        await handle.executeUpdate(ask, { args: ['refuse'] }).catch((error: unknown) => {
          return error instanceof Error ? (error.cause as Error).message : error;
        }),
      ),
    ];
    await handle.signal(wake, 'continue');
    const pictures: Uint8Array[] = [];
    const newest = client.workflow.getHandle(workflowId);
    // The heartbeat shows only while its activity runs.
    for (let shot = 0; shot < 12; shot += 1) {
      await sleep(250);
      pictures.push(await rawDescription(workflowId));
    }
    await newest.signal(wake, 'canary-signal');
    answers.push(await newest.query(seen, 'canary-query-input'));
    pictures.push(await rawQuery(workflowId, '__temporal_workflow_metadata'));
    pictures.push(await rawQuery(workflowId, '__stack_trace'));
    await newest.signal(wake, 'finish');
    const error: unknown = await newest.result().catch((thrown: unknown) => thrown);
    const history = [
      await rawHistory(workflowId, handle.firstExecutionRunId),
      await rawHistory(workflowId),
    ];
    for await (const { workflowId: id } of client.workflow.list({
      query: `TaskQueue = "${taskQueue}"`,
    })) {
      if (id !== workflowId) history.push(await rawHistory(id));
    }
    const bytes = Buffer.concat([...pictures, ...history]);
    return { workflowId, answers, error, bytes, memo: (await newest.describe()).memo };
  }

  function canariesIn(bytes: Uint8Array): Set<string> {
    const text = Buffer.from(bytes).toString('latin1');
    // Failure attributes without a codec are JSON in a payload, so plain text finds those too.
    const encoded = text.match(/[A-Za-z0-9+/]{40,}={0,2}/g) ?? [];
    const decoded = encoded.flatMap((run) =>
      [0, 1, 2, 3].map((skip) => Buffer.from(run.slice(skip), 'base64').toString('latin1')),
    );
    return new Set([text, ...decoded].flatMap((each) => each.match(CANARY) ?? []));
  }

  it('nothing planted is readable in what Temporal keeps, yet everyone entitled reads it', async () => {
    const [plain, sealed] = await Promise.all([
      withWorker(undefined, collect),
      withWorker(converterOf(keys), collect),
    ]);
    const found = canariesIn(plain.bytes);
    // Queries and refused updates leave no trace in a history, with or without a codec.
    const traceless = new Set(['canary-query-input']);
    expect(PLANTED.filter((name) => !traceless.has(name) && !found.has(name))).toEqual([]);
    expect([...canariesIn(sealed.bytes)]).toEqual([]);

    const errors = [plain, sealed].map(({ error }) => {
      expect(error).toBeInstanceOf(WorkflowFailedError);
      const { cause } = error as WorkflowFailedError;
      expect(cause).toBeInstanceOf(ApplicationFailure);
      return cause as ApplicationFailure;
    });
    expect(errors[1]!.message).toBe(
      'canary-workflow-failure canary-workflow-input canary-continued',
    );
    expect(errors[1]!.message).toBe(errors[0]!.message);
    expect(errors[1]!.details).toEqual(errors[0]!.details);
    expect(errors[1]!.stack).toContain('codec-workflows.ts');
    expect(sealed.answers).toEqual(plain.answers);
    expect(sealed.answers[1]).toBe('canary-update-refusal');
    expect(sealed.memo).toEqual({ note: 'canary-memo', later: 'canary-upserted-memo' });
  }, 60_000);

  it('a failure shows its type and nothing of its message, stack or cause', async () => {
    await withWorker(converterOf(keys), async ({ client, taskQueue }) => {
      const workflowId = newId();
      const handle = await client.workflow.start(stuck, { workflowId, taskQueue });
      let failed = 0;
      for (let waited = 0; failed === 0 && waited < 100; waited += 1) {
        await sleep(50);
        const { events } = await handle.fetchHistory();
        const failures = (events ?? []).flatMap((event) =>
          event.workflowTaskFailedEventAttributes ? [event.workflowTaskFailedEventAttributes] : [],
        );
        failed = failures.length;
        for (const { failure } of failures) {
          expect(failure?.message).toBe('Encoded failure');
          expect(failure?.stackTrace ?? '').toBe('');
        }
      }
      expect(failed).toBeGreaterThan(0);
      expect([...canariesIn(await rawHistory(workflowId))]).toEqual([]);
      await handle.terminate();
    });
  });

  it('a history of the previous key replays after a rotation, and not without that key', async () => {
    const workflowId = await withWorker(converterOf(keys), async ({ client, taskQueue }) => {
      const handle = await client.workflow.start(waitForWord, { workflowId: newId(), taskQueue });
      await handle.signal(wake, 'go');
      expect(await handle.result()).toEqual({ word: 'go', messages: 1 });
      return handle.workflowId;
    });
    const client = new Client({ connection, namespace: NAMESPACE });
    const history = await client.workflow.getHandle(workflowId).fetchHistory();
    const next = makeKeys('k2');
    const rotated = { ...next, keys: new Map([...keys.keys, ...next.keys]) };
    const replay = (dataConverter: DataConverter) => {
      // Not in the type, yet taken: without it a replay runs in `default`, which the codec checks.
      const options = { workflowBundle: bundle, dataConverter, namespace: NAMESPACE };
      return Worker.runReplayHistory(options, history, workflowId);
    };
    await replay(converterOf(rotated));
    await expect(replay(converterOf(next))).rejects.toThrow();
  });

  const sendRaw = async (workflowId: string, payload: Payload): Promise<void> => {
    await connection.workflowService.signalWorkflowExecution({
      namespace: NAMESPACE,
      workflowExecution: { workflowId },
      signalName: wake.name,
      input: { payloads: [payload] },
    });
  };

  it('a signal that the codec server encoded reaches the workflow', async () => {
    await withWorker(converterOf(keys), async ({ client, taskQueue }) => {
      const handle = await client.workflow.start(waitForWord, { workflowId: newId(), taskQueue });
      const codec = createPayloadCodec({ keys, namespace: NAMESPACE });
      const [payload] = await codec.encode([toPayload('from the UI')]);
      await sendRaw(handle.workflowId, payload!);
      expect(await handle.result()).toEqual({ word: 'from the UI', messages: 1 });
    });
  });

  it('a plaintext signal is void to a worker that voids them, and the workflow goes on', async () => {
    await withWorker(converterOf(keys, 'void'), async ({ client, taskQueue }) => {
      const handle = await client.workflow.start(waitForWord, { workflowId: newId(), taskQueue });
      await sendRaw(handle.workflowId, toPayload({ decision: 'approve' }));
      await sleep(300);
      await handle.signal(wake, 'sealed');
      expect(await handle.result()).toEqual({ word: 'sealed', messages: 2 });
    });
  });

  it("a plaintext or another workflow's signal otherwise stops its workflow, never passes", async () => {
    await withWorker(converterOf(keys), async ({ client, taskQueue }) => {
      const codec = createPayloadCodec({ keys, namespace: NAMESPACE });
      const [moved] = await codec.encode([toPayload('moved')], {
        type: 'workflow',
        namespace: NAMESPACE,
        workflowId: 'another',
      });
      for (const payload of [toPayload('plain'), moved!]) {
        const handle = await client.workflow.start(waitForWord, { workflowId: newId(), taskQueue });
        await sendRaw(handle.workflowId, payload);
        await sleep(800);
        const { events } = await handle.fetchHistory();
        expect(events?.some((event) => event.workflowTaskFailedEventAttributes)).toBe(true);
        expect((await handle.describe()).status.name).toBe('RUNNING');
        await handle.terminate();
      }
    });
  });
});
