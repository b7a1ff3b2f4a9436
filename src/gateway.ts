import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '@temporalio/client';
import type { NativeConnection } from '@temporalio/worker';
import { createActivities, createIncidentActivities } from './activities/create-activities.ts';
import { installEgress } from './adapters/hubspot/egress.ts';
import { connectTemporal } from './adapters/temporal/connect.ts';
import { createDataConverter } from './adapters/temporal/data-converter.ts';
import { createEngine, type EngineOptions } from './adapters/temporal/engine.ts';
import { createGateDesk } from './adapters/temporal/gate-desk.ts';
import { createGatewayWorker, type GatewayWorker } from './adapters/temporal/gateway-worker.ts';
import { ensureRadarSchedule } from './adapters/temporal/radar-schedule.ts';
import { createPayloadCodec } from './adapters/temporal/payload-codec.ts';
import { loadPayloadKeys } from './adapters/temporal/payload-keys.ts';
import { workflowBundle } from './adapters/temporal/workflow-bundle.ts';
import type { ApiContext } from './api/api-context.ts';
import { createApp } from './api/create-app.ts';
import { type Channels, openChannels } from './channels.ts';
import { createConsole } from './console/create-console.ts';
import type { RefusedStep } from './console/refusals.ts';
import type { Context } from './context.ts';
import { activityDependencies, apiContext, detectionOf } from './dependencies.ts';
import { GatewayError } from './core/gateway-error.ts';
import { type CourierDependencies, createCourier } from './courier.ts';
import { every } from './every.ts';
import { ensureOwnAgent } from './gate/own-agent.ts';
import { oweOfIncidents } from './gate/incident-notices.ts';
import { createSweep } from './gate/sweep.ts';
import type { Engine } from './ports/engine.ts';
import type { Notifier } from './ports/notifier.ts';

/** Which halves run in this process. */
export interface GatewayRoles {
  readonly api: boolean;
  readonly worker: boolean;
}

export interface GatewayOptions {
  readonly roles: GatewayRoles;
  readonly temporalAddress: string;
  readonly hubspotUrl: string;
  /** Aborted when the process is to end: a start that is still going gives up. */
  readonly stopping?: AbortSignal | undefined;
}

export interface Gateway {
  /** Rejects when a part died by itself; resolves never otherwise. */
  readonly failed: Promise<never>;
  /** Lets what is in flight finish, then ends everything. At most about eight seconds. */
  stop(): Promise<void>;
}

/** Head and body together, looked at every second; who sends slower gets 408. No limit on the answer. */
const RECEIVING = {
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  // Longer than clients keep an idle connection: closing one that is just being written to loses the call.
  keepAliveTimeout: 120_000,
} as const;
const ENGINE_DEADLINE_MS = 1_500;
const DRAIN_MS = 3_000;
const FLUSH_MS = 500;
const IDLE_CHECK_MS = 10;
const WORKER_GRACE_MS = 2_500;
const SWEEP_EVERY_MS = 2_000;
const DELIVER_EVERY_MS = 500;
/** An alert comes within five seconds of what caused it. */
const DETECT_EVERY_MS = 1_000;
/** The engine may lose its database while we run: everything open is offered to it again. */
const RESUME_EVERY_MS = 300_000;

async function connect(
  context: Context,
  { temporalAddress: address, stopping }: GatewayOptions,
): Promise<NativeConnection> {
  const { apiKeyFile, tls } = context.config.temporal;
  const apiKey = apiKeyFile === undefined ? undefined : (await readFile(apiKeyFile, 'utf8')).trim();
  const options = { address, apiKey, tls: tls ? (true as const) : undefined, stopping };
  return connectTemporal(options, context.logger);
}

async function codecs(context: Context) {
  const { namespace } = context.config.temporal;
  const keys = await loadPayloadKeys(context.secrets);
  const shared = { keys, namespace, reloadKeys: () => loadPayloadKeys(context.secrets) };
  return {
    client: createDataConverter(createPayloadCodec(shared)),
    // A signal sent in clear by hand must not hold a workflow for ever.
    worker: createDataConverter(createPayloadCodec({ ...shared, foreignMessages: 'void' })),
  };
}

