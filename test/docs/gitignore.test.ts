import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let folder: string;

const git = (args: readonly string[], input = '') =>
  spawnSync('git', args, { cwd: folder, input, encoding: 'utf8' });

/** Those of the paths that `git add .` leaves out. */
const ignored = (paths: readonly string[]): string[] =>
  git(['check-ignore', '--no-index', '--stdin'], paths.join('\n')).stdout.trim().split('\n');

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-gitignore-'));
  copyFileSync('.gitignore', join(folder, '.gitignore'));
  expect(git(['init', '--quiet']).status).toBe(0);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('.gitignore', () => {
  it('keeps every data folder that the documents name out of a commit', () => {
    const paths = ['data', 'data-live', 'data.old', 'data2'].flatMap((name) =>
      ['store.db', 'store.db-wal', 'secrets/secrets.age', 'secrets/identity.txt', 'run.json'].map(
        (file) => `${name}/${file}`,
      ),
    );
    expect(ignored(paths)).toEqual(paths);
  });

  it('keeps secrets and store out of a commit, whatever the data folder is called', () => {
    const paths = [
      'live/secrets/secrets.age',
      'live/secrets/identity.txt',
      'live/secrets/identity.txt.pending',
      'live/store.db',
      'live/store.db-wal',
      'live/run.json',
      'vault/gateway/secret-id',
      'vault/server/key.pem',
    ];
    expect(ignored(paths)).toEqual(paths);
  });

  it('leaves out nothing of the repository itself', () => {
    const tracked = spawnSync('git', ['ls-files'], { encoding: 'utf8' }).stdout.trim().split('\n');
    const others = ['src/vault/a.ts', 'src/data/rows.ts', 'test/data-live/a.ts', 'docs/data.md'];
    expect(ignored([...tracked, ...others])).toEqual(['']);
  });
});
