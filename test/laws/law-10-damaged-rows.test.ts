import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

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
    const { log } = gateway.context.store;
    const entries = (await log.leaves(0, await log.size())).map((leaf) =>
      JSON.parse(new TextDecoder().decode(leaf)),
    );
    expect(entries.at(-1)).toMatchObject({ event: 'request.refused', code: 'plan.tampered' });
  });
});