async function startWorker(
  context: Context,
  connection: NativeConnection,
  of: {
    readonly hubspotUrl: string;
    readonly channels: Channels;
    readonly dataConverter: Awaited<ReturnType<typeof codecs>>['worker'];
  },
): Promise<GatewayWorker> {
  const { config, logger } = context;
  const allowedOrigins = [of.hubspotUrl, ...of.channels.origins];
  installEgress({ allowedOrigins, deadlineMs: config.timing.deadlineMs });
  const deps = activityDependencies(context, of.hubspotUrl, of.channels.places);
  return createGatewayWorker({
    connection,
    namespace: config.temporal.namespace,
    taskQueue: config.temporal.taskQueue,
    activities: { ...createActivities(deps), ...createIncidentActivities(deps) },
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
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    const detail = isTaken
      ? `Port ${port} on ${host} is taken. Stop whoever holds it, or set SALLYPORT_PORT.`
      : `SALLYPORT_HOST names ${host}, which is no address of this machine. Set one that is; without it the API listens on 127.0.0.1.`;
    throw new GatewayError('config.invalid', { detail, cause });
  }
}

/** A client of this very API, on whatever address it listens. */
function consoleOf({ config, logger }: Context) {
  const isEverywhere = ['0.0.0.0', '::'].includes(config.host);
  const api = { host: isEverywhere ? '127.0.0.1' : config.host, port: config.ports.api };
  const onRefused = (step: RefusedStep): void => {
    logger.warn('a step in the console was refused', { ...step });
  };
  return createConsole({ origin: config.origin, api, onRefused });
}

interface RunningApi {
  stop(): Promise<void>;
}

async function startApi(context: Context, api: ApiContext): Promise<RunningApi> {
  const { config } = context;
  const server = createServer(RECEIVING, createApp(api, consoleOf(context)));
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
      await api.edgeRefusals.flush().catch((error: unknown) => {
        api.logger.warn('refusals that were only counted are not in the log', { error });
      });
    },
  };
}

/** Offers everything open to the engine now and then, and delivers what is owed, until stopped. */
function startSweeping(
  context: Context,
  engine: Engine,
  { escalateTo }: Channels,
): () => Promise<void> {
  const { store, logger } = context;
  const rules = context.config.timing;
  const clock = () => new Date();
  const sweep = createSweep({ store, engine, clock, logger, rules, escalateTo });
  let resumeDueAt = 0;

  const tryAgain = (error: unknown): void => {
    logger.warn('the sweep will try again', { error });
  };

  async function resume(): Promise<void> {
    if (Date.now() < resumeDueAt) return;
    const asked = await sweep.resume();
    resumeDueAt = Date.now() + RESUME_EVERY_MS;
    if (asked > 0) logger.info('open requests were offered to the engine', { requests: asked });
  }

  return every(SWEEP_EVERY_MS, async () => {
    await sweep.expire().catch(tryAgain);
    await sweep.remind().catch(tryAgain);
    await sweep.deliver().catch(tryAgain);
    await sweep.incidents().catch(tryAgain);
    await resume().catch(tryAgain);
  });
}

/**
 * Has the engine start the radar's sweeps, until stopped. Again now and then, for the engine may lose its
 * database while we run; a sweep that does not come is nobody's to miss.
 */
function startRadar(context: Context, client: Client): () => Promise<void> {
  const { config, logger } = context;
  const { radarEveryMs: everyMs } = config.timing;
  const of = { client, taskQueue: config.temporal.taskQueue, connection: config.connection };
  return every(RESUME_EVERY_MS, async () => {
    try {
      await ensureRadarSchedule({ ...of, everyMs, deadlineMs: ENGINE_DEADLINE_MS });
    } catch (error) {
      logger.warn('the radar’s schedule will be tried again', { error });
    }
  });
}

/** Has the desk stand in the engine, until stopped: the engine may lose its database while we run. */
function startDesk({ config, logger }: Context, options: EngineOptions): () => Promise<void> {
  const ensureDesk = createGateDesk(options, config.connection);
  return every(RESUME_EVERY_MS, async () => {
    try {
      await ensureDesk();
    } catch (error) {
      logger.warn('the desk in the engine will be tried again', { error });
    }
  });
}

/** Tells people what is owed to them, until stopped. */
function startDelivering(
  context: Context,
  notifiers: readonly Notifier[],
  of: Pick<CourierDependencies, 'cargo' | 'channels'>,
): () => Promise<void> {
  const { store, logger, config } = context;
  const { origin, limits } = config;
  const { promptsPerHour } = limits;
  const clock = () => new Date();
  const courier = createCourier({ ...of, store, notifiers, origin, clock, logger, promptsPerHour });
  return every(DELIVER_EVERY_MS, async () => {
    try {
      await courier.deliver();
    } catch (error) {
      logger.warn('notices will be tried again', { error });
    }
  });
}

