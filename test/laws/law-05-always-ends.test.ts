import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { workflowIdOf } from '../../src/adapters/temporal/engine.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { rowOf, runInFile } from '../support/store-file.ts';

let gateway: TestGateway;
let connection: Connection;
let client: Client;

beforeAll(async () => {
  const temporalAddress = inject('temporalAddress');
  gateway = await startTestGateway({
    temporalAddress,
    env: { SALLYPORT_APPROVAL_SECONDS: '3', SALLYPORT_APPROVAL_VALID_SECONDS: '2' },
  });
  connection = await Connection.connect({ address: temporalAddress });
  client = new Client({ connection, namespace: gateway.config.temporal.namespace });
});
afterAll(async () => {
  await connection.close();
  await gateway.close();
});

const note = (text: string) => ({ action: 'create_note', contact_id: '20001', note: text });

/** One that looks like ours and never wakes. */
async function putToSleep(requestId: string): Promise<void> {
  const workflowId = workflowIdOf(requestId);
  await client.workflow.getHandle(workflowId).terminate('taken');
  const { taskQueue } = gateway.config.temporal;
  await client.workflow.start('agentAction', { workflowId, taskQueue, startDelay: '50 s' });
}

describe('law 5: a request ends though its workflow never wakes', () => {
  it('when nobody decides in time', async () => {
    const { body } = await gateway.submit(note('Never decided.'));
    await putToSleep(body.id);
    const ended = await gateway.ended(body.id);
    expect(ended.body).toMatchObject({
      status: 'expired',
      problem: { code: 'approval.expired', status: 409 },
    });
    const entries = await gateway.entriesOf(body.id);
    expect(entries.filter(({ event }) => event === 'approval.expired')).toEqual([
      expect.objectContaining({ code: 'approval.expired', actor: 'gateway' }),
    ]);
  });

  it('when its approval was given and not used in time', async () => {
    const { body } = await gateway.submit(note('Never begun.'));
    await putToSleep(body.id);
    await gateway.approve(body.id, body.digest);
    const ended = await gateway.ended(body.id);
    expect(ended.body).toMatchObject({
      status: 'expired',
      problem: { code: 'approval.lapsed', status: 409 },
    });
    expect(await gateway.timesSent('Never begun.')).toBe(0);
  });

  it('and one that was executed is not said to have expired, whatever its row says', async () => {
    const { body } = await gateway.submit(note('Put back.'));
    const before = rowOf(gateway.config.files.store, 'requests', body.id);
    await gateway.approve(body.id, body.digest);
    expect((await gateway.ended(body.id)).body.status).toBe('succeeded');
    runInFile(
      gateway.config.files.store,
      'UPDATE requests SET status = ?, voucher = ?, code = NULL, credential_version = NULL WHERE id = ?',
      'awaiting_approval',
      before['voucher']!,
      body.id,
    );
    const alerts = async () =>
      (await gateway.entriesOf(body.id)).filter(({ event }) => event === 'store.tampered').length;
    await expect.poll(alerts, { timeout: 20_000 }).toBe(1);
    expect(await gateway.context.store.requests.status(body.id)).toBe('succeeded');
  });
});
