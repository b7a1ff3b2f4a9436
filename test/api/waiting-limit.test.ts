import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const WAITING_MAX = 3;
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: { SALLYPORT_AGENT_WAITING_MAX: String(WAITING_MAX) },
  });
});
afterAll(() => gateway.close());

let notes = 0;
const note = () => ({ action: 'create_note', contact_id: '20001', note: `Note ${(notes += 1)}.` });

describe('how many writes of one agent wait for people', () => {
  it('is limited, however many come at once; the others are told when to come again', async () => {
    const answers = await Promise.all(Array.from({ length: 9 }, () => gateway.submit(note())));
    const waiting = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status === 429);
    expect([waiting.length, refused.length]).toEqual([WAITING_MAX, 9 - WAITING_MAX]);
    for (const { body, headers } of refused) {
      expect(body).toMatchObject({ code: 'approval.queue_full', retryable: true });
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(10);
      const entries = await gateway.entriesOf(body.request_id as string);
      expect(entries).toMatchObject([{ event: 'request.refused', code: 'approval.queue_full' }]);
    }
  });

  it('leaves room for others, and their requests are seen', async () => {
    const other = await gateway.addAgent('other');
    const { status, body } = await gateway.submit(note(), { call: other.call });
    expect(status).toBe(202);
    const list = await gateway.approver.call('GET', '/v1/approvals');
    expect(list.body.approvals.map(({ id }: { id: string }) => id)).toContain(body.id);
    expect(list.body.approvals).toHaveLength(WAITING_MAX + 1);
  });

  it('says nothing against what asks nobody', async () => {
    expect((await gateway.submit({ action: 'search_contact', company: 'Acme Corp' })).status).toBe(
      200,
    );
  });

  it('has room again when one is decided, also for the same key', async () => {
    const action = note();
    const key = 'comes-again';
    expect((await gateway.submit(action, { key })).status).toBe(429);
    const { body } = await gateway.agent.call('GET', '/v1/actions?status=awaiting_approval');
    const [first] = body.requests as { id: string }[];
    expect((await gateway.agent.call('DELETE', `/v1/actions/${first?.id}`)).status).toBe(200);
    expect((await gateway.submit(action, { key })).status).toBe(202);
  });
});