/** Owes people what they are to be told of incidents, until stopped. */
function startAlarming(context: Context, { places }: Channels): () => Promise<void> {
  const { store, logger } = context;
  const clock = () => new Date();
  return every(DELIVER_EVERY_MS, async () => {
    try {
      await oweOfIncidents({ store, places, clock, logger });
    } catch (error) {
      logger.warn('incidents will be looked at again', { error });
    }
  });
}

/** Applies the rules to what is written in the log, by whatever process, until stopped. */
function startDetecting(context: Context, { places }: Channels): () => Promise<void> {
  const detection = detectionOf(context, places);
  const stopping = new AbortController();
  const stop = every(DETECT_EVERY_MS, async () => {
    try {
      await detection.look(stopping.signal);
    } catch (error) {
      if (!stopping.signal.aborted) context.logger.warn('the rules will look again', { error });
    }
  });
  return async () => {
    stopping.abort();
    await stop();
  };
}

/** Runs the worker until `parts` end; the answer rejects when it ended by itself. */
function runWorker(worker: GatewayWorker, parts: AsyncDisposableStack): Promise<never> {
  const ran = worker.run();
  parts.defer(async () => {
    worker.shutdown();
    await ran.catch(() => undefined);
  });
  const failed = ran.then(() => Promise.reject(new Error('the worker stopped')));
  // A stop during the start ends it before anybody listens; that must not end the process.
  failed.catch(() => undefined);
  return failed;
}

/** A roster that somebody has changed by hand must not keep the gateway from starting. */
async function ownAgent({ store, logger }: Context): Promise<void> {
  try {
    await store.commit(ensureOwnAgent);
  } catch (error) {
    logger.warn('the gateway’s own agent cannot be read; nothing can be taken back', { error });
  }
}

/** Registers what it starts in `parts`, in the order that their end needs, reversed. */
async function startParts(
  context: Context,
  options: GatewayOptions,
  parts: AsyncDisposableStack,
): Promise<Pick<Gateway, 'failed'>> {
  const { roles, hubspotUrl, stopping } = options;
  const { config, auditLog, store, policy } = context;
  const { namespace, taskQueue } = config.temporal;
  const converters = await codecs(context);
  const connection = await connect(context, options);
  parts.defer(() => connection.close());
  const client = new Client({ connection, namespace, dataConverter: converters.client });
  const { logger } = context;
  const made = { client, taskQueue, deadlineMs: ENGINE_DEADLINE_MS, eager: roles.worker, logger };
  const engine = context.failpoints.engine(createEngine(made));
  const channels = openChannels(context);
  let failed = new Promise<never>(() => undefined);
  if (roles.worker) {
    const of = { hubspotUrl, channels, dataConverter: converters.worker };
    const worker = await startWorker(context, connection, of);
    // Ends after the worker, whose last entries it still publishes.
    parts.defer(auditLog.start());
    failed = runWorker(worker, parts);
  }
  stopping?.throwIfAborted();
  const facts = { api: roles.api, worker: roles.worker, policy: policy.digest };
  await store.commit((tx) => tx.log.append({ event: 'gateway.started', actor: 'gateway', facts }));
  await ownAgent(context);
  if (roles.worker) {
    parts.defer(startSweeping(context, engine, channels));
    const { notifiers } = channels;
    parts.defer(startDelivering(context, notifiers, { cargo: 'requests' }));
    // One for each channel: the one that hangs holds up no alarm of another.
    for (const notifier of notifiers)
      parts.defer(
        startDelivering(context, [notifier], { cargo: 'alarms', channels: [notifier.channel] }),
      );
    parts.defer(startAlarming(context, channels));
    parts.defer(startDetecting(context, channels));
    parts.defer(startRadar(context, client));
    parts.defer(startDesk(context, made));
    if (channels.slack !== undefined) parts.defer(channels.slack.startSocket(engine));
  }
  if (roles.api) {
    const api = await startApi(context, apiContext(context, engine, channels));
    parts.defer(() => api.stop());
  }
  return { failed };
}

/**
 * Runs API, worker or both on an open context; what was started is ended again when the rest cannot be.
 * Throws `engine.unavailable`, `config.invalid`, and the signal's reason when it is told to stop.
 */
export async function startGateway(context: Context, options: GatewayOptions): Promise<Gateway> {
  const parts = new AsyncDisposableStack();
  try {
    const { failed } = await startParts(context, options, parts);
    return { failed, stop: () => parts.disposeAsync() };
  } catch (error) {
    await parts.disposeAsync().catch(() => undefined);
    throw error;
  }
}
