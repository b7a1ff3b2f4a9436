/**
 * Runs in a process of its own: `node sdk-download-main.ts <folder> <version>`. It has the Temporal
 * SDK fetch the official CLI into `<folder>/temporal-<version>`.
 *
 * The SDK cannot stop a download, and its runtime can be set up only once in a process; a process
 * that can be killed solves both. The SDK offers the download only together with a server start, so
 * the server is started with `--help`: it leaves at once and there is nothing to leave running. The
 * SDK then waits in vain and reports that; whoever started us looks at the file and not at that error.
 */
import { Runtime } from '@temporalio/worker';

const [downloadDir = '', version = ''] = process.argv.slice(2);
const DAY_MS = 24 * 60 * 60 * 1000;

try {
  await Runtime.instance().createEphemeralServer({
    type: 'dev-server',
    exe: {
      type: 'cached-download',
      downloadDir,
      version,
      ttl: DAY_MS,
      sdkName: 'sdk-typescript',
      sdkVersion: '1.24.0',
    },
    namespace: 'default',
    ip: '127.0.0.1',
    port: null,
    uiPort: null,
    dbFilename: null,
    ui: false,
    log: { format: 'pretty', level: 'error' },
    extraArgs: ['--help'],
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
