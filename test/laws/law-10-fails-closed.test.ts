import { renameSync } from 'node:fs';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { temporalCliPath } from '../support/temporal-cli.ts';
import { freePort } from '../../src/embedded/ports.ts';
import { startTemporalServer, type TemporalServer } from '../../src/embedded/temporal-server.ts';
import { KEYWORD_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { logEntries } from '../support/log-entries.ts';

let gateway: TestGateway;
let server: TemporalServer | undefined;

afterEach(async () => {
  await gateway.close();
  await server?.stop();
  server = undefined;
});

const READ = { action: 'search_contact', company: 'Acme Corp' };
const NOTE = { action: 'create_note', contact_id: '20001', note: 'Closed.' };

const eventsOf = async (id: string): Promise<string[]> =>
  (await gateway.entriesOf(id)).map(({ event }) => event);

describe('law 10: what cannot be decided is refused', () => {
  it('nobody decides in time: the write expires, once, in the log', async () => {
    gateway = await startTestGateway({
      temporalAddress: inject('temporalAddress'),
      env: { SALLYPORT_APPROVAL_SECONDS: '1' },
    });
    const waiting = await gateway.submit(NOTE);
    const ended = await gateway.ended(waiting.body.id);
    expect(ended.body).toMatchObject({ status: 'expired', problem: { code: 'approval.expired' } });
    const late = await gateway.approve(waiting.body.id, waiting.body.digest);
    expect(late.status).toBe(409);
    expect(
      (await eventsOf(waiting.body.id)).filter((event) => event === 'approval.expired'),
    ).toHaveLength(1);
    expect(await gateway.simulator.effects()).toEqual([]);
  });

  it('the engine is gone: 503 with Retry-After within two seconds, and the same key works when it is back', async () => {
    const cliPath = await temporalCliPath();
    const port = await freePort();
    const searchAttributes = KEYWORD_ATTRIBUTES;
    const start = () =>
      startTemporalServer({
        cliPath,
        port,
        namespace: 'default',
        searchAttributes,
        logFile: '/dev/null',
      });
    server = await start();
    gateway = await startTestGateway({ temporalAddress: server.address });
    expect((await gateway.submit(READ)).status).toBe(200);
    await server.stop();
    const since = Date.now();
    const down = await gateway.submit(READ, { key: 'engine-down' });
    expect(Date.now() - since).toBeLessThan(2_500);
    expect(down.status).toBe(503);
    expect(down.body).toMatchObject({ code: 'engine.unavailable', retryable: true });
    expect(Number(down.headers.get('retry-after'))).toBeGreaterThan(0);
    const ready = await gateway.caller(undefined)('GET', '/readyz');
    expect(ready.status).toBe(503);
    expect(ready.body.parts.find(({ name }: { name: string }) => name === 'engine').up).toBe(false);
    server = await start();
    await expect
      .poll(async () => (await gateway.submit(READ, { key: 'engine-down' })).status, {
        timeout: 20_000,
      })
      .toBe(200);
  }, 60_000);

  it('the secret store cannot be opened: 503, nothing called, healed by itself', async () => {
    gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
    const { secrets } = gateway.config.files;
    renameSync(secrets, `${secrets}.away`);
    const refused = await gateway.submit(READ);
    expect(refused.status).toBe(503);
    expect(refused.body.code).toBe('secret.unavailable');
    const { body } = await gateway.simulator.control<{ requests: unknown[] }>('GET', '/requests');
    expect(body.requests).toEqual([]);
    renameSync(`${secrets}.away`, secrets);
    expect((await gateway.submit(READ)).status).toBe(200);
  });

  it('HubSpot no longer takes the credential: 502, not retried', async () => {
    gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
    await gateway.simulator.control('POST', '/faults', { mode: '401', times: 5 });
    const refused = await gateway.submit(READ);
    expect(refused.status).toBe(502);
    expect(refused.body).toMatchObject({ code: 'hubspot.unauthorized', retryable: false });
    const { body } = await gateway.simulator.control<{ requests: unknown[] }>('GET', '/requests');
    expect(body.requests).toHaveLength(1);
  });

  it('every refusal is in the log with its code, at the edge too', async () => {
    gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
    await gateway.caller('nobody')('GET', '/v1/actions');
    await gateway.submit({ action: 'no_such_action' });
    await gateway.agent.call('POST', '/v1/actions', { body: '{' });
    const codes = (await logEntries(gateway.context.store))
      .filter(({ event }) => event === 'request.refused')
      .map(({ code }) => code);
    expect(codes).toEqual(['agent.unauthenticated', 'action.unknown', 'request.malformed']);
  });
});
