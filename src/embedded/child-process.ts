import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { GatewayError } from '../core/gateway-error.ts';
import type { ErrorCode } from '../core/errors.ts';
import { openChildLog } from './child-log.ts';
import type { ChildLog } from './child-log.ts';

const GUARDIAN = fileURLToPath(new URL('./guardian.ts', import.meta.url));
const READY_TIMEOUT_MS = 30_000;
const GRACE_MS = 5_000;
/** How much later than the grace the guardian itself may take before it is killed as well. */
const GUARDIAN_SLACK_MS = 2_000;

export interface ChildOptions {
  /** As it is called in messages: `the Temporal server`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** All of it: nothing of this process's environment (and its secrets) is passed on. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** Both output streams are appended here. */
  readonly logFile: string;
  /** Resolves when the child can be used; the signal tells it to stop trying. */
  readonly readyWhen: (signal: AbortSignal, pid: number) => Promise<void>;
  readonly readyTimeoutMs?: number;
  /** Between SIGTERM and SIGKILL; 5 s if absent, 0 for a child with nothing to lose. */
  readonly graceMs?: number;
  /** Called with each line of standard output. */
  readonly onLine?: (line: string) => void;
  /** What it means for a caller when this child cannot be started. */
  readonly failureCode: ErrorCode;
  /** Aborted when nobody wants it any more: until it is ready it is then killed at once, for it has nothing to lose. */
  readonly stopping?: AbortSignal | undefined;
}

export interface ChildExit {
  /** As a shell reports it, 137 after a SIGKILL; null when the guardian itself was killed. */
  readonly code: number | null;
  /** Whether `stop` was called before. */
  readonly expected: boolean;
  /** The last lines the child wrote. */
  readonly tail: string;
}

export interface Child {
  readonly pid: number;
  /** Resolves when the child is gone, for whatever reason; never rejects. */
  readonly exited: Promise<ChildExit>;
  /** Ends the child and waits until it is gone. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts a child that cannot outlive this process (guardian.ts) and waits until it is ready.
 *
 * @throws GatewayError with `failureCode` when it ends early (the detail carries the last lines it
 * wrote) or is not ready in time, and the reason of `stopping`; it is gone then.
 */
export async function startChild(options: ChildOptions): Promise<Child> {
  const log = await openChildLog(options.logFile);
  const guardian = spawnGuardian(options, log);
  const state = { stopping: false };
  const exited = watchExit(guardian, log, state);
  const stop = async (): Promise<void> => {
    state.stopping = true;
    // A message and not `disconnect()`, after which Node never reports the process as closed.
    if (guardian.connected) guardian.send('stop', () => undefined);
    const timer = setTimeout(
      () => {
        killGroup(guardian);
      },
      (options.graceMs ?? GRACE_MS) + GUARDIAN_SLACK_MS,
    );
    await exited;
    clearTimeout(timer);
  };
  try {
    const pid = await untilReady(options, guardian, exited);
    return { pid, exited, stop };
  } catch (error) {
    if (options.stopping?.aborted === true) killGroup(guardian);
    await stop();
    throw error;
  }
}

function spawnGuardian(options: ChildOptions, log: ChildLog): ChildProcess {
  const grace = String(options.graceMs ?? GRACE_MS);
  const guardian = spawn(process.execPath, [GUARDIAN, grace, options.command, ...options.args], {
    env: options.env,
    cwd: options.cwd,
    detached: true,
    windowsHide: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  for (const stream of [guardian.stdout, guardian.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      log.write(chunk);
    });
  }
  if (options.onLine !== undefined && guardian.stdout !== null) {
    createInterface({ input: guardian.stdout }).on('line', options.onLine);
  }
  return guardian;
}

async function watchExit(
  guardian: ChildProcess,
  log: ChildLog,
  state: { stopping: boolean },
): Promise<ChildExit> {
  guardian.once('exit', () => {
    // The guardian may have been killed alone; then its child would be left behind.
    killGroup(guardian);
  });
  const code = await new Promise<number | null>((resolve) => {
    guardian.once('close', resolve);
    guardian.once('error', () => {
      resolve(null);
    });
  });
  log.close();
  return { code, expected: state.stopping, tail: log.tail() };
}

async function untilReady(
  options: ChildOptions,
  guardian: ChildProcess,
  exited: Promise<ChildExit>,
): Promise<number> {
  const failure = Promise.withResolvers<never>();
  const fail = (detail: string): void => {
    failure.reject(new GatewayError(options.failureCode, { detail }));
  };
  void exited.then(({ code, tail }) => {
    fail(
      `${options.name} ended (code ${String(code)}) before it was ready. Its last words:\n${tail}`,
    );
  });
  const timeoutMs = options.readyTimeoutMs ?? READY_TIMEOUT_MS;
  const timer = setTimeout(() => {
    fail(`${options.name} was not ready within ${timeoutMs / 1000} s; see ${options.logFile}.`);
  }, timeoutMs);
  const giveUp = (): void => {
    failure.reject(options.stopping?.reason);
  };
  options.stopping?.addEventListener('abort', giveUp);
  if (options.stopping?.aborted === true) giveUp();
  const ended = new AbortController();
  const becomesReady = async (): Promise<number> => {
    const [message] = (await once(guardian, 'message', { signal: ended.signal })) as unknown[];
    const pid = pidFrom(message);
    await options.readyWhen(ended.signal, pid);
    return pid;
  };
  try {
    return await Promise.race([becomesReady(), failure.promise]);
  } finally {
    clearTimeout(timer);
    options.stopping?.removeEventListener('abort', giveUp);
    ended.abort();
  }
}

function pidFrom(message: unknown): number {
  const pid = typeof message === 'object' && message !== null && 'pid' in message && message.pid;
  if (typeof pid !== 'number') throw new Error('the guardian sent no process id');
  return pid;
}

function killGroup(guardian: ChildProcess): void {
  if (guardian.pid === undefined) return;
  try {
    if (process.platform === 'win32') guardian.kill('SIGKILL');
    else process.kill(-guardian.pid, 'SIGKILL');
  } catch {
    // The whole group is gone already.
  }
}
