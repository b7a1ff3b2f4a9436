#!/usr/bin/env node
// Runs on whatever Node the shell has and hands over to the one that the lockfile brings.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bundled = `${root}node_modules/.bin/node`;
const main = `${root}src/cli/main.ts`;
const { status } = spawnSync(
  existsSync(bundled) ? bundled : 'node',
  [main, ...process.argv.slice(2)],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
