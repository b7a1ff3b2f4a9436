import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { freePort } from '../../src/embedded/ports.ts';
import { findTemporalCli } from '../../src/embedded/temporal-binary.ts';
import { startTemporalServer } from '../../src/embedded/temporal-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** host:port of the Temporal server that all suites share; each uses its own task queue. */
    temporalAddress: string;
    /** The CLI, for suites that need a server of their own to kill. */
    temporalCli: string;
  }
}

const CACHE_DIR = 'node_modules/.cache/sallyport';

/** One real Temporal dev server for the whole run. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { PATH = '', TEMPORAL_CLI_PATH: cliPath, TEMPORAL_ADDRESS: address } = process.env;
  const cli = await findTemporalCli({
    cliPath,
    pathDirs: PATH.split(delimiter),
    cacheDir: CACHE_DIR,
    onProgress: (message) => process.stderr.write(`${message}\n`),
  });
  project.provide('temporalCli', cli.path);
  if (address !== undefined) {
    project.provide('temporalAddress', address);
    return () => Promise.resolve();
  }
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-temporal-'));
  const server = await startTemporalServer({
    cliPath: cli.path,
    port: await freePort(),
    namespace: 'default',
    searchAttributes: Object.fromEntries(
      Object.values(SEARCH_ATTRIBUTES).map((name) => [name, 'Keyword']),
    ),
    logFile: join(folder, 'temporal.log'),
    env: { PATH, HOME: folder },
  });
  project.provide('temporalAddress', server.address);
  return async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}
