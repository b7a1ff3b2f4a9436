/**
 * Stands between the gateway and one child process, so that the child never outlives the gateway:
 * `node guardian.ts <graceMs> <command> [argument …]`, started by child-process.ts with an IPC
 * channel. The operating system closes that channel when the gateway goes away, however it goes (a
 * kill -9 included); a message on it is how the gateway asks for the end.
 *
 * The guardian leads a process group of its own, away from the terminal's Ctrl-C: the child must keep
 * running while the gateway finishes what it has in hand. For the same reason it ignores the signals
 * that a terminal or a service manager sends to everything at once.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

const [graceText = '', command = '', ...args] = process.argv.slice(2);

// Databases and logs that the child creates are for this user alone.
process.umask(0o077);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });

void Promise.race([once(process, 'message'), once(process, 'disconnect')]).then(() => {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), Number(graceText));
});
child.once('spawn', () => {
  process.send?.({ pid: child.pid });
});
child.once('error', (error) => {
  process.stderr.write(`${error.message}\n`, () => process.exit(127));
});
child.once('exit', (code, signal) => {
  // What the child started itself: the gateway ends it, and where that is gone, we do.
  if (!process.connected && process.platform !== 'win32') process.kill(-process.pid, 'SIGKILL');
  process.exit(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
});
