import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isStartedByNpm } from './config.ts';
import { ERRORS } from './core/errors.ts';
import { GatewayError } from './core/gateway-error.ts';
import { say } from './start-text.ts';

/** What a start is given by the process that runs it. */
export interface Life {
  /** Everything that was started, to be ended last first. */
  readonly parts: AsyncDisposableStack;
  /** Aborted by the first signal: a start that is still going starts nothing more. */
  readonly stopping: AbortSignal;
}

export interface Started {
  /** Rejects when a part died by itself; resolves never. */
  readonly failed: Promise<never>;
}

/** From the signal, or the failure, to the end of the process, whatever hangs. */
const STOP_TIMEOUT_MS = 9_500;
/** The same from a signal during the start, when nothing is in flight yet that would have to be finished. */
const START_STOP_TIMEOUT_MS = 2_000;
/** How long a start may take to give up by itself, before what it has started is ended all the same. */
const GIVE_UP_MS = 300;

/** What is wrong and what to do about it, on one line or more. */
function inWords(error: unknown): string {
  if (error instanceof Error && 'syscall' in error)
    return `${error.message}. Check what is there and whether this user may use it.`;
  if (!(error instanceof GatewayError)) return String(error);
  const { title, remedy } = ERRORS[error.code];
  // Details are made to stand after a code; a path or a setting that begins one stays as it is.
  const detail = error.detail?.replace(/^[a-z](?=[a-z]* )/, (first) => first.toUpperCase());
  return detail ?? `${title} ${remedy}`;
}

function armStopTimer(): void {
  setTimeout(() => {
    say('Some parts did not end in time and are ended by force.');
    process.exit(1);
  }, STOP_TIMEOUT_MS);
}

/** What a start has not given up by then has nothing to lose: no call was taken yet. */
function armStartStopTimer(): void {
  setTimeout(() => {
    say('Stopped.');
    process.exit(0);
  }, START_STOP_TIMEOUT_MS);
}

const PARENT_LOOK_MS = 500;

/**
 * npm tells its shell alone that it is to end, and many a shell dies of that without a word to us: then a stopped
 * `npm start` would go on sending approved writes. Whose parent is gone stops as by a signal.
 */
function whenOrphaned(stop: () => void): void {
  if (!isStartedByNpm()) return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    stop();
  }, PARENT_LOOK_MS);
  look.unref();
}

function stopOnSignal(isStarted: () => boolean): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) return;
    // Now and not when the start has ended: what is just being started may hang.
    if (isStarted()) {
      armStopTimer();
      say('Stopping: finishing what is in flight …');
    } else {
      armStartStopTimer();
      say('Stopping: the start is given up …');
    }
    controller.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop);
  whenOrphaned(stop);
  return controller.signal;
}

/** As long as the start, or a little longer than the signal that it is to give up. */
async function startOrGiveUp(
  starting: Promise<Started>,
  stopping: AbortSignal,
): Promise<Started | undefined> {
  const givenUp = once(stopping, 'abort').then(() => sleep(GIVE_UP_MS, undefined));
  return Promise.race([starting, givenUp]);
}

type Run = Life & { isStarted: boolean };

async function liveAndSay(start: (life: Life) => Promise<Started>, run: Run): Promise<number> {
  const { stopping } = run;
  let stage = 'Cannot start.';
  try {
    const started = await startOrGiveUp(start(run), stopping);
    if (started === undefined) return 0;
    // After a stop nobody listens any more, and the parts that end must not end the process.
    started.failed.catch(() => undefined);
    stage = 'Ended:';
    run.isStarted = true;
    if (!stopping.aborted) await Promise.race([once(stopping, 'abort'), started.failed]);
    return 0;
  } catch (error) {
    if (stopping.aborted) return 0;
    armStopTimer();
    say(`${stage} ${inWords(error)}`);
    return 1;
  }
}

/**
 * Runs a process to its end: start, wait for a signal or a failure, end every part. Exit code 0 after
 * a signal, 1 when it could not start, a part died, or a part had to be ended by force.
 */
export async function runUntilStopped(start: (life: Life) => Promise<Started>): Promise<never> {
  const parts = new AsyncDisposableStack();
  const stopping = stopOnSignal(() => run.isStarted);
  const run: Run = { parts, stopping, isStarted: false };
  const exitCode = await liveAndSay(start, run);
  await parts.disposeAsync().catch(() => undefined);
  if (stopping.aborted) say('Stopped.');
  process.exit(exitCode);
}
