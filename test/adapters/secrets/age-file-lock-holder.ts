// A second process for the tests: takes the lock and holds it until it is killed.
import { withFileLock } from '../../../src/adapters/secrets/age-file/file-lock.ts';

await withFileLock(process.argv[2] ?? '', async () => {
  process.stdout.write('held\n');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
});
