import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: { SALLYPORT_ANSWER_WAIT_SECONDS: '1.5' },
  });
});
afterAll(() => gateway.close());

const calls = async (): Promise<number> =>
  (await gateway.simulator.control<{ requests: unknown[] }>('GET', '/requests')).body.requests
    .length;

describe('a card', () => {
  it('is not made, and HubSpot not asked, while the log’s checkpoint cannot be read', async () => {
    const { auditLog } = gateway.context;
    await expect.poll(async () => (await auditLog.checkpoint()).size).toBeGreaterThan(0);
    writeFileSync(join(gateway.config.files.log, 'checkpoint'), 'not a checkpoint\n');
    const before = await calls();
    const action = { action: 'create_note', contact_id: '20001', note: 'No checkpoint.' };
    const { body } = await gateway.submit(action);
    expect(body).toMatchObject({ status: 'planned', waiting_for: 'log.unavailable' });
    expect(await calls()).toBe(before);
  });
});
