import { CommandError, printAside } from './output.ts';

/**
 * The first signal, or a reader who is gone (`| head`), ends the run in order; what it has made is taken
 * away before the process ends.
 */
export function stopOnSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) return;
    printAside('Stopping: ending the scratch processes and removing the scratch folder …');
    controller.abort(new CommandError('Stopped.', 'Nothing was shown.'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.stdout.on('error', stop);
  return controller.signal;
}
