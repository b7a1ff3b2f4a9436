import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createDataConverter } from '../../src/adapters/temporal/data-converter.ts';
import { createPayloadCodec } from '../../src/adapters/temporal/payload-codec.ts';
import { loadPayloadKeys } from '../../src/adapters/temporal/payload-keys.ts';
import { workflowIdOf } from '../../src/adapters/temporal/engine.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/** Whoever reaches the Temporal server can end a request's workflow and run another under its id. */

let gateway: TestGateway;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  const temporalAddress = inject('temporalAddress');
  gateway = await startTestGateway({ temporalAddress });
  connection = await Connection.connect({ address: temporalAddress });
  client = new Client({ connection, namespace: gateway.config.temporal.namespace });
});
afterAll(async () => {
  await connection.close();
  await gateway.close();
});

const ours = (options: { startDelay?: string; args?: object[] }) => ({
  type: 'agentAction',
  taskQueue: gateway.config.temporal.taskQueue,
  ...options,
});

const note = (text: string) => ({ action: 'create_note', contact_id: '20001', note: text });

describe('law 5: a request whose workflow id was taken by another workflow', () => {
  it.each([
    ['of another type', () => ({ type: 'squatter', taskQueue: gateway.config.temporal.taskQueue })],
    ['on another task queue', () => ({ type: 'agentAction', taskQueue: 'nobody-works-here' })],
    ['of our type that starts in a year', () => ours({ startDelay: '365 days' })],
    ['of our type without an input', () => ours({})],
  ])('%s goes on', async (what, squatter) => {
    const { body } = await gateway.submit(note(`Squatted ${what}.`));
    const workflowId = workflowIdOf(body.id);
    await client.workflow.getHandle(workflowId).terminate('taken');
    const { type, ...options } = squatter();
    // A memo of clear text too: reading it as ours would fail.
    await client.workflow.start(type, { workflowId, memo: { mine: 'now' }, args: [], ...options });
    await gateway.stopGateway();
    await gateway.startGateway();
    // The sweep at the start takes the id back, and what is decided after that is heard.
    await expect
      .poll(async () => (await client.workflow.getHandle(workflowId).describe()).type)
      .toBe('agentAction');
    await gateway.approve(body.id, body.digest);
    expect((await gateway.ended(body.id, 15_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent(`Squatted ${what}.`)).toBe(1);
  });

  it('of our type for another request goes on', async () => {
    const { body } = await gateway.submit(note('Squatted for another.'));
    const other = await gateway.submit(note('The other.'));
    const workflowId = workflowIdOf(body.id);
    const { namespace, taskQueue } = gateway.config.temporal;
    const keys = await loadPayloadKeys(gateway.context.secrets);
    const dataConverter = createDataConverter(createPayloadCodec({ keys, namespace }));
    // As one that has read the payload key would, or copied another workflow's first event.
    const insider = new Client({ connection, namespace, dataConverter });
    await insider.workflow.getHandle(workflowId).terminate('taken');
    const args = [{ requestId: other.body.id }];
    await insider.workflow.start('agentAction', { workflowId, taskQueue, args });
    await gateway.approve(body.id, body.digest);
    expect((await gateway.ended(body.id, 20_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('Squatted for another.')).toBe(1);
  });

  it('goes on within seconds of a decision that the other one has swallowed', async () => {
    const { body } = await gateway.submit(note('Swallowed.'));
    const workflowId = workflowIdOf(body.id);
    await client.workflow.getHandle(workflowId).terminate('taken');
    await client.workflow.start('squatter', { workflowId, taskQueue: 'nobody-works-here' });
    await gateway.approve(body.id, body.digest);
    expect((await gateway.ended(body.id, 20_000)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('Swallowed.')).toBe(1);
  });

  it('while one of ours that runs is left alone', async () => {
    const { body } = await gateway.submit(note('Not squatted.'));
    const handle = client.workflow.getHandle(workflowIdOf(body.id));
    const { runId } = await handle.describe();
    await gateway.stopGateway();
    await gateway.startGateway();
    await gateway.approve(body.id, body.digest);
    await gateway.ended(body.id);
    expect((await handle.describe()).runId).toBe(runId);
  });
});
