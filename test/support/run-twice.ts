import { Context as ActivityContext } from '@temporalio/activity';
import {
  type AllActivities,
  createActivities,
  createIncidentActivities,
} from '../../src/activities/create-activities.ts';
import { connectTemporal } from '../../src/adapters/temporal/connect.ts';
import { createDataConverter } from '../../src/adapters/temporal/data-converter.ts';
import { createGatewayWorker } from '../../src/adapters/temporal/gateway-worker.ts';
import { createPayloadCodec } from '../../src/adapters/temporal/payload-codec.ts';
import { loadPayloadKeys } from '../../src/adapters/temporal/payload-keys.ts';
import { workflowBundle } from '../../src/adapters/temporal/workflow-bundle.ts';
import { type Context, openContext } from '../../src/context.ts';
import { activityDependencies } from '../../src/dependencies.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import { startGateway } from '../../src/gateway.ts';
import { startTestGateway, type TestGateway } from './gateway.ts';
import { type LyingProxy, startLyingProxy } from './lying-proxy.ts';

/** What an engine that promises "at least once" may do with one activity. */
export const MODES = [
  'runs twice, one after the other',
  'runs twice at once',
  'fails after its work, before its answer is known',
  'fails before its work',
] as const;
export type Mode = (typeof MODES)[number];

export interface Disturbance {
  /** `*`: each of them. */
  readonly activity: string;
  readonly mode: Mode;
}

type Work = () => Promise<unknown>;

const lost = (): never => {
  throw new GatewayError('store.unavailable');
};

/** What Temporal hears: of two runs that of the second, which found the work done. */
async function disturbed(mode: Mode, isFirst: boolean, work: Work): Promise<unknown> {
  switch (mode) {
    case 'runs twice, one after the other':
      await work();
      return work();
    case 'runs twice at once': {
      const [first, second] = await Promise.allSettled([work(), work()]);
      if (second.status === 'fulfilled') return second.value;
      if (first.status === 'fulfilled') return first.value;
      throw second.reason;
    }
    case 'fails after its work, before its answer is known': {
      const value = await work();
      return isFirst ? lost() : value;
    }
    case 'fails before its work':
      return isFirst ? lost() : work();
  }
}

export interface Twice {
  /** The same activities, disturbed where `disturb` was told to. */
  readonly activities: AllActivities;
  /** By workflow id: what is to happen to all runs of one activity in it. */
  disturb(workflowId: string, disturbance: Disturbance): void;
  /** Which activities were disturbed in this workflow. */
  disturbedIn(workflowId: string): readonly string[];
}

/** Wraps every activity, by name: one that is added is wrapped like the rest. */
export function runTwice(activities: AllActivities): Twice {
  const disturbances = new Map<string, Disturbance>();
  const disturbedIn = new Map<string, Set<string>>();
  const wrapped = Object.entries(activities).map(([name, activity]) => [
    name,
    (...args: unknown[]): Promise<unknown> => {
      const run = activity as (...args: unknown[]) => Promise<unknown>;
      const work: Work = () => run(...args);
      const { workflowId } = ActivityContext.current().info.workflowExecution ?? { workflowId: '' };
      const disturbance = disturbances.get(workflowId);
      const isMeant = disturbance?.activity === '*' || disturbance?.activity === name;
      if (disturbance === undefined || !isMeant) return work();
      const seen = disturbedIn.get(workflowId) ?? new Set();
      disturbedIn.set(workflowId, seen);
      const isFirst = !seen.has(name);
      seen.add(name);
      return disturbed(disturbance.mode, isFirst, work);
    },
  ]);
  return {
    activities: Object.fromEntries(wrapped) as AllActivities,
    disturb: (workflowId, disturbance) => {
      disturbedIn.delete(workflowId);
      disturbances.set(workflowId, disturbance);
    },
    disturbedIn: (workflowId) => [...(disturbedIn.get(workflowId) ?? [])],
  };
}

export interface TwiceGateway extends Omit<Twice, 'activities'> {
  readonly gateway: TestGateway;
  readonly context: Context;
  readonly proxy: LyingProxy;
  /** Every activity that workflows can call. */
  readonly activityNames: readonly string[];
  close(): Promise<void>;
}

/** Real API, real engine, real simulator; the worker is the gateway's own, on wrapped activities. */
export async function startTwiceGateway(temporalAddress: string): Promise<TwiceGateway> {
  let proxy: LyingProxy | undefined;
  const gateway = await startTestGateway({
    temporalAddress,
    // Many requests at once on a busy machine: what is slow must not be taken for lost.
    env: { SALLYPORT_CALL_DEADLINE_SECONDS: '4', SALLYPORT_HEARTBEAT_SECONDS: '10' },
    between: async (url) => {
      proxy = await startLyingProxy(url);
      return proxy.url;
    },
  });
  if (proxy === undefined) throw new Error('nothing stands between');
  const lying = proxy;
  // Its data, its engine and its keys go on, under parts of our own.
  await gateway.stopGateway();
  const context = await openContext(gateway.config);
  const { namespace, taskQueue } = context.config.temporal;
  const api = await startGateway(context, {
    roles: { api: true, worker: false },
    temporalAddress,
    hubspotUrl: lying.url,
  });
  const connection = await connectTemporal({ address: temporalAddress }, context.logger);
  const keys = await loadPayloadKeys(context.secrets);
  const codec = createPayloadCodec({ keys, namespace, reloadKeys: () => Promise.resolve(keys) });
  const deps = activityDependencies(context, lying.url, []);
  const activities = { ...createActivities(deps), ...createIncidentActivities(deps) };
  const twice = runTwice(activities);
  const worker = await createGatewayWorker({
    connection,
    namespace,
    taskQueue,
    activities: twice.activities,
    dataConverter: createDataConverter(codec),
    workflowBundle: await workflowBundle(context.config.files.cache),
    slots: context.config.limits.slots,
    graceMs: 1_000,
    onUnexpected: () => undefined,
  });
  const ran = worker.run();
  const stopPublishing = context.auditLog.start();
  return {
    gateway,
    context,
    proxy: lying,
    activityNames: Object.keys(activities),
    disturb: twice.disturb,
    disturbedIn: twice.disturbedIn,
    close: async () => {
      await api.stop();
      worker.shutdown();
      await ran;
      await stopPublishing();
      await connection.close();
      await context.close();
      await gateway.close();
      await lying.close();
    },
  };
}
