import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { describe, expect, it, onTestFinished } from 'vitest';

import { startChild } from '../../src/embedded/child-process.ts';
import type { Child, ChildOptions } from '../../src/embedded/child-process.ts';
import { isAlive, scratchDir, within } from './fixtures/scratch.ts';

const GATEWAY = fileURLToPath(new URL('./fixtures/gateway.ts', import.meta.url));

async function start(shell: string, changes: Partial<ChildOptions> = {}): Promise<Child> {
  const dir = await scratchDir();
  const child = await startChild({
    name: 'the child',
    command: '/bin/sh',
    args: ['-c', shell],
    env: { PATH: '/usr/bin:/bin' },
    logFile: join(dir, 'child.log'),
    failureCode: 'engine.unavailable',
    readyWhen: () => Promise.resolve(),
    ...changes,
  });
  onTestFinished(() => child.stop());
  return child;
}

/** Ready when the child has printed `ready`, which proves that its traps are set. */
function onceReady(): Pick<ChildOptions, 'onLine' | 'readyWhen'> & { readonly lines: string[] } {
  const said = Promise.withResolvers<undefined>();
  const lines: string[] = [];
  return {
    lines,
    onLine: (line) => {
      lines.push(line);
      if (line === 'ready') said.resolve(undefined);
    },
    readyWhen: () => said.promise,
  };
}

interface Gateway {
  readonly process: ChildProcessByStdio<null, Readable, null>;
  readonly pid: number;
  readonly lines: Interface;
  readonly childPid: number;
}

async function startGateway(): Promise<Gateway> {
  const dir = await scratchDir();
  const gateway = spawn(process.execPath, [GATEWAY, 'child', dir], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    gateway.kill('SIGKILL');
  });
  const lines = createInterface({ input: gateway.stdout });
  const [line] = (await once(lines, 'line')) as [string];
  return { process: gateway, pid: gateway.pid!, lines, childPid: Number(line) };
}

describe('a child', () => {
  it('is asked to end with SIGTERM and may finish what it does', async () => {
    const ready = onceReady();
    const child = await start(
      `trap 'sleep 0.2; echo finished; exit 7' TERM; echo ready; while :; do sleep 0.05; done`,
      ready,
    );
    await child.stop();
    expect(ready.lines).toEqual(['ready', 'finished']);
    await expect(child.exited).resolves.toMatchObject({ code: 7, expected: true });
  });

  it('is killed when it does not end within its grace', async () => {
    const child = await start(`trap '' TERM; echo ready; while :; do sleep 0.05; done`, {
      ...onceReady(),
      graceMs: 300,
    });
    const startedAt = Date.now();
    await child.stop();
    expect(isAlive(child.pid)).toBe(false);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(290);
    expect(Date.now() - startedAt).toBeLessThan(2_000);
  });

  it('that ends by itself is reported as unexpected', async () => {
    const child = await start('sleep 0.3; echo disk full >&2; exit 3');
    await expect(child.exited).resolves.toEqual({
      code: 3,
      expected: false,
      tail: 'disk full',
    });
    await child.stop();
  });

  it('is ended with everything it started when its guardian alone is killed', async () => {
    const ready = onceReady();
    const child = await start('echo ready; echo $PPID; while :; do sleep 0.05; done', ready);
    expect(await within(2_000, () => ready.lines.length === 2)).toBe(true);
    process.kill(Number(ready.lines[1]), 'SIGKILL');
    await expect(child.exited).resolves.toMatchObject({ expected: false });
    expect(await within(2_000, () => !isAlive(child.pid))).toBe(true);
  });

  it('gets the environment it is given and nothing of ours', async () => {
    const ready = onceReady();
    await start('/usr/bin/env; echo ready; sleep 30', { ...ready, env: { COLOUR: 'blue' } });
    const names = ready.lines.map((line) => line.split('=')[0]);
    expect(names).toContain('COLOUR');
    expect(
      names.filter((name) => !['COLOUR', 'PWD', 'SHLVL', '_', 'OLDPWD', 'ready'].includes(name!)),
    ).toEqual([]);
  });

  it('has its output appended to a log that only this user can read', async () => {
    const logFile = join(await scratchDir(), 'logs', 'child.log');
    for (const word of ['first', 'second']) {
      const child = await start(`echo ${word}; echo problem >&2; sleep 0.1`, { logFile });
      await child.exited;
    }
    expect((await readFile(logFile, 'utf8')).split('\n').sort()).toEqual([
      '',
      'first',
      'problem',
      'problem',
      'second',
    ]);
    expect((await stat(logFile)).mode & 0o777).toBe(0o600);
  });
});

describe('a child that does not come up', () => {
  it('fails the start with its last words when it ends early', async () => {
    const failure = start('echo cannot open database >&2; exit 4', {
      readyWhen: () => new Promise(() => undefined),
    });
    await expect(failure).rejects.toMatchObject({
      code: 'engine.unavailable',
      detail: expect.stringMatching(/the child ended \(code 4\).*cannot open database/s) as unknown,
    });
  });

  it('fails the start when the program is missing', async () => {
    await expect(start('', { command: '/nowhere/temporal' })).rejects.toMatchObject({
      detail: expect.stringContaining('ENOENT') as unknown,
    });
  });

  it('is gone again when it is not ready in time', async () => {
    let pid = 0;
    const failure = start('sleep 30', {
      readyTimeoutMs: 2_000,
      readyWhen: (_signal, childPid) => {
        pid = childPid;
        return new Promise(() => undefined);
      },
    });
    await expect(failure).rejects.toMatchObject({
      detail: expect.stringContaining('not ready within 2 s') as unknown,
    });
    expect(pid).toBeGreaterThan(0);
    expect(isAlive(pid)).toBe(false);
  });

  it('fails the start when the readiness check itself fails', async () => {
    const failure = start('sleep 30', {
      readyWhen: () => Promise.reject(new Error('no namespace')),
    });
    await expect(failure).rejects.toThrow('no namespace');
  });
});

describe('when the gateway', () => {
  it('is killed with SIGKILL, no child is left behind', async () => {
    const gateway = await startGateway();
    expect(isAlive(gateway.childPid)).toBe(true);
    gateway.process.kill('SIGKILL');
    expect(await within(3_000, () => !isAlive(gateway.childPid))).toBe(true);
  });

  it('gets Ctrl-C, its children go on until it lets them go', async () => {
    const gateway = await startGateway();
    const interrupted = once(gateway.lines, 'line');
    // A terminal sends the signal to the whole foreground process group.
    process.kill(-gateway.pid, 'SIGINT');
    expect(await interrupted).toEqual(['interrupted']);
    expect(await within(500, () => !isAlive(gateway.childPid))).toBe(false);
  });
});
