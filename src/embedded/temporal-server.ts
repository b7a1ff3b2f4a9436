import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { GatewayError } from '../core/errors.ts';
import { type Child, startChild } from './child-process.ts';
import { isPortFree } from './ports.ts';

const READY_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
const HEALTH_TIMEOUT_MS = 1_000;

/**
 * Measured for one shard on one box: the default of 20 polls a second puts every regular activity on
 * a 50 ms grid.
 */
const DYNAMIC_CONFIG: Readonly<Record<string, string>> = {
  'history.transferProcessorMaxPollRPS': '1000',
  'system.enableActivityEagerExecution': 'true',
  'frontend.enablePrincipalPropagation': 'true',
};

/** WAL is as fast as memory; a power cut may lose the last commits, which the store covers. */
const SQLITE_PRAGMAS: readonly string[] = ['journal_mode=wal', 'synchronous=1'];

export interface TemporalServerOptions {
  readonly cliPath: string;
  readonly port: number;
  /** Absent: no web UI. */
  readonly uiPort?: number | undefined;
  /** Absent: in memory, gone with the process. */
  readonly dbFile?: string | undefined;
  readonly namespace: string;
  /** Where the UI has payloads decrypted. */
  readonly codecEndpoint?: string | undefined;
  /** Name -> type, such as `Keyword`. */
  readonly searchAttributes: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface TemporalServer {
  readonly address: string;
  readonly uiUrl: string | undefined;
  /** Resolves when the server has ended, whoever ended it. */
  readonly exited: Promise<number>;
  stop(): Promise<void>;
}

function commandLine(options: TemporalServerOptions): string[] {
  const flags: [string, string][] = [
    ['--ip', '127.0.0.1'],
    ['--port', String(options.port)],
    ['--namespace', options.namespace],
    ['--log-level', 'warn'],
    ...Object.entries(DYNAMIC_CONFIG).map(([key, value]): [string, string] => [
      '--dynamic-config-value',
      `${key}=${value}`,
    ]),
    ...Object.entries(options.searchAttributes).map(([name, type]): [string, string] => [
      '--search-attribute',
      `${name}=${type}`,
    ]),
  ];
  if (options.uiPort !== undefined) flags.push(['--ui-port', String(options.uiPort)]);
  if (options.codecEndpoint !== undefined)
    flags.push(['--ui-codec-endpoint', options.codecEndpoint]);
  if (options.dbFile !== undefined) {
    flags.push(['--db-filename', options.dbFile]);
    flags.push(...SQLITE_PRAGMAS.map((pragma): [string, string] => ['--sqlite-pragma', pragma]));
  }
  const headless = options.uiPort === undefined ? ['--headless'] : [];
  return ['server', 'start-dev', ...headless, ...flags.flat()];
}

async function assertPortsFree(options: TemporalServerOptions): Promise<void> {
  for (const port of [options.port, options.uiPort]) {
    if (port === undefined || (await isPortFree(port))) continue;
    throw new GatewayError('engine.unavailable', {
      detail: `Port ${port} is taken. Stop whoever holds it, or set SALLYPORT_PORT to start elsewhere.`,
    });
  }
}

/** The UI answers before the engine does, so gRPC health is asked. */
async function isServing(address: string): Promise<boolean> {
  try {
    const connection = await Connection.connect({ address, connectTimeout: HEALTH_TIMEOUT_MS });
    await connection.close();
    return true;
  } catch {
    return false;
  }
}

async function waitUntilReady(child: Child, address: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!(await isServing(address))) {
    const isOver = child.hasExited() || Date.now() > deadline;
    if (isOver) {
      const said = await child.logTail();
      await child.stop();
      throw new GatewayError('engine.unavailable', {
        detail: `The Temporal dev server did not start. Its log ends with: ${said || '(nothing)'}`,
      });
    }
    await sleep(POLL_MS);
  }
}

/**
 * Starts the embedded Temporal dev server on loopback and waits until it serves.
 *
 * @throws GatewayError `engine.unavailable`: a taken port, or the end of its log when it died.
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  await assertPortsFree(options);
  const child = startChild({
    command: options.cliPath,
    args: commandLine(options),
    env: options.env,
    logFile: options.logFile,
  });
  const address = `127.0.0.1:${options.port}`;
  await waitUntilReady(child, address);
  return {
    address,
    uiUrl: options.uiPort === undefined ? undefined : `http://127.0.0.1:${options.uiPort}`,
    exited: child.exited,
    stop: () => child.stop(),
  };
}
