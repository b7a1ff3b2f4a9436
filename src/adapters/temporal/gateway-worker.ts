import type { DataConverter } from '@temporalio/common';
import { type NativeConnection, Worker } from '@temporalio/worker';
import type { AllActivities } from '../../activities/create-activities.ts';
import { createFailureMapper } from './activity-failures.ts';

export interface GatewayWorkerOptions {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly activities: AllActivities;
  readonly dataConverter: DataConverter;
  readonly workflowBundle: { readonly codePath: string };
  /** Workflow tasks and local activities side by side; the API's cap on starts in flight matches it. */
  readonly slots: number;
  /** What is in flight may finish for this long on shutdown, ms. */
  readonly graceMs: number;
  readonly onUnexpected: (activity: string, error: unknown) => void;
}

export interface GatewayWorker {
  /** Resolves after `shutdown`; rejects when the worker died. */
  run(): Promise<void>;
  shutdown(): void;
}

export async function createGatewayWorker(options: GatewayWorkerOptions): Promise<GatewayWorker> {
  const worker = await Worker.create({
    connection: options.connection,
    namespace: options.namespace,
    taskQueue: options.taskQueue,
    activities: { ...options.activities },
    dataConverter: options.dataConverter,
    workflowBundle: options.workflowBundle,
    interceptors: { activity: [createFailureMapper(options.onUnexpected)] },
    maxConcurrentWorkflowTaskExecutions: options.slots,
    maxConcurrentLocalActivityExecutions: options.slots * 2,
    shutdownGraceTime: options.graceMs,
    shutdownForceTime: options.graceMs * 2,
  });
  return {
    run: () => worker.run(),
    shutdown: () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    },
  };
}
