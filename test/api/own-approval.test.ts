import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { addWebhookSigner } from '../../src/gate/webhook-signers.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { send, signedDecision } from '../support/webhook.ts';

const NOTE = { action: 'create_note', contact_id: '20001', note: 'Alone.' };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: { SALLYPORT_SELF_APPROVAL_DELAY_SECONDS: '60' },
  });
});
afterAll(() => gateway.close());

const askForMyself = async () =>
  (await gateway.submit(NOTE, { userId: gateway.approver.record.email })).body as {
    id: string;
    digest: string;
  };

describe('the dial for firms of one person, at the doors', () => {
  it('lets the one person approve, and change, what they asked for', async () => {
    const { id, digest } = await askForMyself();
    expect(await gateway.approve(id, digest)).toMatchObject({
      status: 200,
      body: { status: 'awaiting_approval' },
    });
    const other = await askForMyself();
    const body = { digest: other.digest, input: { note: 'Still alone.' } };
    const path = `/v1/approvals/${other.id}/changes`;
    expect((await gateway.approver.call('POST', path, { body })).status).toBeLessThan(300);
  });

  it('is for people: what a machine signs for them approves nothing that they asked for', async () => {
    const { id, digest } = await askForMyself();
    const signer = await addWebhookSigner(
      { ...gateway.context, by: 'test' },
      gateway.approver.record.id,
    );
    const door = `http://127.0.0.1:${gateway.config.ports.api}/v1/webhooks/approvals/${signer.id}`;
    const said = await send(door, signedDecision({ id, digest, decision: 'approve' }, signer));
    expect([said.status, said.body.code]).toEqual([403, 'approval.own_request']);
  });
});
