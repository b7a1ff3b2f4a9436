import { existsSync, readFileSync, statSync } from 'node:fs';
import { devNull } from 'node:os';
import { z } from 'zod';
import { type Config, readConfig } from '../config.ts';
import type { Context } from '../context.ts';
import { DEMO_FINGERPRINT } from '../gate/demo-token.ts';
import type { ConnectDependencies } from '../gate/connection-calls.ts';
import { CommandError } from './output.ts';

const RunFileSchema = z.object({
  api: z.string(),
  /** Where people's browsers reach the gateway. */
  origin: z.string().optional(),
  /** The demo approver's; null with a real HubSpot. */
  approver_key: z.string().nullable(),
  /** The simulator's address; null with a real HubSpot. */
  simulator: z.string().nullable().optional(),
  log_dir: z.string(),
  log_vkey: z.string(),
});
export type RunFile = z.infer<typeof RunFileSchema>;

function parseRunFile(file: string): RunFile | undefined {
  try {
    return RunFileSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** What the gateway wrote at its last start, if it did. */
export function readRunFile(config: Config = readConfig()): RunFile | undefined {
  if (!existsSync(config.files.run)) return undefined;
  const run = parseRunFile(config.files.run);
  if (run === undefined)
    throw new CommandError(
      `${config.files.run} is damaged or cannot be read.`,
      'Move it away and restart the gateway: npm start writes it anew. Until then name the gateway with --api and --key-file, the log with --folder and --vkey.',
    );
  return run;
}

/** Whether the gateway's last start in this folder was the demo's. */
export const isDemoFolder = ({ files }: Config): boolean =>
  typeof parseRunFile(files.run)?.simulator === 'string';

const UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
};

/** A file that the reader named. Throws `CommandError` in plain words. */
export function readNamedFile(file: string, remedy = 'Check its name and permissions.'): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
    throw new CommandError(`${file} cannot be read: ${UNREADABLE[code] ?? code}.`, remedy, cause);
  }
}

/** No policy text at all is valid, and grants nothing. */
const withoutPolicy = (config: Config): Config => ({
  ...config,
  files: { ...config.files, policy: devNull },
});

/** Throws `CommandError` where no gateway was ever started: no command makes a new one. */
export function assertInstalled(config: Config = readConfig()): void {
  if (existsSync(config.files.store)) return;
  if (existsSync(config.dataDir) && !statSync(config.dataDir).isDirectory())
    throw new CommandError(
      `${config.dataDir} is no folder.`,
      'Set SALLYPORT_DATA_DIR to the data folder.',
    );
  throw new CommandError(
    `There is no gateway in ${config.dataDir}.`,
    'Run npm start first, or set SALLYPORT_DATA_DIR.',
  );
}

async function openFor<T>(config: Config, work: (context: Context) => Promise<T>): Promise<T> {
  assertInstalled(config);
  // Loaded here, so that commands which open nothing do not wait for it.
  const { openContext } = await import('../context.ts');
  const quiet = { ...config, logLevel: 'silent' } as const;
  // A damaged page must not stand in the way of `freeze` either.
  const context = await openContext(quiet, { isStoreChecked: false });
  try {
    return await work(context);
  } finally {
    await context.close();
  }
}

/**
 * Opens the gateway's own store and secrets for one command. Works beside a running gateway and with
 * everything stopped; never makes a new installation. Its `policy` grants nothing: a policy file with a
 * mistake in it must not stand in the way of `freeze`.
 */
export const withContext = <T>(work: (context: Context) => Promise<T>): Promise<T> =>
  openFor(withoutPolicy(readConfig()), work);

/** The same with the policy as it is written. Throws `config.invalid` naming its mistake. */
export const withPolicy = <T>(work: (context: Context) => Promise<T>): Promise<T> =>
  openFor(readConfig(), work);

/** For every region; https://developers.hubspot.com/docs/api-reference/overview. */
const HUBSPOT_URL = 'https://api.hubapi.com';

const DEMO_MAX_MS = 5_000;

/** The demo's token is for its simulator: a real HubSpot would be told it, and could only refuse it. */
async function assertNotTheDemos(context: Context, url: string): Promise<void> {
  const { config, secrets, store } = context;
  const active = await store.credentials.active(config.connection);
  const demo = await secrets.get(DEMO_FINGERPRINT);
  if (demo === undefined || demo.value !== active?.fingerprint) return;
  throw new CommandError(
    `The key in ${config.dataDir} is the demo's, which its simulator alone knows: it is not sent to ${url}.`,
    'For the demo: npm start without SALLYPORT_HUBSPOT_URL, which writes run.json anew. For a real HubSpot: set SALLYPORT_DATA_DIR to a folder of its own (README, "Connect a real HubSpot").',
  );
}

async function assertSimulatorAnswers(url: string): Promise<void> {
  await fetch(url, { signal: AbortSignal.timeout(DEMO_MAX_MS) }).catch((cause: unknown) => {
    throw new CommandError(
      `The demo's simulator at ${url} does not answer.`,
      'It runs with the gateway: start it with npm start.',
      cause,
    );
  });
}

/**
 * HubSpot as this folder's gateway reaches it: the demo's simulator, or the real one. Throws
 * `CommandError` when the simulator is stopped, and for a token that is not for that address.
 */
export async function connectorOf(context: Context): Promise<ConnectDependencies> {
  const { config } = context;
  const simulator = readRunFile(config)?.simulator ?? undefined;
  const url = config.hubspotUrl ?? simulator ?? HUBSPOT_URL;
  if (url === simulator) await assertSimulatorAnswers(url);
  else await assertNotTheDemos(context, url);
  const { connectDependencies } = await import('../dependencies.ts');
  return connectDependencies(context, url);
}
