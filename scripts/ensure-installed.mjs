// Runs on whatever Node the host has (20 or later) before `npm start` and `npm test`.
// It installs from the lockfile when node_modules does not match it, and says what is missing
// where the lockfile cannot bring Node 24 along.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const REQUIRED_MAJOR = 24;

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {};
  } catch {
    return {};
  }
}

/** npm writes its hidden lockfile last, so a broken-off install never matches. */
function isInstalled() {
  const wanted = packagesOf(`${root}package-lock.json`);
  const present = packagesOf(`${root}node_modules/.package-lock.json`);
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true;
    const found = present[path]?.version;
    return found === version || (found === undefined && optional === true);
  });
}

if (!isInstalled()) {
  console.log('Installing dependencies from the lockfile (about half a minute) ...');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, ['ci', '--loglevel=error'], { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(
      'npm ci failed. Check the network or the npm configuration, then run the command again.',
    );
    process.exit(1);
  }
}

const bundledNode = `${root}node_modules/.bin/node`;
const node = existsSync(bundledNode) ? bundledNode : 'node';
const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
const major = Number(/^v(\d+)/.exec(stdout ?? '')?.[1]);
if (!(major >= REQUIRED_MAJOR)) {
  console.error(
    `Sallyport runs on Node ${REQUIRED_MAJOR} or later and found ${stdout?.trim() || 'none'}. ` +
      'On Linux x64 and arm64 the lockfile brings it; elsewhere install it from https://nodejs.org.',
  );
  process.exit(1);
}
