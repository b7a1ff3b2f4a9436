import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Agent, fetch } from 'undici';

const MAIN = fileURLToPath(new URL('../../src/simulator/main.ts', import.meta.url));
/** Of its own: a gateway in the same process lets the global one reach HubSpot alone. */
const dispatcher = new Agent();
const START_LIMIT_MS = 20_000;

export type SimulatorEffect = {
  seq: number;
  at: string;
  method: string;
  path: string;
  object_type: string;
  object_id: string;
  effect: string;
  properties: Record<string, unknown>;
  associations: unknown[];
  token_sha256: string | null;
  app_id: number | null;
  source: 'api' | 'ui';
  user_id: number | null;
  body_sha256: string | null;
};

export type ControlReply<T> = { status: number; body: T };

export type SimulatorOptions = { dataDir?: string; port?: number; controlPort?: number };

export type SimulatorProcess = {
  url: string;
  controlUrl: string;
  dataDir: string;
  pid: number;
  /** Mints a live token; `'all'`, `'read'` or a list of scopes. */
  token(scopes?: 'all' | 'read' | readonly string[]): Promise<string>;
  /** One call at the control door. An empty answer gives `undefined` as its body. */
  control<T = unknown>(method: string, path: string, body?: unknown): Promise<ControlReply<T>>;
  /** The effects ledger in order, optionally after a sequence number. */
  effects(since?: number): Promise<SimulatorEffect[]>;
  /** Ends the process in an orderly way and removes a data folder that was made for it. */
  stop(): Promise<void>;
  /** kill -9; the data folder stays for a restart. */
  kill(): Promise<void>;
};

type Addresses = { simulator: string; simulator_control: string };

/** Reads the one JSON line the process prints once it listens. */
async function readAddresses(child: ChildProcess): Promise<Addresses> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('the simulator was started without pipes');
  let complaints = '';
  stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString();
  });
  return new Promise<Addresses>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`the simulator did not start in time: ${complaints}`));
    }, START_LIMIT_MS);
    createInterface({ input: stdout }).once('line', (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line) as Addresses);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`the simulator ended with ${String(code)}: ${complaints}`));
    });
  });
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  child.kill(signal);
  await ended;
}

async function callControl<T>(
  controlUrl: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<ControlReply<T>> {
  const response = await fetch(`${controlUrl}${path}`, {
    dispatcher,
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: (text === '' ? undefined : JSON.parse(text)) as T,
  };
}

/** Starts the real simulator as a process of its own on free loopback ports. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<SimulatorProcess> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'simulator-'));
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'] ?? '',
      SIMULATOR_PORT: String(options.port ?? 0),
      SIMULATOR_CONTROL_PORT: String(options.controlPort ?? 0),
      SIMULATOR_DATA_DIR: dataDir,
      SIMULATOR_PARENT_PID: String(process.pid),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const addresses = await readAddresses(child);
  const { simulator: url, simulator_control: controlUrl } = addresses;
  const control = <T>(method: string, path: string, body?: unknown) =>
    callControl<T>(controlUrl, method, path, body);
  return {
    url,
    controlUrl,
    dataDir,
    pid: child.pid ?? 0,
    async token(scopes = 'all') {
      const minted = await control<{ token: string }>('POST', '/tokens', { scopes });
      return minted.body.token;
    },
    control,
    async effects(since = 0) {
      const path = `/effects?since=${String(since)}`;
      const reply = await control<{ effects: SimulatorEffect[] }>('GET', path);
      return reply.body.effects;
    },
    async stop() {
      await endProcess(child, 'SIGTERM');
      if (!options.dataDir) rmSync(dataDir, { recursive: true, force: true });
    },
    kill: () => endProcess(child, 'SIGKILL'),
  };
}
