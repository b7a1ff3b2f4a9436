// Every static check, one after the other, each said in one line. Prints `checks: N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => `${root}node_modules/.bin/${name}`;

const CHECKS = [
  ['types', bin('tsc'), []],
  ['types of the pure rooms', bin('tsc'), ['-p', 'tsconfig.pure.json']],
  ['lint', bin('eslint'), ['.']],
  ['format', bin('prettier'), ['--check', '.', '--log-level', 'warn']],
  ['rooms', bin('depcruise'), ['src', '--output-type', 'err']],
  ['dead code', bin('knip'), ['--no-config-hints']],
  ['generated documents', bin('node'), ['scripts/generate-docs.ts', '--check']],
];

let failed = 0;
for (const [name, command, args] of CHECKS) {
  const since = Date.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  const seconds = ((Date.now() - since) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'}  ${name} (${seconds} s)`);
  if (status === 0) continue;
  failed += 1;
  console.log(`${stdout}${stderr}`);
}
console.log(`checks: ${CHECKS.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
