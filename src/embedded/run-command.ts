import { execFile } from 'node:child_process';

/** More output than any of our short commands writes; past it the command is stopped. */
const OUTPUT_BYTES_MAX = 1024 * 1024;
const REASON_CHARS_MAX = 400;

export interface CommandLimits {
  readonly timeoutMs: number;
  /** Stops the command early. */
  readonly signal?: AbortSignal;
}

export type CommandResult =
  { readonly ok: true; readonly output: string } | { readonly ok: false; readonly reason: string };

/**
 * Runs a short command to its end, without a shell and with this process's environment (pip and the
 * SDK need its proxy and index settings). It is killed when its time is up. Never throws: a command
 * that is not there is an answer like any other.
 */
export function runCommand(
  command: readonly string[],
  limits: CommandLimits,
): Promise<CommandResult> {
  const [program = '', ...args] = command;
  const options = {
    timeout: limits.timeoutMs,
    killSignal: 'SIGKILL' as const,
    maxBuffer: OUTPUT_BYTES_MAX,
    windowsHide: true,
    ...(limits.signal === undefined ? {} : { signal: limits.signal }),
  };
  return new Promise((resolve) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ ok: true, output: stdout });
      else resolve({ ok: false, reason: reasonOf(error, `${stdout}\n${stderr}`, limits) });
    });
    child.stdin?.end();
  });
}

interface CommandError extends Error {
  readonly code?: string | number | null | undefined;
  readonly killed?: boolean | undefined;
}

function reasonOf(error: CommandError, output: string, limits: CommandLimits): string {
  if (error.code === 'ENOENT') return 'not installed';
  if (limits.signal?.aborted === true) return 'stopped';
  if (error.killed === true) return `no answer within ${limits.timeoutMs / 1000} s`;
  const said = lastLines(output);
  return said === '' ? `ended with ${String(error.code ?? error.message)}` : said;
}

/** The end of what a command said, on one line: that is where tools put the reason. */
function lastLines(output: string): string {
  const line = output
    .split('\n')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .slice(-2)
    .join(' ');
  return line.length <= REASON_CHARS_MAX ? line : `…${line.slice(-REASON_CHARS_MAX)}`;
}
