/**
 * `node test/histories/record.ts [name…]`: runs every path of every workflow, or those named, on real parts and
 * writes the histories, decrypted, beside this file. Record anew only when a change to a workflow is meant to
 * break what is in flight, and say so in the changelog.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { historyToJSON, JSONToPayload, payloadToJSON } from '@temporalio/common/lib/proto-utils.js';
import { generateSync } from 'otplib';
import { createDataConverter } from '../../src/adapters/temporal/data-converter.ts';
import { incidentWorkflowIdOf } from '../../src/adapters/temporal/engine.ts';
import { gateDeskId } from '../../src/adapters/temporal/gate-desk.ts';
import { createPayloadCodec } from '../../src/adapters/temporal/payload-codec.ts';
import { loadPayloadKeys } from '../../src/adapters/temporal/payload-keys.ts';
import { KEYWORD_ATTRIBUTES } from '../../src/core/search-attributes.ts';
import { connectDependencies } from '../../src/dependencies.ts';
import { freePort } from '../../src/embedded/ports.ts';
import { startTemporalServer } from '../../src/embedded/temporal-server.ts';
import { connectAccount } from '../../src/gate/connection.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { EXACT_SCOPES } from '../support/incidents.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ENCRYPTED = Buffer.from('binary/encrypted').toString('base64');
const NOTE = { action: 'create_note', contact_id: '20001', note: 'Recorded.' };

async function decrypted(codec: PayloadCodec, value: any): Promise<unknown> {
  if (Array.isArray(value)) return Promise.all(value.map((one) => decrypted(codec, one)));
  if (value === null || typeof value !== 'object') return value;
  if (value.metadata?.encoding === ENCRYPTED) {
    const [payload] = await codec.decode([JSONToPayload(value)]);
    return payloadToJSON(payload!);
  }
  const entries = Object.entries(value).map(async ([key, inner]) => [key, await decrypted(codec, inner)]);
  return Object.fromEntries(await Promise.all(entries));
}

const server = await startTemporalServer({
  cliPath: await temporalCliPath(),
  port: await freePort(),
  namespace: 'default',
  searchAttributes: KEYWORD_ATTRIBUTES,
  logFile: join(tmpdir(), 'record-histories.log'),
});

const PATHS: Record<string, (gateway: TestGateway) => Promise<string>> = {
  'a-read': async (gateway) => (await gateway.submit({ action: 'search_contact', company: 'Acme Corp' })).body.id,
  'a-refusal': async (gateway) => {
    await gateway.submit({ action: 'no_such_action' }, { key: 'refused' });
    return (await gateway.context.store.requests.list({ limit: 1 })).rows[0]!.id;
  },
  'an-approved-write': async (gateway) => {
    const { body } = await gateway.submit(NOTE);
    await gateway.approve(body.id, body.digest);
    await gateway.ended(body.id);
    return body.id;
  },
  'a-rejected-write': async (gateway) => {
    const { body } = await gateway.submit(NOTE);
    await gateway.approver.call('POST', `/v1/approvals/${body.id}/decisions`, { body: { decision: 'reject', digest: body.digest } });
    return body.id;
  },
  'a-withdrawn-write': async (gateway) => {
    const { body } = await gateway.submit(NOTE);
    await gateway.agent.call('DELETE', `/v1/actions/${body.id}`);
    return body.id;
  },
  'a-lost-answer': async (gateway) => {
    const { body } = await gateway.submit(NOTE);
    await gateway.simulator.control('POST', '/faults', { match: { method: 'POST', path: '/notes' }, mode: 'commit_then_drop', times: 1 });
    await gateway.approve(body.id, body.digest);
    await gateway.ended(body.id, 40_000);
    return body.id;
  },
  'a-resent-write': async (gateway) => {
    const { body } = await gateway.submit(NOTE);
    await gateway.simulator.control('POST', '/faults', { match: { method: 'POST', path: '/notes' }, mode: 'drop', times: 1 });
    await gateway.approve(body.id, body.digest);
    await gateway.ended(body.id, 40_000);
    return body.id;
  },
  'a-write-of-several': async (gateway) => {
    const task = { action: 'create_task', contact_id: '20001', subject: 'Recorded.', due: '2027-01-04T09:00:00Z' };
    const { body } = await gateway.submit({ action: 'write_several', steps: [NOTE, task] });
    await gateway.approve(body.id, body.digest);
    await gateway.ended(body.id);
    return body.id;
  },
  // HubSpot cannot be read for its card at first: it is tried again, and the record says for what it waits.
  'a-waiting-write': async (gateway) => {
    await gateway.simulator.control('POST', '/faults', { match: { method: 'GET', path: '/contacts/20002' }, mode: '503', times: 4 });
    const { body } = await gateway.submit({ ...NOTE, contact_id: '20002' });
    const { digest } = (await gateway.context.store.waitForRequest(body.id, ({ status }) => status === 'awaiting_approval', 30_000))!;
    await gateway.approve(body.id, digest ?? '');
    await gateway.ended(body.id);
    return body.id;
  },
  'a-write-allowed-ahead': async (gateway) => {
    const ahead = { agent: gateway.agent.record.id, action: 'create_note', hours: 1, max_uses: 1 };
    const { status, body: grant } = await gateway.approver.call('POST', '/v1/grants', { body: ahead });
    if (status !== 201) throw new Error(JSON.stringify(grant));
    const { body } = await gateway.submit(NOTE);
    await gateway.ended(body.id);
    return body.id;
  },
};

async function record(gateway: TestGateway, name: string, workflowId: string): Promise<void> {
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({ connection });
  const handle = client.workflow.getHandle(workflowId);
  const deadline = Date.now() + 20_000;
  while ((await handle.describe()).status.name === 'RUNNING' && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
  const keys = await loadPayloadKeys(gateway.context.secrets);
  const codec = createPayloadCodec({ keys, namespace: 'default' });
  const history = await decrypted(codec, JSON.parse(historyToJSON(await handle.fetchHistory())));
  writeFileSync(join(HERE, `${name}.json`), `${JSON.stringify({ workflowId, history }, null, 1)}\n`);
  console.log(name, (history as { events: unknown[] }).events.length, 'events');
  await connection.close();
}

/** Not of a request: started by the schedule, or here by hand. */
async function sweepRun(gateway: TestGateway): Promise<string> {
  const { context, simulator, config } = gateway;
  const connecting = { connection: 'main', by: 'operator', isPortalForced: false };
  await connectAccount(connectDependencies(context, simulator.url), connecting);
  const connection = await Connection.connect({ address: server.address });
  const client = new Client({ connection });
  const { taskQueue } = config.temporal;
  await client.workflow.start('rogueWriteSweep', { workflowId: 'a-radar-sweep', taskQueue });
  await connection.close();
  return 'a-radar-sweep';
}

