import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { GatewayError } from '../core/gateway-error.ts';
import { type FileLock, tryFileLock, waitForFileLock } from './file-lock.ts';

/** A gateway that is stopping is gone after nine and a half seconds at the latest. */
const HANDOVER_MAX_MS = 10_000;

export interface TakeDataFolderOptions {
  readonly folder: string;
  /** Told once, when there is somebody to wait for. */
  readonly onWait: (message: string) => void;
  readonly stopping: AbortSignal;
}

/**
 * Makes the data folder if need be and takes it for this process. Two workers on one folder would
 * publish two histories of one log, whichever engine they use.
 *
 * @throws GatewayError `config.invalid` when it is no folder, cannot be used, or another one has it
 */
export async function takeDataFolder(options: TakeDataFolderOptions): Promise<FileLock> {
  const { folder, onWait, stopping } = options;
  const lockFile = join(folder, 'gateway.lock');
  const pidFile = join(folder, 'gateway.pid');
  await makeDataFolder(folder);
  let lock = await tryFileLock(lockFile).catch((cause: unknown) => {
    throw unusable(folder, cause);
  });
  if (lock === undefined) {
    const holder = await describeHolder(pidFile);
    onWait(`${holder} has ${folder}; waiting up to ${HANDOVER_MAX_MS / 1000} s for its end …`);
    lock = await waitForFileLock(lockFile, HANDOVER_MAX_MS, stopping);
  }
  if (lock === undefined) {
    const holder = await describeHolder(pidFile);
    throw invalid(
      `${holder} runs on ${folder}. Stop it first, or set SALLYPORT_DATA_DIR to another folder.`,
    );
  }
  // For messages alone: what counts is the lock, which ends with its process.
  await writeFile(pidFile, String(process.pid), { mode: 0o600 });
  return lock;
}

/**
 * Makes the folder, and what is missing above it, for this user alone.
 *
 * @throws GatewayError `config.invalid` when it cannot be made
 */
export async function makeDataFolder(folder: string): Promise<void> {
  await makeWithParents(folder).catch((cause: unknown) => {
    throw unusable(folder, cause);
  });
}

/** Node's own `recursive` turns for ever in places like /proc, where all making is "no such file". */
async function makeWithParents(folder: string): Promise<void> {
  const make = (): Promise<void> =>
    mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  await make().catch(async (error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
    await makeWithParents(dirname(folder));
    await make();
  });
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

function unusable(folder: string, cause: unknown): GatewayError {
  const code = codeOf(cause);
  const problem =
    code === 'EEXIST' || code === 'ENOTDIR'
      ? `${folder} is no folder. Move what is there away`
      : `${folder} cannot be used (${code}). Check its place, and this user's rights there`;
  return invalid(`${problem}, or set SALLYPORT_DATA_DIR to another folder.`, cause);
}

async function describeHolder(pidFile: string): Promise<string> {
  const noted = await readFile(pidFile, 'utf8').catch(() => '');
  return /^\d+$/.test(noted) ? `Another Sallyport (process ${noted})` : 'Another Sallyport';
}

function invalid(detail: string, cause?: unknown): GatewayError {
  return new GatewayError('config.invalid', { detail, cause });
}
