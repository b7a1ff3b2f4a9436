import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { FAILURE_CONVERTER_PATH } from './data-converter.ts';

const WORKFLOWS_DIR = fileURLToPath(new URL('../../workflows/', import.meta.url));
const CORE_DIR = fileURLToPath(new URL('../../core/', import.meta.url));
const WORKFLOWS_ENTRY = join(WORKFLOWS_DIR, 'index.ts');

/** Everything that enters the bundle: our workflow and core sources, the converter, the SDK's version. */
async function fingerprint(): Promise<string> {
  const hash = createHash('sha256');
  const { version } = createRequire(import.meta.url)('@temporalio/worker/package.json') as {
    version: string;
  };
  hash.update(version);
  for (const folder of [WORKFLOWS_DIR, CORE_DIR]) {
    for (const name of (await readdir(folder)).toSorted()) {
      hash.update(name).update(await readFile(join(folder, name)));
    }
  }
  hash.update(await readFile(FAILURE_CONVERTER_PATH));
  return hash.digest('hex').slice(0, 16);
}

/**
 * The workflow code as Temporal runs it, bundled once and kept in `cacheDir`: bundling takes one to two
 * seconds of every start otherwise. A changed source has another name.
 */
export async function workflowBundle(cacheDir: string): Promise<{ codePath: string }> {
  const codePath = join(cacheDir, `workflows-${await fingerprint()}.js`);
  if (existsSync(codePath)) return { codePath };
  const { code } = await bundleWorkflowCode({
    workflowsPath: WORKFLOWS_ENTRY,
    failureConverterPath: FAILURE_CONVERTER_PATH,
    logger: {
      log: ignore,
      trace: ignore,
      debug: ignore,
      info: ignore,
      warn: ignore,
      error: ignore,
    },
  });
  await mkdir(cacheDir, { recursive: true });
  const draft = `${codePath}.${process.pid}`;
  await writeFile(draft, code);
  await rename(draft, codePath);
  return { codePath };
}

function ignore(): void {
  // The bundler reports progress that nobody reads; its errors are thrown.
}
