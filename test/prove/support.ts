import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../src/config.ts';
import { prove, type Report } from '../../src/prove/run.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';

export interface Place {
  readonly folder: string;
  /** What a command gets to work on it. */
  readonly env: Record<string, string>;
  /** What a run that has ended or was stopped must not leave beside the data folder. */
  left(): readonly string[];
  remove(): void;
}

/** Where a user could have an installation; there is none yet. */
export async function makePlace(policy?: string): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-place-'));
  const policyFile = join(folder, 'policy.cedar');
  if (policy !== undefined) writeFileSync(policyFile, policy);
  return {
    folder,
    env: {
      PATH: process.env['PATH'] ?? '',
      TEMPORAL_CLI_PATH: await temporalCliPath(),
      SALLYPORT_DATA_DIR: join(folder, 'data'),
      ...(policy === undefined ? {} : { SALLYPORT_POLICY: policyFile }),
    },
    left: () => readdirSync(folder).filter((name) => name.startsWith('.sallyport-prove')),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** `sallyport prove` in this process: these guarantees, on the product in this folder. */
export async function proveAt(
  place: Place,
  of: { readonly ids: readonly string[]; readonly product?: string },
): Promise<Report> {
  return prove({
    config: readConfig(place.env),
    laws: [],
    ids: of.ids,
    seed: 11,
    stopping: new AbortController().signal,
    onProgress: () => undefined,
    onBegin: () => undefined,
    onResult: () => undefined,
    ...(of.product === undefined ? {} : { product: of.product }),
  });
}
