import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Config } from '../config.ts';
import { KEYWORD_ATTRIBUTES } from '../core/search-attributes.ts';
import { findTemporalCli } from '../embedded/temporal-binary.ts';
import { startTemporalServer, type TemporalServer } from '../embedded/temporal-server.ts';
import { findPort } from './product.ts';
import type { Scratch } from './scratch.ts';

const DB_FILE = 'temporal.db';
const COMMAND_MAX_MS = 20_000;

/** A Temporal dev server of this run's own, to be halted, killed and robbed of its database. */
export interface Engine {
  readonly address: string;
  /** SIGSTOP: it keeps its connections and answers nothing. What was decided meanwhile cannot move on. */
  halt(): void;
  resume(): void;
  /** Ends it, deletes its whole database, and starts it empty on the same address. */
  lose(): Promise<void>;
  /** `temporal …` as anybody on this machine can run it, without the gateway's keys. Its exit code. */
  command(...args: readonly string[]): Promise<number | null>;
  stop(): Promise<void>;
}

/** As `npm start` finds it; a download, if there has to be one, is over when this resolves. */
export async function findEngine(
  config: Config,
  onProgress: (message: string) => void,
): Promise<string> {
  const { path } = await findTemporalCli({
    cliPath: config.temporal.cliPath,
    pathDirs: config.hostEnvironment.pathDirs,
    cacheDir: config.files.cache,
    onProgress,
  });
  return path;
}

export async function startEngine(
  cliPath: string,
  config: Config,
  scratch: Scratch,
): Promise<Engine> {
  const { namespace } = config.temporal;
  const port = await findPort();
  const start = (): Promise<TemporalServer> =>
    startTemporalServer({
      cliPath,
      port,
      namespace,
      dbFile: join(scratch.folder, DB_FILE),
      searchAttributes: KEYWORD_ATTRIBUTES,
      logFile: join(scratch.logs, 'temporal.log'),
    });
  let server = await start();
  const signal = (name: NodeJS.Signals): void => {
    process.kill(server.pid, name);
  };
  return {
    address: server.address,
    halt: () => {
      signal('SIGSTOP');
    },
    resume: () => {
      signal('SIGCONT');
    },
    lose: async () => {
      signal('SIGKILL');
      await server.exited;
      await server.stop();
      for (const name of readdirSync(scratch.folder))
        if (name.startsWith(DB_FILE)) rmSync(join(scratch.folder, name), { force: true });
      server = await start();
    },
    command: async (...args) => {
      const where = ['--address', server.address, '--namespace', namespace];
      const child = spawn(cliPath, [...args, ...where, '--disable-config-file'], {
        env: { PATH: config.hostEnvironment.path, HOME: scratch.folder },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: COMMAND_MAX_MS,
      });
      const closed = once(child, 'close');
      await Promise.all([text(child.stdout), text(child.stderr)]);
      const [status] = (await closed) as [number | null];
      return status;
    },
    stop: async () => {
      // A halted process ends at no signal but SIGKILL.
      try {
        signal('SIGCONT');
      } catch {
        // It is gone already.
      }
      await server.stop();
    },
  };
}
