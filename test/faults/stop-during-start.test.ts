import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { createRunningGateway, type RunningGateway } from '../support/running-gateway.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';

let gateway: RunningGateway;

afterEach(() => gateway.close());

/** Takes connections and never says a word. Gives its address and how many have come. */
async function startSilentServer(): Promise<{ address: string; arrived: () => number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    sockets.add(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { address: `127.0.0.1:${port}`, arrived: () => sockets.size };
}

/** A Temporal server that takes so long before it begins. */
function slowCli(real: string, seconds: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-slow-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const slow = join(folder, 'temporal');
  const sleepBeforeServer = `[ "$1" = server ] && sleep ${seconds}`;
  writeFileSync(slow, `#!/bin/sh\n${sleepBeforeServer}\nexec ${real} "$@"\n`, { mode: 0o755 });
  return slow;
}

describe('a signal while the gateway is still starting', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends it in order, without starting the rest',
    async (signal) => {
      gateway = await createRunningGateway({ temporalCli: await temporalCliPath() });
      gateway.launch();
      const childLog = join(gateway.dataDir, 'logs', 'temporal.log');
      await expect.poll(() => existsSync(childLog), { timeout: 20_000, interval: 5 }).toBe(true);
      expect(await gateway.stop(signal)).toBeLessThan(10_000);
      expect(await gateway.exited()).toBe(0);
      expect(gateway.output()).toContain('Stopping');
      expect(gateway.output()).not.toContain('Sallyport is running');
      expect(gateway.output()).not.toMatch(/\bat .*\.ts:\d+/);
      expect(gateway.processes()).toEqual([]);
    },
    60_000,
  );

  it('ends it and its children at once where the engine takes long, and says nothing of the start any more', async () => {
    gateway = await createRunningGateway({ temporalCli: slowCli(await temporalCliPath(), 30) });
    gateway.launch();
    const isAtIt = () => gateway.output().includes('Starting the Temporal server, 2 s');
    await expect.poll(isAtIt, { timeout: 30_000 }).toBe(true);
    expect(await gateway.stop('SIGINT')).toBeLessThan(3_000);
    expect(await gateway.exited()).toBe(0);
    const [, since = ''] = gateway.output().split(/^(?=Stopping)/m);
    expect(since).toBe('Stopping: the start is given up …\nStopped.\n');
    expect(gateway.processes()).toEqual([]);
  }, 60_000);

  it.each(['src/main.ts', 'src/worker-main.ts'])(
    'ends %s at once though the engine accepts connections and never answers',
    async (main) => {
      const { address, arrived } = await startSilentServer();
      gateway = await createRunningGateway({
        main,
        temporalCli: await temporalCliPath(),
        env: { TEMPORAL_ADDRESS: address, SALLYPORT_HUBSPOT_URL: 'http://127.0.0.1:9' },
      });
      gateway.launch();
      await expect.poll(arrived, { timeout: 20_000 }).toBeGreaterThan(0);
      expect(await gateway.stop('SIGTERM')).toBeLessThan(3_000);
      expect(await gateway.exited()).toBe(0);
    },
    60_000,
  );

  it('an engine that never answers is given up with a remedy', async () => {
    const { address } = await startSilentServer();
    gateway = await createRunningGateway({
      temporalCli: await temporalCliPath(),
      env: { TEMPORAL_ADDRESS: address, SALLYPORT_HUBSPOT_URL: 'http://127.0.0.1:9' },
    });
    const since = Date.now();
    gateway.launch();
    expect(await gateway.exited()).toBe(1);
    expect(Date.now() - since).toBeLessThan(20_000);
    expect(gateway.output()).toMatch(/^Starting the worker and the API, [24] s …$/m);
    expect(gateway.output()).toMatch(/does not answer within 10 s.*TEMPORAL_ADDRESS/);
  }, 60_000);
});

describe('a start that takes long', () => {
  it('says what it is at', async () => {
    gateway = await createRunningGateway({ temporalCli: slowCli(await temporalCliPath(), 5) });
    await gateway.start();
    expect(gateway.output()).toMatch(/^Starting the Temporal server, 2 s …$/m);
    expect(gateway.output()).toMatch(/^Starting the Temporal server, 4 s …$/m);
  }, 60_000);
});
