import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/** Small deals need nobody, larger ones a person, and the largest nobody may approve. */
const POLICY = `
@id("reads") @reason("Assistants may look up deals.")
permit (principal in AgentGroup::"assistants", action in [Action::"read"], resource);
@id("writes") @reason("Assistants may change deals.")
permit (principal in AgentGroup::"assistants", action in [Action::"write"], resource);
@id("large") @reason("Deals over 3,000 need an approver.")
forbid (principal, action in [Action::"write"], resource)
when { context has amount && context.amount > 3000 && Role::"approver".approvals < 1 };
@id("huge") @reason("Nobody changes deals over 40,000 through an agent.")
forbid (principal, action in [Action::"write"], resource)
when { context has amount && context.amount > 40000 };
`;

let gateway: TestGateway;
let deals: { id: string; amount: string }[];

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress'), policy: POLICY });
  const found = await gateway.submit({ action: 'search_deal', name: 'Acme' });
  deals = found.body.result.deals;
});
afterAll(() => gateway.close());

const rename = (amount: string, dealname: string) => ({
  action: 'update_deal',
  deal_id: deals.find((deal) => deal.amount === amount)?.id ?? '',
  dealname,
});

const edit = (id: string, properties: Record<string, string>) =>
  gateway.simulator.control('POST', '/edits', { object_type: 'deals', id, properties });

describe('a change of a deal that names no amount', () => {
  it('is refused at the card when nobody may approve what the deal holds', async () => {
    const { body } = await gateway.submit(rename('48000', 'Too large'));
    expect(body).toMatchObject({ code: 'policy.denied' });
    expect(await gateway.timesSent('Too large')).toBe(0);
    const entries = await gateway.entriesOf(body.request_id);
    expect(entries.map(({ event }) => event)).toEqual([
      'request.accepted',
      'hubspot.intended',
      'hubspot.answered',
      'request.refused',
    ]);
    expect(entries.at(-1)).toMatchObject({ facts: { at: 'card', status: 'refused' } });
  });

  it('waits for a person when the deal holds that much', async () => {
    const { status, body } = await gateway.submit(rename('3500', 'Waits'));
    expect(status).toBe(202);
    expect(body.requires.approvals).toBe(1);
    await gateway.approve(body.id, body.digest);
    expect((await gateway.ended(body.id)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('Waits')).toBe(1);
  });

  it('needs nobody when the deal holds little, and is done at once', async () => {
    const change = rename('3500', 'Small');
    await edit(change.deal_id, { amount: '2999.5' });
    const { status, body } = await gateway.submit(change);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: 'succeeded', requires: { approvals: 0 } });
    expect(await gateway.timesSent('Small')).toBe(1);
    const events = (await gateway.entriesOf(body.id)).map(({ event }) => event);
    expect(events).not.toContain('approval.requested');
    await edit(change.deal_id, { amount: '3500' });
  });
});
