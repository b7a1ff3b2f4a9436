import { runUntilStopped } from '../src/run-until-stopped.ts';

/** Something that runs until it is told to end. */
await runUntilStopped(({ parts }) => {
  const alive = setInterval(() => undefined, 1_000);
  parts.defer(() => {
    clearInterval(alive);
  });
  process.stdout.write('running\n');
  return Promise.resolve({ failed: new Promise<never>(() => undefined) });
});
