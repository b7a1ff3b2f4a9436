import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { logEntries } from '../support/log-entries.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());

describe('law 10: a damaged row of the roster', () => {
  it('refuses requests with its true code, on record and in the log', async () => {
    const file = new DatabaseSync(gateway.config.files.store, { timeout: 5_000 });
    file.exec("UPDATE people SET name = 'Somebody else'");
    file.close();
    const refused = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
    expect(refused.status).toBe(500);
    expect(refused.body.code).toBe('plan.tampered');
    expect((await logEntries(gateway.context.store)).at(-1)).toMatchObject({
      event: 'request.refused',
      code: 'plan.tampered',
    });
  });
});
