import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

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
  let lock = await makeAndTry(folder, lockFile);
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

async function makeAndTry(folder: string, lockFile: string): Promise<FileLock | undefined> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await tryFileLock(lockFile);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const problem =
      code === 'EEXIST' || code === 'ENOTDIR'
        ? `${folder} is no folder. Move what is there away`
        : `${folder} cannot be used (${code}). Give this user the right to write there`;
    throw invalid(`${problem}, or set SALLYPORT_DATA_DIR to another folder.`, cause);
  }
}

async function describeHolder(pidFile: string): Promise<string> {
  const noted = await readFile(pidFile, 'utf8').catch(() => '');
  return /^\d+$/.test(noted) ? `Another Sallyport (process ${noted})` : 'Another Sallyport';
}

function invalid(detail: string, cause?: unknown): GatewayError {
  return new GatewayError('config.invalid', { detail, cause });
}
