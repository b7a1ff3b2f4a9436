import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, inject, it, onTestFinished } from 'vitest';
import { createRunningGateway, type RunningGateway } from '../support/running-gateway.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';

let gateway: RunningGateway;

afterEach(() => gateway.close());

async function create(env: Record<string, string> = {}): Promise<RunningGateway> {
  return createRunningGateway({ temporalCli: await temporalCliPath(), env });
}

describe('a second start', () => {
  it('on the data folder of a running gateway is refused with its process id, whoever runs the engine', async () => {
    const engine = { TEMPORAL_ADDRESS: inject('temporalAddress') };
    gateway = await create(engine);
    await gateway.start();
    const [pid] = gateway.processes();
    const second = await create({ ...engine, SALLYPORT_DATA_DIR: gateway.dataDir });
    onTestFinished(() => second.close());
    second.launch();
    expect(await second.exited()).toBe(1);
    expect(second.output()).toContain(`process ${String(pid)}`);
    expect(second.output()).toContain(gateway.dataDir);
    expect(second.output()).toMatch(/Stop it first/);
    expect((await gateway.api('GET', '/healthz')).status).toBe(200);
  }, 60_000);

  it('of a worker on its data folder is refused too: two would publish two histories', async () => {
    const engine = { TEMPORAL_ADDRESS: inject('temporalAddress') };
    gateway = await create(engine);
    await gateway.start();
    const [pid] = gateway.processes();
    const worker = await createRunningGateway({
      main: 'src/worker-main.ts',
      temporalCli: await temporalCliPath(),
      env: {
        ...engine,
        SALLYPORT_DATA_DIR: gateway.dataDir,
        SALLYPORT_HUBSPOT_URL: 'http://127.0.0.1:9',
      },
    });
    onTestFinished(() => worker.close());
    worker.launch();
    await expect.poll(() => worker.output(), { timeout: 30_000 }).toMatch(/Stop it first/);
    expect(worker.output()).toContain(`process ${String(pid)}`);
    expect(await worker.exited()).toBe(1);
  }, 60_000);

  it('waits for a gateway that is just stopping', async () => {
    gateway = await create({ SALLYPORT_CALL_DEADLINE_SECONDS: '5' });
    await gateway.start();
    await gateway.control('POST', '/faults', { mode: 'slow', delay_ms: 2_500, times: 1 });
    const action = { action: 'search_contact', company: 'Acme Corp' };
    const body = { user_id: 'dana@acme.test', agent_prompt: 'Find it.', action };
    const inFlight = gateway.api('POST', '/v1/actions', { body });
    await sleep(300);
    const firstGone = gateway.stop();
    await expect.poll(() => gateway.output()).toContain('Stopping');
    await gateway.start();
    await firstGone;
    expect((await inFlight).status).toBe(200);
    expect(gateway.output()).toMatch(/process \d+.*waiting/);
    // The first one's last answers may have passed for the second being ready.
    const answer = (): Promise<number> =>
      gateway.api('GET', '/v1/actions').then(
        ({ status }) => status,
        () => 0,
      );
    await expect.poll(answer, { timeout: 20_000 }).toBe(200);
  }, 60_000);

  it('waits a moment for a port that is about to be free, and says so', async () => {
    gateway = await create();
    const port = Number(gateway.env['SALLYPORT_PORT']);
    const holder = createServer().listen(port, '127.0.0.1');
    await once(holder, 'listening');
    const started = gateway.start();
    const waits = new RegExp(`Port ${port} .*taken; waiting`);
    await expect.poll(() => gateway.output(), { timeout: 30_000 }).toMatch(waits);
    holder.close();
    await started;
  }, 60_000);

  it('says that a port is taken when it stays so', async () => {
    gateway = await create();
    const port = Number(gateway.env['SALLYPORT_PORT']);
    const holder = createServer().listen(port, '127.0.0.1');
    await once(holder, 'listening');
    onTestFinished(() => {
      holder.close();
    });
    gateway.launch();
    expect(await gateway.exited()).toBe(1);
    expect(gateway.output()).toMatch(/Port \d+ on 127.0.0.1 is taken\. Stop whoever/);
  }, 60_000);
});

describe('a data folder that is none', () => {
  it('is said so, with what to set', async () => {
    gateway = await create();
    mkdirSync(dirname(gateway.dataDir), { recursive: true });
    writeFileSync(gateway.dataDir, 'a file');
    gateway.launch();
    expect(await gateway.exited()).toBe(1);
    expect(gateway.output()).toContain(`${gateway.dataDir} is no folder`);
    expect(gateway.output()).toContain('SALLYPORT_DATA_DIR');
  }, 60_000);

  // There every making is answered "no such file", on which Node's recursive mkdir turns for ever.
  it.runIf(process.platform === 'linux').each([
    ['src/main.ts', '/proc/sallyport'],
    ['src/worker-main.ts', '/proc/sallyport/data'],
    ['src/api-main.ts', '/proc/sallyport'],
  ])('that cannot be made is said at once (%s, %s)', async (main, folder) => {
    gateway = await createRunningGateway({
      main,
      temporalCli: await temporalCliPath(),
      env: {
        SALLYPORT_DATA_DIR: folder,
        TEMPORAL_ADDRESS: inject('temporalAddress'),
        SALLYPORT_HUBSPOT_URL: 'http://127.0.0.1:9',
      },
    });
    gateway.launch();
    const tooLong = sleep(10_000).then(() => 'still running');
    const exited = await Promise.race([gateway.exited(), tooLong]);
    // A process that turns in mkdir is deaf to SIGTERM.
    if (exited !== 1) await gateway.stop('SIGKILL');
    expect(exited).toBe(1);
    expect(gateway.output()).toContain(`${folder} cannot be used (ENOENT)`);
    expect(gateway.output()).toContain('SALLYPORT_DATA_DIR');
  });

  it('nor is run.json, and that is said after everything is ended again', async () => {
    gateway = await create();
    mkdirSync(`${gateway.dataDir}/run.json/kept`, { recursive: true });
    gateway.launch();
    expect(await gateway.exited()).toBe(1);
    expect(gateway.output()).toMatch(/run\.json.*Check/s);
    expect(existsSync(`${gateway.dataDir}/run.json/kept`)).toBe(true);
    expect(gateway.processes()).toEqual([]);
  }, 60_000);
});
