import { delimiter } from 'node:path';
import { fileURLToPath } from 'node:url';

import { findTemporalCli } from '../../src/embedded/temporal-binary.ts';

/** The app's own cache folder, so that tests and `npm start` share one download. */
export const CACHE_DIR = fileURLToPath(
  new URL('../../node_modules/.cache/sallyport', import.meta.url),
);

/** A Temporal CLI for tests; TEMPORAL_CLI_PATH is honoured. */
export async function temporalCliPath(): Promise<string> {
  const cli = await findTemporalCli({
    cliPath: process.env['TEMPORAL_CLI_PATH'],
    pathDirs: (process.env['PATH'] ?? '').split(delimiter),
    cacheDir: CACHE_DIR,
    onProgress: (message) => {
      console.log(message);
    },
  });
  return cli.path;
}
