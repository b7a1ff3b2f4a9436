#!/usr/bin/env node
// Runs on whatever Node the shell has and hands over to the one that the lockfile brings.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NODE_NEEDED = 24;

const root = fileURLToPath(new URL('..', import.meta.url));
const bundled = `${root}node_modules/.bin/node`;
const main = `${root}src/cli/main.ts`;
const isBundled = existsSync(bundled);
if (!isBundled && Number(process.versions.node.split('.')[0]) < NODE_NEEDED) {
  const needed = `Node ${NODE_NEEDED} or newer is needed; this is ${process.versions.node}.`;
  process.stderr.write(`sallyport: ${needed} Run npm ci, which brings it.\n`);
  process.exit(1);
}
if (!isBundled || realpathSync(bundled) === realpathSync(process.execPath)) {
  // This one is it (`npx` puts it first): a second start would cost every command its time again. The
  // cache as in src/compile-cache.ts, and before the first TypeScript, so that no parser of it is loaded.
  module.enableCompileCache(`${root}node_modules/.cache/node`);
  await import(pathToFileURL(main).href);
} else {
  const { status } = spawnSync(bundled, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exit(status ?? 1);
}
