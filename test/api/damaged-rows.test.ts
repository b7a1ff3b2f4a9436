import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { decision, later, request, requestId } from '../adapters/store/fixtures.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { inFile } from '../support/store-file.ts';

let gateway: TestGateway;
const UNDECIDED = 4;
const submission = {
  userId: 'dana@acme.test',
  prompt: 'Note that I called.',
  action: { action: 'create_note', contact_id: '20001', note: 'Called.' },
};

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  const agentId = gateway.agent.record.id;
  await gateway.context.store.commit(async (tx) => {
    for (const number of [1, 2, 3, UNDECIDED]) {
      const expiresAt = later(9e12 + number);
      await insertWaiting(tx, waitingRequest(number, { agentId, submission, expiresAt }));
    }
    for (const number of [11, 12])
      await tx.requests.insert(request(number, { agentId, status: 'outcome_unknown' }));
    await tx.decisions.insert(decision(requestId(3)));
  });
  const damage = new Uint8Array(40);
  inFile(gateway.config.files.store, (file) => {
    file.prepare('update requests set card = ? where id = ?').run(damage, requestId(2));
    file.prepare('update requests set plan = ? where id = ?').run(damage, requestId(12));
    file.prepare('update decisions set reason = ? where request_id = ?').run(damage, requestId(3));
  });
});
afterAll(() => gateway.close());

const idsOf = (rows: readonly { id: string }[]): string[] => rows.map(({ id }) => id);

describe('a row that does not open', () => {
  it('is named in the list of what waits, and hides no other', async () => {
    const { status, body } = await gateway.approver.call('GET', '/v1/approvals');
    expect(status).toBe(200);
    expect(idsOf(body.approvals)).toEqual([requestId(1), requestId(UNDECIDED)]);
    expect(body.damaged).toEqual([requestId(2), requestId(3)]);
  });

  it('is named in the agent’s own list, and ends no page early', async () => {
    const { status, body } = await gateway.agent.call('GET', '/v1/actions?limit=5');
    expect(status).toBe(200);
    expect(idsOf(body.requests).toSorted()).toEqual([1, 3, 4, 11].map(requestId));
    expect(body.damaged.toSorted()).toEqual([requestId(2), requestId(12)]);
  });

  it('is named among the lost', async () => {
    const { status, body } = await gateway.approver.call('GET', '/v1/settlements');
    expect(status).toBe(200);
    expect(idsOf(body.requests)).toEqual([requestId(11)]);
    expect(body.damaged).toEqual([requestId(12)]);
  });

  it('is still refused where it is asked for alone', async () => {
    const path = `/v1/approvals/${requestId(2)}`;
    const answer = await gateway.approver.call('GET', path);
    expect([answer.status, answer.body.code]).toEqual([500, 'plan.tampered']);
  });
});
