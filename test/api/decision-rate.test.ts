import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Caller, startTestGateway, type TestGateway } from '../support/gateway.ts';

const PER_MINUTE = 3;
const ATTEMPTS = 10;
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: { SALLYPORT_PERSON_DECISIONS_PER_MINUTE: String(PER_MINUTE) },
  });
});
afterAll(() => gateway.close());

describe('a person who decides again and again', () => {
  it('is held back, and neither the attempts nor the refusals fill the log', async () => {
    const action = { action: 'create_note', contact_id: '20001', note: 'Called.' };
    const { id } = (await gateway.submit(action)).body as { id: string };
    const { log } = gateway.context.store;
    const before = await log.size();
    const statuses: number[] = [];
    for (let i = 0; i < ATTEMPTS; i += 1) {
      const answer = await gateway.approve(id, 'd0'.repeat(32));
      statuses.push(answer.status);
      if (answer.status !== 429) continue;
      expect(answer.body).toMatchObject({ code: 'rate.limited', retryable: true });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(statuses).toEqual(
      Array.from({ length: ATTEMPTS }, (_, i) => (i < PER_MINUTE ? 409 : 429)),
    );
    const leaves = await log.leaves(before, await log.size());
    const codes = leaves.map(
      (leaf) => (JSON.parse(new TextDecoder().decode(leaf)) as { code: string }).code,
    );
    expect(codes).toEqual([
      ...Array<string>(PER_MINUTE).fill('approval.digest_mismatch'),
      'rate.limited',
    ]);
  });

  it('has as many turns as there are writes in a group, of which none is more than a minute', async () => {
    const ofItems = (count: number) =>
      Array.from({ length: count }, (_, nth) => ({
        ...{ id: `act_${String(nth).padStart(26, '0')}`, digest: 'd0'.repeat(32) },
      }));
    const path = `/v1/approval-groups/${gateway.agent.record.id}/create_note/decisions`;
    const reject = (call: Caller, count: number) =>
      call('POST', path, { body: { decision: 'reject', items: ofItems(count), reason: 'No.' } });
    const [several, many] = [
      await gateway.addPerson('Kim Two'),
      await gateway.addPerson('Kim Ten'),
    ];
    expect((await reject(several.call, PER_MINUTE - 1)).status).toBe(200);
    expect((await reject(several.call, 2)).status).toBe(429);
    expect((await reject(many.call, 10)).status).toBe(200);
    expect((await reject(many.call, 1)).status).toBe(429);
  });

  it('holds nobody else back', async () => {
    const other = await gateway.addPerson('Kim Other');
    const missing = `act_${'0'.repeat(26)}`;
    expect((await gateway.approve(missing, 'd0'.repeat(32), other.call)).status).toBe(404);
  });
});
