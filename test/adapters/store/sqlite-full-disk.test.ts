import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const CHILD = fileURLToPath(new URL('./full-disk.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'sallyport-full-'));

/** Runs a command with a 1 MB file system on `folder`, in a mount namespace of its own. */
const onSmallDisk = (...command: string[]) =>
  spawnSync(
    'unshare',
    [
      '--map-root-user',
      '--mount',
      'sh',
      '-c',
      'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"',
      folder,
      ...command,
    ],
    { encoding: 'utf8' },
  );

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

// Where the kernel allows no such namespace, `group commit` still meets a full database.
describe.runIf(onSmallDisk('true').status === 0)('the SQLite store on a full disk', () => {
  it('refuses with store.unavailable, keeps all it acknowledged, and heals by itself', () => {
    const { stdout, stderr } = onSmallDisk(process.execPath, CHILD, folder);
    expect(stderr).toBe('');
    const report = JSON.parse(stdout) as Record<string, unknown>;
    console.log(`full disk: ${stdout}`);
    expect(report['acknowledged']).toBeGreaterThan(5);
    expect(report).toMatchObject({
      refusal: 'store.unavailable',
      sizeWhenFull: report['acknowledged'],
      healed: report['acknowledged'],
    });
  });
});
