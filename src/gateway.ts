import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { createActivities } from './activities/create-activities.ts';
import { installEgress } from './adapters/hubspot/egress.ts';
import { connectTemporal } from './adapters/temporal/connect.ts';
import { createDataConverter } from './adapters/temporal/data-converter.ts';
import { createEngine } from './adapters/temporal/engine.ts';
import { createGatewayWorker, type GatewayWorker } from './adapters/temporal/gateway-worker.ts';
import { createPayloadCodec } from './adapters/temporal/payload-codec.ts';
import { loadPayloadKeys } from './adapters/temporal/payload-keys.ts';
import { workflowBundle } from './adapters/temporal/workflow-bundle.ts';
import type { ApiContext } from './api/api-context.ts';
import { createApp } from './api/create-app.ts';
import { activityDependencies, apiContext, type Context } from './context.ts';
import { GatewayError } from './core/errors.ts';
import { createSweep } from './gate/sweep.ts';
import type { Engine } from './ports/engine.ts';

/** Which halves run in this process. */
export interface GatewayRoles {
  readonly api: boolean;
  readonly worker: boolean;
}

export interface GatewayOptions {
  readonly roles: GatewayRoles;
  readonly temporalAddress: string;
  readonly hubspotUrl: string;
}

export interface Gateway {
  /** Rejects when a part died by itself; resolves never otherwise. */
  readonly failed: Promise<never>;
  /** Lets what is in flight finish, then ends everything. At most about eight seconds. */
  stop(): Promise<void>;
}

const ENGINE_DEADLINE_MS = 1_500;
const DRAIN_MS = 3_000;
const FLUSH_MS = 500;
const IDLE_CHECK_MS = 10;
const WORKER_GRACE_MS = 2_500;
const SWEEP_EVERY_MS = 2_000;
/** The engine may lose its database while we run: everything open is offered to it again. */
const RESUME_EVERY_MS = 300_000;

async function connect(context: Context, address: string): Promise<NativeConnection> {
  const { apiKeyFile, tls } = context.config.temporal;
  const apiKey = apiKeyFile === undefined ? undefined : (await readFile(apiKeyFile, 'utf8')).trim();
  return connectTemporal({ address, apiKey, tls: tls ? true : undefined }, context.logger);
}

async function codecs(context: Context) {
  const { namespace } = context.config.temporal;
  const keys = await loadPayloadKeys(context.secrets);
  const shared = { keys, namespace, reloadKeys: () => loadPayloadKeys(context.secrets) };
  return {
    client: createDataConverter(createPayloadCodec(shared)),
    // A signal sent in clear by hand must not hold a workflow for ever.
    worker: createDataConverter(createPayloadCodec({ ...shared, plaintextMessages: 'void' })),
  };
}

async function startWorker(
  context: Context,
  connection: NativeConnection,
  of: {
    readonly hubspotUrl: string;
    readonly dataConverter: Awaited<ReturnType<typeof codecs>>['worker'];
  },
): Promise<GatewayWorker> {
  const { config, logger } = context;
  installEgress({ allowedOrigins: [of.hubspotUrl], deadlineMs: config.timing.deadlineMs });
  return createGatewayWorker({
    connection,
    namespace: config.temporal.namespace,
    taskQueue: config.temporal.taskQueue,
    activities: createActivities(activityDependencies(context, of.hubspotUrl)),
    dataConverter: of.dataConverter,
    workflowBundle: await workflowBundle(config.files.cache),
    slots: config.limits.slots,
    graceMs: WORKER_GRACE_MS,
    onUnexpected: (activity, error) => {
      logger.error('an activity failed unexpectedly', { activity, error });
    },
  });
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen({ port, host });
  try {
    await once(server, 'listening');
  } catch (cause) {
    const detail = `Port ${port} on ${host} cannot be listened on. Stop whoever holds it, or set SALLYPORT_PORT.`;
    throw new GatewayError('config.invalid', { detail, cause });
  }
}

interface RunningApi {
  stop(): Promise<void>;
}

async function startApi(context: Context, api: ApiContext): Promise<RunningApi> {
  const { config } = context;
  const server = createServer(createApp(api));
  await listen(server, config.ports.api, config.host);
  return {
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      await api.inFlight.drain(DRAIN_MS);
      // The last answers are still on their way out; a connection is idle once its answer has left.
      const idle = setInterval(() => {
        server.closeIdleConnections();
      }, IDLE_CHECK_MS);
      await Promise.race([closed, sleep(FLUSH_MS)]);
      clearInterval(idle);
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Offers everything open to the engine now and then, and delivers what is owed, until stopped. */
function startSweeping(context: Context, engine: Engine): () => Promise<void> {
  const { store, logger } = context;
  const sweep = createSweep({ store, engine, clock: () => new Date(), logger });
  let resumeDueAt = 0;
  let running: Promise<void> = Promise.resolve();

  async function tick(): Promise<void> {
    try {
      await sweep.deliver();
      if (Date.now() < resumeDueAt) return;
      const asked = await sweep.resume();
      resumeDueAt = Date.now() + RESUME_EVERY_MS;
      if (asked > 0) logger.info('open requests were offered to the engine', { requests: asked });
    } catch (error) {
      logger.warn('the sweep will try again', { error });
    }
  }

  running = tick();
  const timer = setInterval(() => {
    running = running.then(tick);
  }, SWEEP_EVERY_MS);
  return async () => {
    clearInterval(timer);
    await running;
  };
}

/** Runs API, worker or both on an open context. Throws `engine.unavailable`, `config.invalid`. */
export async function startGateway(context: Context, options: GatewayOptions): Promise<Gateway> {
  const { roles, temporalAddress, hubspotUrl } = options;
  const { config, auditLog, store, policy } = context;
  const converters = await codecs(context);
  const connection = await connect(context, temporalAddress);
  const client = new Client({
    connection,
    namespace: config.temporal.namespace,
    dataConverter: converters.client,
  });
  const engine = createEngine({
    client,
    taskQueue: config.temporal.taskQueue,
    deadlineMs: ENGINE_DEADLINE_MS,
    eager: roles.worker,
  });
  const worker = roles.worker
    ? await startWorker(context, connection, { hubspotUrl, dataConverter: converters.worker })
    : undefined;
  const ran = worker?.run() ?? new Promise<void>(() => undefined);
  const facts = { api: roles.api, worker: roles.worker, policy: policy.digest };
  await store.commit((tx) => tx.log.append({ event: 'gateway.started', actor: 'gateway', facts }));
  const stopPublishing = roles.worker ? auditLog.start() : () => Promise.resolve();
  const stopSweeping = roles.worker ? startSweeping(context, engine) : () => Promise.resolve();
  const api = roles.api ? await startApi(context, apiContext(context, engine)) : undefined;
  return {
    failed: ran.then(() => Promise.reject(new Error('the worker stopped'))),
    stop: async () => {
      await api?.stop();
      await stopSweeping();
      worker?.shutdown();
      await (worker === undefined ? undefined : ran.catch(() => undefined));
      await stopPublishing();
      await connection.close();
    },
  };
}
