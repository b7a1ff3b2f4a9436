import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { revokePerson } from '../../src/gate/roster.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());

const NOTE = { action: 'create_note', contact_id: '20001', note: 'Who may decide?' };
const BIG_DEAL = { action: 'update_deal', deal_id: '40001', amount: 50_000 };

async function bigDeal(): Promise<{
  id: string;
  digest: string;
  status: string;
  requires: { approvals: number };
}> {
  const found = await gateway.submit({ action: 'search_deal', name: 'Acme' });
  const deals = found.body.result.deals as { id: string }[];
  return (await gateway.submit({ ...BIG_DEAL, deal_id: deals[0]?.id ?? '' })).body;
}

describe('law 9: who may decide', () => {
  it('requesters do not approve their own writes', async () => {
    const waiting = await gateway.submit(NOTE, {
      userId: gateway.approver.record.email.toUpperCase(),
    });
    const own = await gateway.approve(waiting.body.id, waiting.body.digest);
    expect(own.status).toBe(403);
    expect(own.body.code).toBe('approval.own_request');
    expect((await gateway.agent.call('GET', `/v1/actions/${waiting.body.id}`)).body.status).toBe(
      'awaiting_approval',
    );
  });

  it('also not after they were revoked and enrolled again', async () => {
    const first = await gateway.addPerson('Sam Twice');
    await gateway.context.store.commit((tx) =>
      revokePerson(tx, { id: first.record.id, by: 'test' }),
    );
    const again = await gateway.addPerson('Sam Twice');
    const waiting = await gateway.submit(NOTE, { userId: again.record.email });
    const own = await gateway.approve(waiting.body.id, waiting.body.digest, again.call);
    expect(own.body.code).toBe('approval.own_request');
  });

  it('a large amount needs two people, and the same person counts once', async () => {
    const waiting = await bigDeal();
    expect(waiting.requires.approvals).toBe(2);
    const first = await gateway.approve(waiting.id, waiting.digest);
    expect(first.body.status).toBe('awaiting_approval');
    const again = await gateway.approve(waiting.id, waiting.digest);
    expect(again.body.code).toBe('approval.already_decided');
    const second = await gateway.addPerson('Second Approver');
    expect((await gateway.approve(waiting.id, waiting.digest, second.call)).body.status).toBe(
      'approved',
    );
    expect((await gateway.ended(waiting.id)).body.status).toBe('succeeded');
  });

  it('a large deal needs two people for any change of it, and its card says so', async () => {
    const found = await gateway.submit({ action: 'search_deal', name: 'Acme' });
    const deals = found.body.result.deals as { id: string; amount: string }[];
    const large = deals.find(({ amount }) => Number(amount) > 10_000);
    const change = { action: 'update_deal', deal_id: large?.id ?? '', dealname: 'Another name' };
    const waiting = (await gateway.submit(change)).body;
    expect(waiting.requires.approvals).toBe(2);
    const { card } = (await gateway.approver.call('GET', `/v1/approvals/${waiting.id}`)).body;
    expect(card.requires.approvals).toBe(2);
    const first = await gateway.approve(waiting.id, waiting.digest);
    expect(first.body.status).toBe('awaiting_approval');
  });

  it('a person without the role is refused', async () => {
    const waiting = await gateway.submit(NOTE);
    const watcher = await gateway.addPerson('Watcher', ['viewer']);
    const answer = await gateway.approve(waiting.body.id, waiting.body.digest, watcher.call);
    expect(answer.body.code).toBe('approval.not_eligible');
  });

  it('nobody decides without proof, and an agent’s key is none', async () => {
    const waiting = await gateway.submit(NOTE);
    for (const call of [
      gateway.caller(undefined),
      gateway.caller('spp_guess'),
      gateway.agent.call,
    ]) {
      const answer = await gateway.approve(waiting.body.id, waiting.body.digest, call);
      expect(answer.status).toBe(401);
    }
  });

  it('who decides is never read from the body', async () => {
    const waiting = await gateway.submit(NOTE);
    const body = {
      decision: 'approve',
      digest: waiting.body.digest,
      person: gateway.approver.record.id,
    };
    const answer = await gateway.approver.call(
      'POST',
      `/v1/approvals/${waiting.body.id}/decisions`,
      { body },
    );
    expect(answer.status).toBe(400);
  });

  it('an approval by someone revoked before the write begins does not count', async () => {
    const waiting = await bigDeal();
    const leaver = await gateway.addPerson('Leaver');
    await gateway.approve(waiting.id, waiting.digest, leaver.call);
    await gateway.context.store.commit((tx) =>
      revokePerson(tx, { id: leaver.record.id, by: 'test' }),
    );
    const last = await gateway.approve(waiting.id, waiting.digest);
    expect(last.body.status).toBe('awaiting_approval');
  });
});