/** From the button to the end, with the key that was in use. */
async function incidentRun(gateway: TestGateway): Promise<string> {
  const { call } = gateway.approver;
  const { id } = (await call('POST', '/v1/incidents', { body: { reason: 'Recorded.' } })).body;
  const reaches = async (stage: string): Promise<void> => {
    while ((await call('GET', `/v1/incidents/${id}`)).body.stage !== stage) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await reaches('rotating');
  const old = (await gateway.context.secrets.get('hubspot/main'))?.value;
  await gateway.simulator.control('POST', '/tokens/state', { token: old, state: 'revoked' });
  const { body } = await gateway.simulator.control<{ token: string }>('POST', '/tokens', { scopes: EXACT_SCOPES });
  await call('POST', `/v1/incidents/${id}/key`, { body: { key: body.token } });
  await reaches('resuming');
  const second = await gateway.addPerson('Sam Field', ['operator']);
  await second.call('POST', `/v1/incidents/${id}/resume`, { body: {} });
  return incidentWorkflowIdOf(id);
}

/** As whoever sits in Temporal's UI opens an incident. */
async function deskRun({ context, config, addPerson }: TestGateway): Promise<string> {
  const { taskQueue, namespace } = config.temporal;
  const { record } = await addPerson('Oda Desk', ['operator']);
  const connection = await Connection.connect({ address: server.address });
  const codec = createPayloadCodec({ keys: await loadPayloadKeys(context.secrets), namespace });
  const client = new Client({ connection, namespace, dataConverter: createDataConverter(codec) });
  const workflowId = gateDeskId(taskQueue, 'main');
  const code = generateSync({ secret: record.totpSecret });
  await client.workflow.getHandle(workflowId).signal('open_incident', { person: record.email, code });
  while ((await context.store.incidents.underWay()).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  await connection.close();
  return workflowId;
}

const wanted = process.argv.slice(2);
const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);

const gateway = await startTestGateway({ temporalAddress: server.address });
for (const [name, run] of Object.entries(PATHS)) if (isWanted(name)) await record(gateway, name, `action/${await run(gateway)}`);
if (isWanted('a-radar-sweep')) await record(gateway, 'a-radar-sweep', await sweepRun(gateway));
if (isWanted('an-incident')) await record(gateway, 'an-incident', await incidentRun(gateway));
// The last one: it leaves the connection frozen.
if (isWanted('a-desk-signal')) await record(gateway, 'a-desk-signal', await deskRun(gateway));
await gateway.close();
if (isWanted('an-expired-write')) {
  const expiring = await startTestGateway({ temporalAddress: server.address, env: { SALLYPORT_APPROVAL_SECONDS: '1' } });
  const { body } = await expiring.submit(NOTE);
  await expiring.ended(body.id);
  await record(expiring, 'an-expired-write', `action/${body.id}`);
  await expiring.close();
}
await server.stop();
process.exit(0);
