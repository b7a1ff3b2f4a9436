import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { generateSync } from 'otplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDataConverter } from '../../src/adapters/temporal/data-converter.ts';
import { incidentWorkflowIdOf, workflowIdOf } from '../../src/adapters/temporal/engine.ts';
import { gateDeskId } from '../../src/adapters/temporal/gate-desk.ts';
import { createPayloadCodec } from '../../src/adapters/temporal/payload-codec.ts';
import { loadPayloadKeys } from '../../src/adapters/temporal/payload-keys.ts';
import { KEYWORD_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { freePort } from '../../src/embedded/ports.ts';
import { startTemporalServer, type TemporalServer } from '../../src/embedded/temporal-server.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { EXACT_SCOPES } from '../support/incidents.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';

/** What waits for months has a long history, which goes on as a new one: here after some steps instead of thousands. */
const CONTINUE_AFTER_EVENTS = 12;
const CONTACT = '20070';

let server: TemporalServer;
let gateway: TestGateway;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  server = await startTemporalServer({
    cliPath: await temporalCliPath(),
    port: await freePort(),
    namespace: 'default',
    searchAttributes: KEYWORD_ATTRIBUTES,
    continueAfterEvents: CONTINUE_AFTER_EVENTS,
    logFile: join(tmpdir(), 'long-histories.log'),
  });
  gateway = await startTestGateway({ temporalAddress: server.address });
  connection = await Connection.connect({ address: server.address });
  const codec = createPayloadCodec({
    keys: await loadPayloadKeys(gateway.context.secrets),
    namespace: 'default',
  });
  client = new Client({ connection, dataConverter: createDataConverter(codec) });
}, 60_000);
afterAll(async () => {
  await connection.close();
  await gateway.close();
  await server.stop();
});

const runOf = async (workflowId: string): Promise<string> =>
  (await client.workflow.getHandle(workflowId).describe()).runId;

/** Wakes it until it has gone on as a new run so often. */
async function untilContinued(
  workflowId: string,
  times: number,
  wake: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  const runs = new Set([await runOf(workflowId)]);
  await expect
    .poll(
      async () => {
        await wake();
        return runs.add(await runOf(workflowId)).size;
      },
      { timeout: 60_000, interval: 50 },
    )
    .toBeGreaterThan(times);
}

const asks = async (note: string): Promise<{ id: string; digest: string }> =>
  (await gateway.submit({ action: 'create_note', contact_id: CONTACT, note })).body;

const execution = (id: string) => client.workflow.getHandle(workflowIdOf(id));

/** As the gateway does when the record has changed: the signal says only "look at it". */
const wake = (id: string): Promise<void> => execution(id).signal('decide');

describe('a history that goes on as a new one', () => {
  it('still waits for people, and is executed once when they have decided', async () => {
    const { id, digest } = await asks('Waited long.');
    await untilContinued(workflowIdOf(id), 3, () => wake(id));
    expect(await gateway.context.store.requests.status(id)).toBe('awaiting_approval');
    await gateway.approve(id, digest);
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('Waited long.')).toBe(1);
  });

  it('takes the decision of a signal that comes while it goes on', async () => {
    const { id } = await asks('Signalled while it went on.');
    const { record } = await gateway.addPerson('Sig Nal');
    const code = generateSync({ secret: record.totpSecret });
    const first = await runOf(workflowIdOf(id));
    for (let n = 0; n < 2 * CONTINUE_AFTER_EVENTS; n += 1) await wake(id);
    await execution(id).signal('decide', { person: record.email, decision: 'approve', code });
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('Signalled while it went on.')).toBe(1);
    expect(await runOf(workflowIdOf(id))).not.toBe(first);
  });

  it('still waits for HubSpot, before the card and after the approval', async () => {
    const target = { method: 'GET', path: `/contacts/${CONTACT}` };
    await gateway.fault(target, '503', 0);
    const { id } = await asks('HubSpot was away for long.');
    await untilContinued(workflowIdOf(id), 1);
    await gateway.simulator.control('DELETE', '/faults');
    const waiting = await gateway.context.store.waitForRequest(
      id,
      ({ status }) => status === 'awaiting_approval',
      60_000,
    );
    await gateway.fault(target, '503', 0);
    await gateway.approve(id, waiting?.digest ?? '');
    // Once it may go on as it leaves what it did for its approval.
    await untilContinued(workflowIdOf(id), 2);
    expect(await gateway.timesSent('HubSpot was away for long.')).toBe(0);
    await gateway.simulator.control('DELETE', '/faults');
    expect((await gateway.ended(id, 60_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('HubSpot was away for long.')).toBe(1);
  }, 240_000);

  it('still looks for a lost write, and does not send it again when it is found', async () => {
    const { id, digest } = await asks('Lost for long.');
    await gateway.fault({ method: 'POST', path: '/notes' }, 'commit_then_drop');
    await gateway.fault({ path: `/associations` }, '503', 0);
    await gateway.fault({ path: `/batch/read` }, '503', 0);
    await gateway.approve(id, digest);
    await expect
      .poll(() => gateway.context.store.requests.status(id), { timeout: 20_000 })
      .toBe('outcome_unknown');
    await untilContinued(workflowIdOf(id), 2);
    expect(await gateway.context.store.requests.status(id)).toBe('outcome_unknown');
    await gateway.simulator.control('DELETE', '/faults');
    expect((await gateway.ended(id, 60_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('Lost for long.')).toBe(1);
  }, 180_000);

  it('keeps the desk where it is, and an incident goes on to its end', async () => {
    const { taskQueue } = gateway.config.temporal;
    const desk = gateDeskId(taskQueue, 'main');
    const forged = { person: 'eve@evil.test', code: '123456' };
    await untilContinued(desk, 1, () =>
      client.workflow.getHandle(desk).signal('open_incident', forged),
    );
    const { call } = gateway.approver;
    const { record } = await gateway.addPerson('Oda Desk', ['operator']);
    const proven = { person: record.email, code: generateSync({ secret: record.totpSecret }) };
    await client.workflow.getHandle(desk).signal('open_incident', proven);
    const underWay = () => gateway.context.store.incidents.underWay();
    await expect.poll(async () => (await underWay()).length, { timeout: 20_000 }).toBe(1);
    const [{ id } = { id: '' }] = await underWay();
    const reaches = (stage: string) =>
      expect
        .poll(async () => (await call('GET', `/v1/incidents/${id}`)).body.stage, {
          timeout: 30_000,
        })
        .toBe(stage);
    await reaches('rotating');
    const wakes = () =>
      client.workflow.getHandle(incidentWorkflowIdOf(id)).signal('credential_supplied');
    await untilContinued(incidentWorkflowIdOf(id), 2, wakes);
    const old = (await gateway.context.secrets.get('hubspot/main'))?.value;
    const { simulator } = gateway;
    await simulator.control('POST', '/tokens/state', { token: old, state: 'revoked' });
    const key = (
      await simulator.control<{ token: string }>('POST', '/tokens', { scopes: EXACT_SCOPES })
    ).body.token;
    await call('POST', `/v1/incidents/${id}/key`, { body: { key } });
    await reaches('resuming');
    const second = await gateway.addPerson('Sam Field', ['operator']);
    await second.call('POST', `/v1/incidents/${id}/resume`, { body: {} });
    await reaches('closed');
  }, 180_000);
});
