import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { createRunningGateway, type RunningGateway } from '../support/running-gateway.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';

let gateway: RunningGateway;

afterEach(() => gateway.close());

const isSimulator = (pid: number): boolean => {
  const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  return line.includes('simulator/main.ts') && !line.includes('guardian');
};

describe('npm start', () => {
  it('ends when its simulator does, and says so', async () => {
    gateway = await createRunningGateway({ temporalCli: await temporalCliPath() });
    await gateway.start();
    const simulator = gateway.processes().find(isSimulator);
    process.kill(simulator!, 'SIGKILL');
    await expect
      .poll(() => gateway.output(), { timeout: 20_000 })
      .toMatch(/simulator ended by itself/);
    expect(gateway.output()).toMatch(/start the gateway again/);
    expect(await gateway.exited()).toBe(1);
  }, 60_000);
});
