import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createCodecHandler } from './adapters/temporal/codec-server.ts';
import { createPayloadCodec } from './adapters/temporal/payload-codec.ts';
import { loadPayloadKeys } from './adapters/temporal/payload-keys.ts';
import { type Config, readConfig } from './config.ts';
import { type Context, openContext } from './context.ts';
import { connectDependencies } from './dependencies.ts';
import type { ErrorCode } from './core/errors.ts';
import { GatewayError } from './core/gateway-error.ts';
import { KEYWORD_ATTRIBUTES } from './core/search-attributes.ts';
import {
  type DemoKeys,
  demoInvitation,
  ensureDemoConnection,
  ensureDemoCredential,
  ensureDemoRoster,
  withdrawDemoRoster,
} from './demo.ts';
import { takeDataFolder } from './embedded/data-folder.ts';
import { isPortFree } from './embedded/ports.ts';
import { type SimulatorProcess, startSimulatorProcess } from './embedded/simulator-process.ts';
import { findTemporalCli } from './embedded/temporal-binary.ts';
import { startTemporalServer, type TemporalServer } from './embedded/temporal-server.ts';
import { withProgress } from './embedded/with-progress.ts';
import { startGateway } from './gateway.ts';
import { writeRunFile } from './run-file.ts';
import { type Life, runUntilStopped, type Started } from './run-until-stopped.ts';
import { printStart, say } from './start-text.ts';

/** After the word that it stops, a start says nothing of itself any more. */
const sayUnless = (stopping: AbortSignal) => (line: string) => {
  if (!stopping.aborted) say(line);
};

const sayStarting = <T>(what: string, stopping: AbortSignal, work: Promise<T>): Promise<T> =>
  withProgress(sayUnless(stopping), (seconds) => `Starting ${what}, ${seconds} s …`, work);

const CODEC_PATH_SECRET = 'temporal/codec-path';
const SIMULATOR_MAIN = fileURLToPath(new URL('./simulator/main.ts', import.meta.url));

/** A program that is just stopping gives its ports back within this. */
const PORTS_WAIT_MS = 5_000;

/** A taken port is said before anything is started. */
async function assertPortsFree(config: Config, stopping: AbortSignal): Promise<void> {
  const { api, simulator, simulatorControl, codec } = config.ports;
  const ports = [
    api,
    ...(config.temporal.address === undefined ? [codec] : []),
    ...(config.hubspotUrl === undefined ? [simulator, simulatorControl] : []),
  ];
  const deadline = Date.now() + PORTS_WAIT_MS;
  for (const port of ports) {
    if (await isPortFree(port)) continue;
    say(`Port ${port} on 127.0.0.1 is taken; waiting up to ${PORTS_WAIT_MS / 1000} s for it …`);
    if (await isPortFree(port, deadline - Date.now(), stopping)) continue;
    throw new GatewayError('config.invalid', {
      detail: `Port ${port} on 127.0.0.1 is taken. Stop whoever holds it, or start with another SALLYPORT_PORT (the other ports follow from it).`,
    });
  }
}

/** The path under which the Temporal UI has payloads decrypted: unguessable, the same at every start. */
async function codecPath(context: Context): Promise<string> {
  const known = await context.secrets.get(CODEC_PATH_SECRET);
  if (known !== undefined) return known.value;
  const path = `/${randomBytes(32).toString('base64url')}`;
  await context.secrets.put(CODEC_PATH_SECRET, path, 0);
  return path;
}

