import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { createRunningGateway, type RunningGateway } from '../support/running-gateway.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';

let gateway: RunningGateway;

afterEach(() => gateway.close());

const sallyport = (...args: string[]): string =>
  spawnSync(process.execPath, ['src/cli/main.ts', ...args], {
    env: gateway.env,
    encoding: 'utf8',
  }).stdout;

/** Stands where a real HubSpot would, and keeps what it was told. */
async function startListener(): Promise<{ url: string; told: (string | undefined)[] }> {
  const told: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    told.push(request.headers.authorization);
    response.writeHead(401, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, told };
}

describe('the token of the demo', () => {
  it('is not sent to a real HubSpot that the gateway is started with in its folder', async () => {
    gateway = await createRunningGateway({ temporalCli: await temporalCliPath() });
    await gateway.start();
    await gateway.stop();
    const { url, told } = await startListener();
    gateway.env['SALLYPORT_HUBSPOT_URL'] = url;
    await gateway.start();
    const { key } = JSON.parse(sallyport('agent', 'add', 'mine', '--json')) as { key: string };
    const action = { action: 'search_contact', company: 'Acme Corp' };
    const body = { user_id: 'dana@acme.test', agent_prompt: 'Find it.', action };
    const answer = await gateway.api('POST', '/v1/actions', { key, body });
    expect(answer.body).toMatchObject({ code: 'credential.missing' });
    expect(told).toEqual([]);
    expect(sallyport('doctor')).toMatch(/FAIL {2}credential is set .*\n.*secret set hubspot\/main/);
  }, 60_000);
});
