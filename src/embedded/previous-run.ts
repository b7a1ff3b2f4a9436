import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const GRACE_MS = 5_000;
const KILLED_END_MS = 5_000;
const POLL_MS = 100;

/** Notes which process uses a file, so that a later start can find it if it was left behind. */
export async function noteRun(pidFile: string, pid: number): Promise<void> {
  await writeFile(pidFile, String(pid), { mode: 0o600 });
}

/**
 * Makes sure that the process a previous run noted is gone. Usually it is, or its guardian is just
 * ending it; when the guardian was killed as well it is ended here. Call it holding the lock of the
 * file in question, so that no living gateway owns the process.
 *
 * `marker` must be part of the process's command line. Process ids are reused: without that check a
 * restart of the machine could make us kill a stranger.
 */
export async function endPreviousRun(pidFile: string, marker: string): Promise<void> {
  const pid = await notedPid(pidFile);
  if (pid === undefined) return;
  for (const [signal, waitMs] of [
    ['SIGTERM', GRACE_MS],
    ['SIGKILL', KILLED_END_MS],
  ] as const) {
    if (await isGoneWithin(0, pid, marker)) break;
    signalIfThere(pid, signal);
    await isGoneWithin(waitMs, pid, marker);
  }
  if (!(await isGoneWithin(0, pid, marker))) {
    throw new Error(`process ${pid} of a previous run does not end`);
  }
  await rm(pidFile, { force: true });
}

async function notedPid(pidFile: string): Promise<number | undefined> {
  try {
    const pid = Number(await readFile(pidFile, 'utf8'));
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function signalIfThere(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It went in the moment between, or belongs to another user: the check that follows tells.
  }
}

async function isGoneWithin(timeoutMs: number, pid: number, marker: string): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    if (!(await commandLineOf(pid)).includes(marker)) return true;
    if (Date.now() >= deadline) return false;
    await sleep(POLL_MS);
  }
}

/** Empty when there is no such process. */
async function commandLineOf(pid: number): Promise<string> {
  if (process.platform !== 'linux') return commandLineFromPs(pid);
  try {
    return await readFile(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function commandLineFromPs(pid: number): Promise<string> {
  return new Promise((resolve) => {
    execFile('ps', ['-ww', '-o', 'command=', '-p', String(pid)], (error, stdout) => {
      resolve(error === null ? stdout : '');
    });
  });
}
