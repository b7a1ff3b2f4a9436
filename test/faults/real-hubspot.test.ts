import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import { createRunningGateway, type RunningGateway } from '../support/running-gateway.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';

let gateway: RunningGateway;

afterEach(() => gateway.close());

const rosterOf = (what: 'agent' | 'person'): unknown[] => {
  const args = ['src/cli/main.ts', what, 'list', '--json'];
  const { stdout } = spawnSync(process.execPath, args, { env: gateway.env, encoding: 'utf8' });
  return JSON.parse(stdout) as unknown[];
};

/** Nobody listens there; no call is made that needs it. */
const REAL = { SALLYPORT_HUBSPOT_URL: 'http://127.0.0.1:9' };

describe('a start with a real HubSpot', () => {
  it('makes no demo agent and no approver, and says how to add the first ones', async () => {
    gateway = await createRunningGateway({ temporalCli: await temporalCliPath(), env: REAL });
    await gateway.start();
    expect(gateway.run()).toMatchObject({ agent_key: null, approver_key: null, simulator: null });
    // The gateway's own, as which nobody can come.
    expect(rosterOf('agent')).toMatchObject([{ name: 'sallyport' }]);
    expect(rosterOf('person')).toEqual([]);
    expect(gateway.output()).not.toMatch(/sp[ap]_/);
    expect(gateway.output()).toContain('sallyport agent add');
    expect(gateway.output()).toContain('sallyport person add');
  }, 60_000);

  it('on the data of a demo closes the door to the demo’s keys', async () => {
    gateway = await createRunningGateway({ temporalCli: await temporalCliPath() });
    await gateway.start();
    const { agent_key: key, approver_key: approverKey } = gateway.run();
    expect((await gateway.api('GET', '/v1/actions', { key })).status).toBe(200);
    await gateway.stop();
    Object.assign(gateway.env, REAL);
    await gateway.start();
    expect((await gateway.api('GET', '/v1/actions', { key })).status).toBe(401);
    expect((await gateway.api('GET', '/v1/approvals', { key: approverKey })).status).toBe(401);
    expect(gateway.output()).toContain('were revoked');
  }, 60_000);
});
