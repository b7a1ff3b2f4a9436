import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { type Context, openContext } from '../../src/context.ts';
import { runSallyport, type Said } from '../support/command.ts';

export interface Installation {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** The command as its own process; a server of the test's own can answer it meanwhile. */
  sallyport(
    args: readonly string[],
    options?: { input?: string; env?: Record<string, string> },
  ): Promise<Said>;
  open<T>(work: (context: Context) => Promise<T>): Promise<T>;
  writeRunFile(change: Record<string, unknown>): void;
  remove(): void;
}

/** A data folder as `npm start` leaves it, with nothing running. */
export async function createInstallation(): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-cli-'));
  const env = {
    PATH: process.env['PATH'] ?? '',
    SALLYPORT_DATA_DIR: join(folder, 'data'),
    SALLYPORT_LOG_LEVEL: 'silent',
  };
  const config = readConfig(env);
  const open: Installation['open'] = async (work) => {
    const context = await openContext(config);
    try {
      return await work(context);
    } finally {
      await context.close();
    }
  };
  const run = await open(async ({ store, auditLog, signer }) => {
    await store.commit((tx) => tx.log.append({ event: 'gateway.started', actor: 'gateway' }));
    await auditLog.publish();
    return { log_dir: config.files.log, log_vkey: signer.vkey };
  });
  const installation: Installation = {
    folder,
    env,
    open,
    sallyport: (args, { input, env: more = {} } = {}) =>
      runSallyport(args, { env: { ...env, ...more }, ...(input === undefined ? {} : { input }) }),
    writeRunFile: (change) => {
      const all = { api: 'http://127.0.0.1:9', approver_key: 'none', ...run, ...change };
      writeFileSync(config.files.run, JSON.stringify(all));
    },
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
  installation.writeRunFile({});
  return installation;
}
