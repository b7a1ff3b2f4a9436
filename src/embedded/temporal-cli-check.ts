import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';

import { runCommand } from './run-command.ts';
import { TEMPORAL_CLI_VERSION } from './temporal-release.ts';

const VERSION_TIMEOUT_MS = 10_000;

/** Why this file cannot be run as our dev server, or undefined when it can. */
export async function problemWith(path: string): Promise<string | undefined> {
  if (!(await isExecutable(path))) return 'there is no executable file';
  const result = await runCommand([path, '--version'], { timeoutMs: VERSION_TIMEOUT_MS });
  if (!result.ok) return result.reason;
  const version = /temporal version (\d+\.\d+\.\d+)/.exec(result.output)?.[1];
  if (version === undefined) return 'it does not answer --version as the Temporal CLI does';
  if (isAtLeast(version, TEMPORAL_CLI_VERSION)) return undefined;
  return `it is version ${version}, and ${TEMPORAL_CLI_VERSION} or later is needed`;
}

function isAtLeast(version: string, wanted: string): boolean {
  return version.localeCompare(wanted, 'en', { numeric: true }) >= 0;
}

export async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
