import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { type Config, readConfig } from '../config.ts';
import { type Context, openContext } from '../context.ts';
import { GatewayError } from '../core/errors.ts';

const RunFileSchema = z.object({
  api: z.string(),
  approver_key: z.string(),
  log_dir: z.string(),
  log_vkey: z.string(),
});
export type RunFile = z.infer<typeof RunFileSchema>;

/** What the gateway wrote at its last start, if it did. */
export function readRunFile(config: Config = readConfig()): RunFile | undefined {
  if (!existsSync(config.files.run)) return undefined;
  const parsed = RunFileSchema.safeParse(JSON.parse(readFileSync(config.files.run, 'utf8')));
  return parsed.success ? parsed.data : undefined;
}

/**
 * Opens the gateway's own store, secrets and policy for one command. Works beside a running gateway
 * and with everything stopped; never makes a new installation.
 */
export async function withContext<T>(work: (context: Context) => Promise<T>): Promise<T> {
  const config = readConfig();
  if (!existsSync(config.files.store)) {
    throw new GatewayError('config.invalid', {
      detail: `There is no gateway in ${config.dataDir}. Run npm start first, or set SALLYPORT_DATA_DIR.`,
    });
  }
  const context = await openContext({ ...config, logLevel: 'silent' });
  try {
    return await work(context);
  } finally {
    await context.close();
  }
}
