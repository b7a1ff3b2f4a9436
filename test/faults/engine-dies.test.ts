import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createRunningGateway, type RunningGateway } from '../support/running-gateway.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';

let gateway: RunningGateway;

afterEach(() => gateway.close());

const note = {
  user_id: 'dana@acme.test',
  agent_prompt: 'Please.',
  action: { action: 'create_note', contact_id: '20001', note: 'Over the death of the engine' },
};

describe('an embedded Temporal server that dies by itself', () => {
  it('ends the gateway with code 1 for its supervisor, and what waits goes on after the next start', async () => {
    gateway = await createRunningGateway({ temporalCli: await temporalCliPath() });
    await gateway.start();
    const headers = { 'idempotency-key': 'over-the-death' };
    const { body } = await gateway.api('POST', '/v1/actions', { body: note, headers });
    expect(body.status).toBe('awaiting_approval');
    process.kill(Number(readFileSync(join(gateway.dataDir, 'temporal.db.pid'), 'utf8')), 'SIGKILL');
    const since = Date.now();
    expect(await gateway.exited()).toBe(1);
    expect(Date.now() - since).toBeLessThan(10_000);
    expect(gateway.output()).toMatch(/Temporal server ended by itself.*start the gateway again/is);
    expect(gateway.processes()).toEqual([]);
    await gateway.start();
    const approval = { decision: 'approve', digest: body.digest };
    const key = gateway.run().approver_key;
    const path = `/v1/approvals/${body.id}/decisions`;
    expect((await gateway.api('POST', path, { key, body: approval })).status).toBe(200);
    await expect
      .poll(async () => (await gateway.api('GET', `/v1/actions/${body.id}`)).body.status, {
        timeout: 30_000,
      })
      .toBe('succeeded');
  }, 90_000);
});
