import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../embedded/child-process.ts';
import { isPortFree } from '../embedded/ports.ts';
import type { Environment, Scratch } from './scratch.ts';
import { untilTrue } from './wait.ts';
import { NotShownError } from './unproven.ts';

/** Where the product that is tried lies: this one, unless a test tries another. */
export const OWN_PRODUCT = fileURLToPath(new URL('../..', import.meta.url));

/** Below the range that systems take for outgoing connections, so that a restart finds its port free. */
const PORTS = { from: 12_000, count: 18_000 } as const;
const START_MAX_MS = 60_000;
const ANSWER_MAX_MS = 2_000;
/** Of a command that got no further; on a busy machine its start alone takes seconds. */
const COMMAND_MAX_MS = 90_000;

export async function findPort(): Promise<number> {
  for (;;) {
    const port = PORTS.from + Math.floor(Math.random() * PORTS.count);
    if (await isPortFree(port)) return port;
  }
}

/** A gateway process, to be stopped, killed and started again on the same folder. */
export interface GatewayProcess {
  /** `http://127.0.0.1:…` */
  readonly api: string;
  pid(): number;
  /** Starts it and waits until `/readyz` says 200. `changes` hold for this start alone. */
  start(changes?: Environment): Promise<void>;
  /** Resolves when the process is gone. */
  gone(): Promise<void>;
  stop(): Promise<void>;
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>;
  /** kill -9 and a start, which is faster than an orderly end; nothing may depend on one. */
  restart(changes?: Environment): Promise<void>;
  /** Ends it for good: what is still going on in the background starts it no more. */
  close(): Promise<void>;
}

async function isReady(api: string): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MAX_MS);
    return (await fetch(`${api}/readyz`, { signal })).status === 200;
  } catch {
    return false;
  }
}

export function createGatewayProcess(of: {
  readonly product: string;
  /** Below `src/`. */
  readonly main: string;
  readonly scratch: Scratch;
  readonly env: Environment;
}): GatewayProcess {
  const api = `http://127.0.0.1:${of.env['SALLYPORT_PORT'] ?? ''}`;
  let child: Child | undefined;
  let isClosed = false;
  const launch = (changes: Environment): Promise<Child> =>
    startChild({
      name: 'the scratch gateway',
      command: process.execPath,
      args: [join(of.product, 'src', of.main)],
      env: { ...of.env, ...changes },
      cwd: of.product,
      logFile: join(of.scratch.logs, 'gateway.log'),
      failureCode: 'internal.unexpected',
      readyTimeoutMs: START_MAX_MS,
      readyWhen: async (signal) => {
        while (!signal.aborted && !(await isReady(api)))
          await new Promise((resolve) => setTimeout(resolve, 40));
      },
    });
  const gateway: GatewayProcess = {
    api,
    pid: () => {
      if (child === undefined) throw new NotShownError('the scratch gateway is not running');
      return child.pid;
    },
    start: async (changes = {}) => {
      if (child !== undefined) return;
      if (isClosed) throw new NotShownError('the run is over');
      child = await launch(changes);
    },
    gone: async () => {
      await child?.exited;
      child = undefined;
    },
    stop: async () => {
      await child?.stop();
      child = undefined;
    },
    kill: async () => {
      if (child === undefined) return;
      try {
        process.kill(child.pid, 'SIGKILL');
      } catch {
        // It is dead already.
      }
      await gateway.gone();
      // The port is given back a moment after the process id.
      const port = Number(new URL(api).port);
      await untilTrue('the port is free again', () => isPortFree(port), ANSWER_MAX_MS);
    },
    restart: async (changes) => {
      await gateway.kill();
      await gateway.start(changes);
    },
    close: () => {
      isClosed = true;
      return gateway.stop();
    },
  };
  return gateway;
}

export interface CommandResult {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `sallyport …` on the scratch folder, as an operator does. */
export async function runCommand(
  of: { readonly product: string; readonly env: Environment },
  args: readonly string[],
  input = '',
): Promise<CommandResult> {
  const child = spawn(process.execPath, [join(of.product, 'src', 'cli', 'main.ts'), ...args], {
    cwd: of.product,
    env: of.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: COMMAND_MAX_MS,
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const closed = once(child, 'close');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [status] = (await closed) as [number | null];
  return { status, out, err };
}
