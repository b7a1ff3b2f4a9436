import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createDataConverter } from '../../src/adapters/temporal/data-converter.ts';
import { createPayloadCodec } from '../../src/adapters/temporal/payload-codec.ts';
import { loadPayloadKeys } from '../../src/adapters/temporal/payload-keys.ts';
import { createAttester } from '../../src/gate/attest.ts';
import { bodyHash } from '../../src/gate/digest.ts';
import type { AgentActionInput } from '../../src/ports/engine.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { logEntries } from '../support/log-entries.ts';

/**
 * Whoever reaches the engine and the codec server on this machine can start a workflow with any input,
 * encrypted as it should be. Without an agent's key that must not be a request.
 */

let gateway: TestGateway;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  const temporalAddress = inject('temporalAddress');
  gateway = await startTestGateway({ temporalAddress });
  connection = await Connection.connect({ address: temporalAddress });
  const { namespace } = gateway.config.temporal;
  const keys = await loadPayloadKeys(gateway.context.secrets);
  const dataConverter = createDataConverter(createPayloadCodec({ keys, namespace }));
  client = new Client({ connection, namespace, dataConverter });
});
afterAll(async () => {
  await connection.close();
  await gateway.close();
});

type Submission = NonNullable<AgentActionInput['submission']>;

const start = (requestId: string, submission: unknown): Promise<unknown> =>
  client.workflow.execute('agentAction', {
    workflowId: `action/${requestId}`,
    taskQueue: gateway.config.temporal.taskQueue,
    args: [{ requestId, submission }],
  });

function submissionFor(action: Record<string, unknown> & { action: string }): Submission {
  const body = { user_id: 'mallory@acme.test', agent_prompt: 'Do it.', action };
  return {
    agentId: gateway.agent.record.id,
    connection: 'main',
    bodyHash: bodyHash(body),
    body,
    mac: '',
  };
}

const READ = { action: 'search_contact', company: 'Acme Corp' };
const WRITE = { action: 'create_note', contact_id: '20001', note: 'Forged.' };
const OTHER_KEY = createAttester(new Uint8Array(32));

async function expectNothing(requestId: string, before: number, calls: number): Promise<void> {
  const { store } = gateway.context;
  expect(await store.requests.get(requestId)).toBeUndefined();
  expect(await logEntries(store, before)).toEqual([
    expect.objectContaining({ code: 'request.forged', request_id: null, agent_id: null }),
  ]);
  expect(await hubSpotCalls()).toBe(calls);
}

const hubSpotCalls = async (): Promise<number> =>
  (await gateway.simulator.control<{ requests: unknown[] }>('GET', '/requests')).body.requests
    .length;

describe('law 9: a workflow that nobody with a key asked for', () => {
  const FORGERIES: [string, (made: Submission, id: string) => unknown][] = [
    ['with an empty mac', (made) => ({ ...made, mac: '' })],
    ['without a mac', (made) => ({ ...made, mac: undefined })],
    ['without a body', (made) => ({ ...made, body: undefined })],
    ['with a mac of another key', (made, id) => ({ ...made, mac: OTHER_KEY.submission(id, made) })],
    [
      'with the mac of another request id',
      (made) => ({
        ...made,
        mac: gateway.context.attester.submission('req_0000000000000000', made),
      }),
    ],
    [
      'with a good mac on another body',
      (made, id) => ({
        ...made,
        mac: gateway.context.attester.submission(id, made),
        body: { ...made.body, user_id: 'somebody.else@acme.test' },
      }),
    ],
  ];
  for (const action of [READ, WRITE]) {
    it.each(FORGERIES)(`${action.action} %s is refused and kept nowhere`, async (_what, forge) => {
      const requestId = `req_forged${Math.random().toString(36).slice(2, 12)}`;
      const calls = await hubSpotCalls();
      const before = await gateway.context.store.log.size();
      await start(requestId, forge(submissionFor(action), requestId));
      await expectNothing(requestId, before, calls);
    });
  }

  it('while the same input with its own mac is a request: the check can fail', async () => {
    const requestId = `req_genuine${Math.random().toString(36).slice(2, 11)}`;
    const made = submissionFor(READ);
    const mac = gateway.context.attester.submission(requestId, made);
    expect(await start(requestId, { ...made, mac })).toBe('succeeded');
  });
});
