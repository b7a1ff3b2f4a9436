import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch } from 'undici';
import { freePort } from '../../src/embedded/ports.ts';
import { runCommand } from '../../src/embedded/run-command.ts';
import { CACHE_DIR } from './temporal-cli.ts';

const MOTO = '5.2.5';
/** moto with what it brings is 50 MB to fetch. */
const INSTALL_MS = 300_000;
const READY_MS = 60_000;
const isRequired = process.env['SALLYPORT_CI'] === '1';

/** Handlers run to their end: between two threads moto loses what AWS does not. */
const SERVE = 'import sys; sys.setswitchinterval(60); from moto.server import main; main()';

/** The folder that moto is in, fetched with pip the first time; undefined: none, and the suite is skipped, visibly. */
export async function findMoto(): Promise<string | undefined> {
  const folder = join(CACHE_DIR, `moto-${MOTO}`);
  if (existsSync(folder)) return folder;
  const failure = await install(folder);
  if (failure === undefined) return folder;
  if (isRequired) throw new Error(`moto cannot be had, and here no suite is skipped: ${failure}`);
  console.log(`skipped: the AWS secret store on moto, which pip cannot bring (${failure})`);
  return undefined;
}

async function install(folder: string): Promise<string | undefined> {
  await mkdir(CACHE_DIR, { recursive: true });
  const work = await mkdtemp(`${folder}.`);
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'];
  // Wheels alone: nothing of them runs while they are unpacked.
  const how = ['--only-binary=:all:', '--retries=1', '--no-compile', `--target=${work}`];
  const command = ['python3', ...pip, ...how, `moto[server]==${MOTO}`];
  const result = await runCommand(command, { timeoutMs: INSTALL_MS });
  if (!result.ok || existsSync(folder)) await rm(work, { recursive: true, force: true });
  else await rename(work, folder);
  return result.ok ? undefined : result.reason;
}

export interface Moto {
  readonly url: string;
  close(): void;
}

export async function startMoto(folder: string): Promise<Moto> {
  const port = await freePort();
  const child = spawn('python3', ['-c', SERVE, '-H', '127.0.0.1', '-p', String(port)], {
    env: { PATH: process.env['PATH'], PYTHONPATH: folder },
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(url, child);
  return { url, close: () => child.kill('SIGKILL') };
}

/** Not the process's global dispatcher: a gateway in it lets that one reach HubSpot alone. */
const dispatcher = new Agent();

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_MS;
  while (child.exitCode === null && Date.now() < deadline) {
    const response = await fetch(`${url}/moto-api/data.json`, { dispatcher }).catch(
      () => undefined,
    );
    if (response?.ok === true) return;
    await sleep(100);
  }
  child.kill('SIGKILL');
  throw new Error(`moto did not start (exit code ${String(child.exitCode)})`);
}
