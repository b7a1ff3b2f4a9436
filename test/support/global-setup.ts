import { join } from 'node:path';

import type { TestProject } from 'vitest/node';

import { KEYWORD_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { freePort } from '../../src/embedded/ports.ts';
import { startTemporalServer } from '../../src/embedded/temporal-server.ts';
import { CACHE_DIR, temporalCliPath } from './temporal-cli.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** `host:port` of the Temporal server that all suites share; `inject('temporalAddress')`. */
    temporalAddress: string;
  }
}

/**
 * One Temporal dev server in memory for the whole run, with namespace `default`. Suites keep out of
 * each other's way by task queues and workflow ids of their own. TEMPORAL_ADDRESS names another
 * server to use; that one must know the search attributes already.
 */
export async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env['TEMPORAL_ADDRESS'];
  if (given !== undefined) {
    project.provide('temporalAddress', given);
    return undefined;
  }
  const server = await startTemporalServer({
    cliPath: await temporalCliPath(),
    port: await freePort(),
    namespace: 'default',
    searchAttributes: KEYWORD_ATTRIBUTES,
    logFile: join(CACHE_DIR, 'temporal-tests.log'),
  });
  project.provide('temporalAddress', server.address);
  return () => server.stop();
}
