import { access, mkdir, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { GatewayError } from '../core/gateway-error.ts';
import { startChild } from './child-process.ts';
import type { Child, ChildExit } from './child-process.ts';
import { tryFileLock } from './file-lock.ts';
import type { FileLock } from './file-lock.ts';
import { isPortFree } from './ports.ts';
import { prepareNamespace } from './prepare-namespace.ts';
import type { SearchAttributes } from './prepare-namespace.ts';
import { endPreviousRun, noteRun } from './previous-run.ts';

/** What SQLite says of a file that is not its own, or of a schema that is not Temporal's. */
const UNREADABLE = /file is not a database|database disk image is malformed|no such (table|column)/;

/** For the port of a server that was stopped a moment ago. */
const PORT_WAIT_MS = 1_000;

export interface TemporalServerOptions {
  /** A Temporal CLI, as findTemporalCli gives it. */
  readonly cliPath: string;
  /** gRPC, on 127.0.0.1. */
  readonly port: number;
  /** The web UI, on 127.0.0.1; without it there is no UI. */
  readonly uiPort?: number | undefined;
  /** Keeps workflows over restarts. Without it they live in memory. */
  readonly dbFile?: string | undefined;
  readonly namespace: string;
  /** At most ten of type Keyword and three of each other type fit into a namespace. */
  readonly searchAttributes: SearchAttributes;
  /** How long closed workflows are kept; 24 if absent, at least 1. */
  readonly retentionHours?: number | undefined;
  /** After how many events a history should go on as a new one; Temporal's own figure, some thousands, if absent. */
  readonly continueAfterEvents?: number | undefined;
  /** Where the UI has payloads decoded; its CORS answer must allow `uiUrl`. */
  readonly codecEndpoint?: string | undefined;
  readonly logFile: string;
  /** Aborted when nobody wants it any more: a start that is still going gives up at once. */
  readonly stopping?: AbortSignal | undefined;
}

export interface TemporalServer {
  /** `127.0.0.1:7233` */
  readonly address: string;
  /** The UI's origin, as a browser sends it; undefined without `uiPort`. */
  readonly uiUrl: string | undefined;
  readonly pid: number;
  /** Where an unreadable database was put, if that happened: the engine then starts empty. */
  readonly setAside: string | undefined;
  /** Resolves when the server is gone; `expected` is false when it went by itself. */
  readonly exited: Promise<ChildExit>;
  stop(): Promise<void>;
}

/**
 * Starts Temporal's dev server as a child process and waits until its namespace can be used: about
 * half a second in memory, up to one and a half with a new file.
 *
 * The file is used by one server at a time: a second gateway is refused, a server left behind by a
 * gateway that was killed is ended first. A file that SQLite cannot read is set aside and a new one
 * begun, since the gateway's store can start everything again that was open.
 *
 * @throws GatewayError `engine.unavailable`; the detail says what to do. The reason of `stopping`.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  const dbFile = options.dbFile === undefined ? undefined : resolve(options.dbFile);
  const lock = dbFile === undefined ? undefined : await takeDatabase(dbFile);
  try {
    await requireFreePorts(options);
    const { child, setAside } = await launchReadable({ ...options, dbFile });
    return {
      address: `127.0.0.1:${options.port}`,
      uiUrl: options.uiPort === undefined ? undefined : `http://127.0.0.1:${options.uiPort}`,
      pid: child.pid,
      setAside,
      exited: child.exited,
      stop: async () => {
        await child.stop();
        lock?.release();
      },
    };
  } catch (error) {
    lock?.release();
    throw error;
  }
}

/** Temporal itself lets two servers open one file, and they would undo each other's work. */
async function takeDatabase(dbFile: string): Promise<FileLock> {
  await mkdir(dirname(dbFile), { recursive: true, mode: 0o700 });
  const lock = await tryFileLock(`${dbFile}.lock`);
  if (lock === undefined) {
    throw unavailable(
      `Another Sallyport is running on ${dbFile}. Stop it first, or use another data folder.`,
    );
  }
  try {
    await endPreviousRun(`${dbFile}.pid`, dbFile);
    return lock;
  } catch (error) {
    lock.release();
    throw unavailable(
      `A Temporal server of a previous run still holds ${dbFile} and cannot be ended.`,
      error,
    );
  }
}

async function requireFreePorts(options: TemporalServerOptions): Promise<void> {
  const ports = [
    { port: options.port, use: 'the Temporal server' },
    { port: options.uiPort, use: 'the Temporal UI' },
  ];
  for (const { port, use } of ports) {
    if (port === undefined || (await isPortFree(port, PORT_WAIT_MS, options.stopping))) continue;
    throw unavailable(
      `Port ${port} on 127.0.0.1, meant for ${use}, is in use. Stop the program that listens ` +
        'there, or choose another port; a Temporal server that is already running can be used by ' +
        'setting TEMPORAL_ADDRESS.',
    );
  }
}

interface Launched {
  readonly child: Child;
  readonly setAside: string | undefined;
}

async function launchReadable(options: TemporalServerOptions): Promise<Launched> {
  try {
    return { child: await launch(options), setAside: undefined };
  } catch (error) {
    const { dbFile } = options;
    const isUnreadable = error instanceof GatewayError && UNREADABLE.test(error.detail ?? '');
    if (dbFile === undefined || !isUnreadable) throw error;
    const setAside = await moveAway(dbFile);
    return { child: await launch(options), setAside };
  }
}

async function moveAway(dbFile: string): Promise<string> {
  const target = `${dbFile}.unreadable-${Date.now()}`;
  for (const suffix of ['', '-wal', '-shm']) {
    const isThere = await access(`${dbFile}${suffix}`).then(
      () => true,
      () => false,
    );
    if (isThere) await rename(`${dbFile}${suffix}`, `${target}${suffix}`);
  }
  return target;
}

function launch(options: TemporalServerOptions): Promise<Child> {
  const { dbFile } = options;
  return startChild({
    name: 'the Temporal server',
    command: options.cliPath,
    args: serverArguments(options),
    // Nothing of ours: TEMPORAL_* variables and config files are meant for clients. And nothing goes
    // out: without this it tells temporal.io its version and how it runs.
    env: { TEMPORAL_VERSION_CHECK_DISABLED: '1' },
    logFile: options.logFile,
    failureCode: 'engine.unavailable',
    stopping: options.stopping,
    // Memory is lost in any case; a file is closed properly.
    ...(dbFile === undefined ? { graceMs: 0 } : {}),
    readyWhen: async (signal, pid) => {
      if (dbFile !== undefined) await noteRun(`${dbFile}.pid`, pid);
      await prepareNamespace(options, signal);
    },
  });
}

function serverArguments(options: TemporalServerOptions): readonly string[] {
  const { port, uiPort, dbFile, codecEndpoint } = options;
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port)],
    ...['--namespace', options.namespace, '--log-level', 'warn'],
    '--disable-config-file',
    '--disable-config-env',
    ...(uiPort === undefined
      ? ['--headless']
      : ['--ui-port', String(uiPort), '--ui-disable-news-fetch']),
    ...(codecEndpoint === undefined ? [] : ['--ui-codec-endpoint', codecEndpoint]),
    ...Object.entries(options.searchAttributes).flatMap(([name, type]) => [
      '--search-attribute',
      `${name}=${type}`,
    ]),
    // Without these a file is four times slower than memory. kill -9 loses nothing; a power cut may
    // lose the last commits, which the gateway's store covers.
    ...(dbFile === undefined
      ? []
      : [
          ...['--db-filename', dbFile],
          ...['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'],
        ]),
    // The default of 20 a second puts a sequential caller on a grid of 50 ms.
    ...['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=1000'],
    ...['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
    ...(options.continueAfterEvents === undefined
      ? []
      : [
          '--dynamic-config-value',
          `limit.historyCount.suggestContinueAsNew=${options.continueAfterEvents}`,
        ]),
  ];
}

function unavailable(detail: string, cause?: unknown): GatewayError {
  return new GatewayError('engine.unavailable', { detail, cause });
}
