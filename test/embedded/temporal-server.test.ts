import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { describe, expect, inject, it, onTestFinished } from 'vitest';

import { SEARCH_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { freePort, isPortFree } from '../../src/embedded/ports.ts';
import { noteRun } from '../../src/embedded/previous-run.ts';
import { startTemporalServer } from '../../src/embedded/temporal-server.ts';
import type { TemporalServer, TemporalServerOptions } from '../../src/embedded/temporal-server.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';
import { isAlive, scratchDir, within } from './fixtures/scratch.ts';

const GATEWAY = fileURLToPath(new URL('./fixtures/gateway.ts', import.meta.url));

async function start(
  dir: string,
  changes: Partial<TemporalServerOptions> = {},
): Promise<TemporalServer> {
  const server = await startTemporalServer({
    cliPath: await temporalCliPath(),
    port: await freePort(),
    dbFile: join(dir, 'temporal.db'),
    namespace: 'default',
    searchAttributes: {},
    logFile: join(dir, 'temporal.log'),
    ...changes,
  });
  onTestFinished(() => server.stop());
  return server;
}

async function connect(address: string): Promise<Client> {
  const connection = await Connection.connect({ address });
  onTestFinished(() => connection.close());
  return new Client({ connection });
}

async function listen(): Promise<number> {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  onTestFinished(() => {
    other.close();
  });
  return (other.address() as AddressInfo).port;
}

describe('a server', () => {
  it.runIf(existsSync('/proc'))('is told not to call home with its version', async () => {
    const { pid } = await start(await scratchDir());
    const environment = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
    expect(environment).toContain('TEMPORAL_VERSION_CHECK_DISABLED=1');
  });
});

describe('the server of this test run', () => {
  it('answers at the injected address with the search attributes of the gateway', async () => {
    const { connection } = await connect(inject('temporalAddress'));
    const found = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
    const ours = Object.keys(found.customAttributes).filter((name) => name.startsWith('Sallyport'));
    expect(ours.sort()).toEqual(Object.values(SEARCH_ATTRIBUTES).sort());
    expect(ours).toEqual(['SallyportAction', 'SallyportAgent', 'SallyportConnection']);
  });
});

describe('a server on a file', () => {
  it('keeps a waiting workflow over a restart and learns a new search attribute', async () => {
    const dir = await scratchDir();
    const first = await start(dir, { searchAttributes: { Old: 'Keyword' }, retentionHours: 72 });
    const before = await connect(first.address);
    await before.workflow.start('waits', { taskQueue: 'none', workflowId: 'waiting' });
    await first.stop();

    const second = await start(dir, { searchAttributes: { Old: 'Keyword', New: 'Keyword' } });
    const after = await connect(second.address);
    const { status } = await after.workflow.getHandle('waiting').describe();
    expect(status.name).toBe('RUNNING');
    await after.workflow.start('waits', {
      taskQueue: 'none',
      workflowId: 'marked',
      typedSearchAttributes: [
        { key: defineSearchAttributeKey('New', SearchAttributeType.KEYWORD), value: 'x' },
      ],
    });
    const { config } = await after.workflowService.describeNamespace({ namespace: 'default' });
    expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(72 * 3600);
  });

  it('writes files that only this user can read', async () => {
    const dir = await scratchDir();
    await start(dir);
    const names = (await readdir(dir)).filter((name) => /\.db(-wal|-shm)?$/.test(name));
    expect(names.length).toBeGreaterThanOrEqual(2);
    for (const name of names) expect((await stat(join(dir, name))).mode & 0o077).toBe(0);
  });

  it('is refused while another one uses the file, and may start when that is gone', async () => {
    const dir = await scratchDir();
    const first = await start(dir);
    await expect(start(dir)).rejects.toMatchObject({
      code: 'engine.unavailable',
      detail: expect.stringContaining('Another Sallyport is running on') as unknown,
    });
    await first.stop();
    await expect(start(dir)).resolves.toMatchObject({ setAside: undefined });
  });

  it('ends a server that a killed gateway and guardian left behind', async () => {
    const dir = await scratchDir();
    const dbFile = join(dir, 'temporal.db');
    const left = spawn(
      await temporalCliPath(),
      ['server', 'start-dev', '--headless', '--port', String(await freePort()), '-f', dbFile],
      { stdio: 'ignore' },
    );
    onTestFinished(() => void left.kill('SIGKILL'));
    expect(await within(5_000, () => existsSync(dbFile))).toBe(true);
    await noteRun(`${dbFile}.pid`, left.pid!);

    const server = await start(dir);
    expect(isAlive(left.pid!)).toBe(false);
    expect(isAlive(server.pid)).toBe(true);
  });

  it('leaves a stranger alone that has the process id of a previous run by now', async () => {
    const dir = await scratchDir();
    const stranger = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
    onTestFinished(() => void stranger.kill('SIGKILL'));
    await noteRun(join(dir, 'temporal.db.pid'), stranger.pid!);
    await start(dir);
    expect(isAlive(stranger.pid!)).toBe(true);
  });

  it('ends with a gateway that is killed with SIGKILL', async () => {
    const dir = await scratchDir();
    const port = await freePort();
    const cliPath = await temporalCliPath();
    const gateway = spawn(process.execPath, [GATEWAY, 'temporal', dir, cliPath, String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: gateway.stdout }), 'line')) as [string];
    gateway.kill('SIGKILL');
    expect(await within(6_000, () => !isAlive(Number(line)))).toBe(true);
    expect(await isPortFree(port, 1_000)).toBe(true);
  });

  it('sets a file aside that is no database, and starts empty', async () => {
    const dir = await scratchDir();
    await writeFile(join(dir, 'temporal.db'), 'not a database '.repeat(1_000));
    const server = await start(dir);
    expect(server.setAside).toMatch(/temporal\.db\.unreadable-\d+$/);
    expect((await stat(server.setAside!)).size).toBe(15_000);
  });
});

describe('a server that cannot start', () => {
  it('names the port that is taken', async () => {
    const dir = await scratchDir();
    const taken = await listen();
    for (const ports of [{ port: taken }, { uiPort: taken }]) {
      await expect(start(dir, ports)).rejects.toMatchObject({
        code: 'engine.unavailable',
        detail: expect.stringContaining(`Port ${taken} on 127.0.0.1`) as unknown,
      });
    }
    await expect(start(dir)).resolves.toBeDefined();
  });

  it('gives the last words of a process that ends early', async () => {
    const dir = await scratchDir();
    await expect(start(dir, { cliPath: '/bin/false' })).rejects.toMatchObject({
      code: 'engine.unavailable',
      detail: expect.stringContaining('the Temporal server ended (code 1)') as unknown,
    });
  });
});

describe('a server in memory', () => {
  it('serves its UI only when asked to, and is gone at once when stopped', async () => {
    const dir = await scratchDir();
    const uiPort = await freePort();
    const server = await start(dir, { dbFile: undefined, uiPort });
    expect(server.uiUrl).toBe(`http://127.0.0.1:${uiPort}`);
    expect((await fetch(server.uiUrl!)).status).toBe(200);
    const stoppedAt = Date.now();
    await server.stop();
    expect(Date.now() - stoppedAt).toBeLessThan(1_000);
    expect(isAlive(server.pid)).toBe(false);
    await expect(server.exited).resolves.toMatchObject({ expected: true });
  });
});
