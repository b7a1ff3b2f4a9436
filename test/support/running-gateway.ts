import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isPortFree } from '../../src/embedded/ports.ts';

/** `data/run.json` as scripts read it. */
export interface RunFile {
  readonly api: string;
  readonly temporal_ui: string | null;
  readonly temporal_address: string;
  readonly temporal_namespace: string;
  readonly simulator: string | null;
  readonly simulator_control: string | null;
  /** Null with a real HubSpot. */
  readonly agent_key: string | null;
  readonly approver_key: string | null;
  readonly log_dir: string;
  readonly log_vkey: string;
}

export interface RunningGateway {
  readonly dataDir: string;
  readonly env: Record<string, string>;
  run(): RunFile;
  start(): Promise<void>;
  /** Begins a start and does not wait for it. */
  launch(): void;
  /** The exit code of the last start, once it is gone; null when a signal ended it. */
  exited(): Promise<number | null>;
  /** SIGTERM, then waits; returns how long it took, ms. */
  stop(signal?: NodeJS.Signals): Promise<number>;
  /** kill -9 of the gateway and all its neighbours. */
  killEverything(): Promise<void>;
  /** Process ids that belong to this data folder. */
  processes(): number[];
  output(): string;
  api(
    method: string,
    path: string,
    options?: { key?: string | null; body?: unknown; headers?: Record<string, string> },
  ): Promise<{ status: number; body: any }>;
  control(method: string, path: string, body?: unknown): Promise<any>;
  close(): Promise<void>;
}

const START_LIMIT_MS = 60_000;
/** The port and those that follow from it must be free together. */
const PORT_SPAN = 6;
/** Below the range that the system takes for outgoing connections. */
const PORT_RANGE = { from: 12_000, to: 30_000 } as const;

async function freePortSpan(): Promise<number> {
  for (;;) {
    const base = PORT_RANGE.from + Math.floor(Math.random() * (PORT_RANGE.to - PORT_RANGE.from));
    const ports = Array.from({ length: PORT_SPAN }, (_, i) => base + i);
    const free = await Promise.all(ports.map((port) => isPortFree(port)));
    if (free.every(Boolean)) return base;
  }
}

function processesOf(dataDir: string): number[] {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  return pids.filter((pid) => {
    if (pid === process.pid) return false;
    try {
      const own =
        readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8');
      return own.includes(dataDir);
    } catch {
      return false;
    }
  });
}

async function json(url: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, init);
  const text = await response.text();
  return {
    status: response.status,
    body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text,
  };
}

const isGone = (child: ChildProcess | undefined): boolean =>
  child === undefined || child.exitCode !== null || child.signalCode !== null;

/** `npm start` as its own process tree, in a data folder of its own, to be stopped and killed at will. */
export async function createRunningGateway(options: {
  readonly temporalCli: string;
  readonly env?: Record<string, string>;
  /** `src/main.ts` if absent. */
  readonly main?: string;
}): Promise<RunningGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-run-'));
  const dataDir = join(folder, 'data');
  const base = await freePortSpan();
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    SALLYPORT_DATA_DIR: dataDir,
    SALLYPORT_PORT: String(base),
    TEMPORAL_CLI_PATH: options.temporalCli,
    SALLYPORT_CALL_DEADLINE_SECONDS: '2',
    SALLYPORT_HEARTBEAT_SECONDS: '2',
    SALLYPORT_RECONCILE_SECONDS: '0.5',
    SALLYPORT_QUIET_SECONDS: '3',
    SALLYPORT_RADAR_SETTLE_SECONDS: '0.01',
    SALLYPORT_RADAR_MINUTES: '0',
    ...options.env,
  };
  let child: ChildProcess | undefined;
  let gone: Promise<number | null> = Promise.resolve(null);
  let output = '';
  const run = (): RunFile => JSON.parse(readFileSync(join(dataDir, 'run.json'), 'utf8')) as RunFile;

  async function isReady(): Promise<boolean> {
    if (!existsSync(join(dataDir, 'run.json'))) return false;
    try {
      return (await fetch(`${run().api}/readyz`)).status === 200;
    } catch {
      return false;
    }
  }

  const gateway: RunningGateway = {
    dataDir,
    env,
    run,
    output: () => output,
    processes: () => processesOf(dataDir),
    launch: () => {
      const main = options.main ?? 'src/main.ts';
      const started = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [started.stdout, started.stderr]) {
        stream.on('data', (chunk: Buffer) => {
          output += chunk.toString();
        });
      }
      gone = new Promise((resolve) => started.once('close', resolve));
      child = started;
    },
    exited: () => gone,
    start: async () => {
      gateway.launch();
      const deadline = Date.now() + START_LIMIT_MS;
      while (!(await isReady())) {
        if (isGone(child) || Date.now() > deadline) throw new Error(`did not start: ${output}`);
        await sleep(50);
      }
    },
    stop: async (signal = 'SIGTERM') => {
      const since = Date.now();
      if (isGone(child)) return 0;
      const end = gone;
      child?.kill(signal);
      await end;
      return Date.now() - since;
    },
    killEverything: async () => {
      for (const pid of processesOf(dataDir)) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It was gone already.
        }
      }
      while (processesOf(dataDir).length > 0) await sleep(20);
    },
    api: (method, path, { key = run().agent_key, body, headers = {} } = {}) =>
      json(`${run().api}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    control: async (method, path, body) =>
      (
        await json(`${run().simulator_control}${path}`, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        })
      ).body,
    close: async () => {
      await gateway.stop();
      await gateway.killEverything();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return gateway;
}