async function startCodecServer(
  context: Context,
  path: string,
  parts: AsyncDisposableStack,
): Promise<void> {
  const { config, secrets } = context;
  const { namespace } = config.temporal;
  const codec = createPayloadCodec({ keys: await loadPayloadKeys(secrets), namespace });
  const uiOrigin = `http://127.0.0.1:${config.ports.temporalUi}`;
  const handler = createCodecHandler({ codec, namespace, uiOrigin, path });
  const server = createServer((request, response) => void handler(request, response));
  server.listen({ port: config.ports.codec, host: '127.0.0.1' });
  await once(server, 'listening');
  parts.defer(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
}

interface EngineProcess extends Started {
  readonly address: string;
}

/** The configured engine, or a dev server of our own. */
async function startEngine(context: Context, life: Life): Promise<EngineProcess> {
  const { address } = context.config.temporal;
  if (address !== undefined) return { address, failed: new Promise(() => undefined) };
  const server = await startOwnEngine(context, life);
  const failed = whenItDies(server, 'The Temporal server', 'engine.unavailable');
  return { address: server.address, failed };
}

/** Started again by whoever watches this process: the record has everything that the engine knew. */
function whenItDies(
  { exited }: Pick<TemporalServer, 'exited'>,
  name: string,
  failureCode: ErrorCode,
): Promise<never> {
  const died = exited.then(({ expected, code, tail }) => {
    if (expected) return new Promise<never>(() => undefined);
    const detail = `${name} ended by itself (code ${String(code)}). Nothing is lost: start the gateway again. Its last words:\n${tail}`;
    throw new GatewayError(failureCode, { detail });
  });
  died.catch(() => undefined);
  return died;
}

const simulatorFails = (simulator: SimulatorProcess): Promise<never> =>
  whenItDies(simulator, 'The HubSpot simulator', 'hubspot.unavailable');

async function startOwnEngine(
  context: Context,
  { parts, stopping }: Life,
): Promise<TemporalServer> {
  const { config } = context;
  const cli = await findTemporalCli({
    cliPath: config.temporal.cliPath,
    pathDirs: config.hostEnvironment.pathDirs,
    cacheDir: config.files.cache,
    onProgress: sayUnless(stopping),
  });
  const path = await codecPath(context);
  await startCodecServer(context, path, parts);
  const starting = startTemporalServer({
    cliPath: cli.path,
    port: config.ports.temporal,
    uiPort: config.ports.temporalUi,
    dbFile: join(config.dataDir, 'temporal.db'),
    namespace: config.temporal.namespace,
    codecEndpoint: `http://127.0.0.1:${config.ports.codec}${path}`,
    searchAttributes: KEYWORD_ATTRIBUTES,
    logFile: join(config.files.processLogs, 'temporal.log'),
    stopping,
  });
  const server = await sayStarting('the Temporal server', stopping, starting);
  parts.defer(() => server.stop());
  if (server.setAside !== undefined) {
    say(
      `The engine's database could not be read and was set aside as ${server.setAside}. Open requests start again from the record.`,
    );
  }
  return server;
}

async function startSimulator(
  config: Config,
  { parts, stopping }: Life,
): Promise<SimulatorProcess | undefined> {
  if (config.hubspotUrl !== undefined) return undefined;
  const starting = startSimulatorProcess({
    main: SIMULATOR_MAIN,
    port: config.ports.simulator,
    controlPort: config.ports.simulatorControl,
    dataDir: join(config.dataDir, 'simulator'),
    logFile: join(config.files.processLogs, 'simulator.log'),
    path: config.hostEnvironment.path,
    stopping,
  });
  const simulator = await sayStarting('the HubSpot simulator', stopping, starting);
  parts.defer(() => simulator.stop());
  return simulator;
}

/** The demo is for the simulator alone: beside a real HubSpot nobody is on the roster but whom the operator adds. */
async function demoKeys(
  context: Context,
  simulator: SimulatorProcess | undefined,
): Promise<DemoKeys | undefined> {
  if (simulator !== undefined) {
    await ensureDemoCredential(context, simulator.controlUrl);
    await ensureDemoConnection(context, () => connectDependencies(context, simulator.url));
    return ensureDemoRoster(context);
  }
  if (await withdrawDemoRoster(context))
    say('The agent and the approver of the demo were revoked: this is a real HubSpot.');
  return undefined;
}

/** Both to their end, also when one fails: what the other has started by then must be ended too. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

/** Everything in one process tree: engine, simulator, worker, API. */
async function start(config: Config, life: Life): Promise<Started> {
  const { parts, stopping } = life;
  const lock = await takeDataFolder({ folder: config.dataDir, onWait: say, stopping });
  parts.defer(() => {
    lock.release();
  });
  await assertPortsFree(config, stopping);
  const isFirst = !existsSync(config.files.store);
  const context = await openContext(config);
  parts.defer(() => context.close());
  stopping.throwIfAborted();
  const [simulator, engine] = await both(startSimulator(config, life), startEngine(context, life));
  const { address } = engine;
  stopping.throwIfAborted();
  const keys = await demoKeys(context, simulator);
  const starting = startGateway(context, {
    roles: { api: true, worker: true },
    temporalAddress: address,
    hubspotUrl: simulator?.url ?? config.hubspotUrl ?? '',
    stopping,
  });
  const gateway = await sayStarting('the worker and the API', stopping, starting);
  parts.defer(() => gateway.stop());
  stopping.throwIfAborted();
  writeRunFile(context, { address, simulator, keys });
  const invitation = keys && (await demoInvitation(context, keys));
  printStart({ config, isFirst, address, simulator, keys, invitation });
  const neighbours = simulator === undefined ? [] : [simulatorFails(simulator)];
  return { failed: Promise.race([engine.failed, gateway.failed, ...neighbours]) };
}

await runUntilStopped((life) => start(readConfig(), life));
