#!/usr/bin/env node
// Runs on whatever Node the shell has and hands over to the one that the lockfile brings.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

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
const { status } = spawnSync(
  isBundled ? bundled : process.execPath,
  [main, ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
