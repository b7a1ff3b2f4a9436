import { afterEach, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
afterEach(() => gateway.close());

describe('a graceful stop', () => {
  it('lets what is in flight finish, with its answer', async () => {
    gateway = await startTestGateway({
      temporalAddress: inject('temporalAddress'),
      env: { SALLYPORT_CALL_DEADLINE_SECONDS: '5' },
    });
    await gateway.simulator.control('POST', '/faults', { mode: 'slow', delay_ms: 1_000, times: 1 });
    const slow = gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await gateway.stopGateway();
    expect((await slow).status).toBe(200);
  });
});
