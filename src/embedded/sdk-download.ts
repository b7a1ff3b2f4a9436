import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { runCommand } from './run-command.ts';
import { TEMPORAL_CLI_VERSION } from './temporal-release.ts';
import { withProgress } from './with-progress.ts';

/** The SDK's own downloader, as a command that takes a folder and a version. */
export const SDK_DOWNLOADER: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL('./sdk-download-main.ts', import.meta.url)),
];

const LIMITS = {
  /** A network that swallows packets gives no error: without a first byte by then it is closed. */
  firstByteMs: 8_000,
  /** A download that stands still this long is given up. */
  stallMs: 20_000,
  totalMs: 600_000,
  pollMs: 100,
} as const;

export interface SdkDownloadOptions {
  readonly downloader: readonly string[];
  /** A folder of our own. */
  readonly workDir: string;
  /** Where the binary is moved to. */
  readonly target: string;
  readonly onProgress: (message: string) => void;
}

/**
 * Fetches the official CLI the way the Temporal SDK does, over TLS from Temporal's own download
 * service. It gives up within seconds where that service cannot be reached.
 *
 * @throws Error with the reason.
 */
export async function downloadWithSdk(options: SdkDownloadOptions): Promise<void> {
  const version = `v${TEMPORAL_CLI_VERSION}`;
  const file = join(options.workDir, `temporal-${version}${executableSuffix()}`);
  await mkdir(options.workDir, { recursive: true });
  const stop = new AbortController();
  const command = runCommand([...options.downloader, options.workDir, version], {
    timeoutMs: LIMITS.totalMs,
    signal: stop.signal,
  });
  const progress = { bytes: 0 };
  const describe = (seconds: number): string =>
    `Downloading the Temporal server, ${Math.round(progress.bytes / 1e6)} of about 156 MB unpacked, ${seconds} s …`;
  try {
    const watched = watchDownload(file, progress, command.then(reasonOf));
    const failure = await withProgress(options.onProgress, describe, watched);
    if (failure !== undefined) throw new Error(failure);
    await rename(file, options.target);
  } finally {
    stop.abort();
    await command;
    await rm(options.workDir, { recursive: true, force: true });
  }
}

/**
 * Resolves to undefined as soon as the finished file is there, else to why it will not come. The SDK
 * unpacks into `<file>.downloading` as bytes arrive and renames it at the end.
 */
async function watchDownload(
  file: string,
  progress: { bytes: number },
  ended: Promise<string>,
): Promise<string | undefined> {
  let lastGrowthAt = Date.now();
  let end: string | undefined;
  void ended.then((reason) => {
    end = reason;
  });
  for (;;) {
    const reason = end;
    if ((await bytesOf(file)) > 0) return undefined;
    if (reason !== undefined) return reason;
    const bytes = await bytesOf(`${file}.downloading`);
    if (bytes > progress.bytes) lastGrowthAt = Date.now();
    progress.bytes = Math.max(bytes, progress.bytes);
    const quietMs = Date.now() - lastGrowthAt;
    if (quietMs > (progress.bytes === 0 ? LIMITS.firstByteMs : LIMITS.stallMs)) {
      return `nothing arrived for ${Math.round(quietMs / 1000)} s`;
    }
    await sleep(LIMITS.pollMs);
  }
}

function reasonOf(result: Awaited<ReturnType<typeof runCommand>>): string {
  return result.ok ? 'the SDK ended without a file' : result.reason;
}

async function bytesOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}

function executableSuffix(): string {
  return process.platform === 'win32' ? '.exe' : '';
}
