import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { takingBack } from '../support/take-back.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());

const note = (text: string) => ({ action: 'create_note', contact_id: '20001', note: text });

const allow = (more: object = {}, by = gateway.approver.call) =>
  by('POST', '/v1/grants', {
    body: { agent: gateway.agent.record.id, action: 'create_note', hours: 1, ...more },
  });

const grants = async (): Promise<any[]> =>
  (await gateway.approver.call('GET', '/v1/grants')).body.grants;

describe('a write that somebody has allowed ahead', () => {
  it('is sent without waiting for anybody; card, history and list say so', async () => {
    const { status, body: given } = await allow({ max_uses: 5 });
    expect(status).toBe(201);
    expect(given).toMatchObject({ max_uses: 5, uses: 0, person: { name: 'Robin Vale' } });
    const { body } = await gateway.submit(note('Sent ahead.'));
    const ended = await gateway.ended(body.id);
    expect(ended.body.status).toBe('succeeded');
    expect(await gateway.timesSent('Sent ahead.')).toBe(1);

    const made = { name: 'Robin Vale', proof: 'grant', decision: 'approve' };
    const grant = { id: given.id, ends_at: given.ends_at };
    const card = await gateway.approver.call('GET', `/v1/approvals/${body.id}`);
    expect(card.body.decisions).toMatchObject([{ ...made, grant }]);
    const detail = await gateway.approver.call('GET', `/v1/requests/${body.id}`);
    expect(detail.body.decisions).toMatchObject([{ ...made, grant }]);
    expect(await grants()).toMatchObject([{ id: given.id, uses: 1, ended_by: null }]);
    const facts = { proof: 'grant', grant: given.id, grant_ends_at: given.ends_at };
    const entries = await gateway.entriesOf(body.id);
    const asked = entries.find(({ event }) => event === 'approval.requested');
    // It was put to nobody.
    expect(asked.facts.people).toBeUndefined();
    expect(entries).toContainEqual(
      expect.objectContaining({
        event: 'approval.granted',
        facts: expect.objectContaining(facts),
      }),
    );
  });

  it('asks people again once one of its agent’s writes is taken back', async () => {
    const [standing] = await grants();
    const { body } = await gateway.submit(note('To be taken back.'));
    await gateway.ended(body.id);
    const [asked] = await takingBack(gateway, gateway.simulator.url).askAll([body.id]);
    expect(asked).toMatch(/^act_/);
    expect(await grants()).toMatchObject([{ id: standing.id, ended_by: 'revert', uses: 2 }]);
    const next = await gateway.submit(note('Looked at.'));
    expect(next.body.status).toBe('awaiting_approval');
    const [put] = (await gateway.entriesOf(next.body.id)).filter(
      ({ event }) => event === 'approval.requested',
    );
    expect(put.facts.people).toEqual([gateway.approver.record.id]);
  });
});

describe('who ends it', () => {
  it('is the giver or an operator, and nobody else', async () => {
    const lena = await gateway.addPerson('Lena Hart');
    const omar = await gateway.addPerson('Omar Reyes');
    const { body } = await allow({}, lena.call);
    const path = `/v1/grants/${body.id}`;
    expect(await omar.call('DELETE', path)).toMatchObject({ status: 403 });
    expect(await lena.call('DELETE', path)).toMatchObject({ status: 204 });
    const { body: second } = await allow({}, lena.call);
    const end = await gateway.approver.call('DELETE', `/v1/grants/${second.id}`);
    expect(end.status).toBe(204);
    expect((await grants()).filter(({ ended_by: by }) => by === null)).toEqual([]);
  });

  it.each([
    ['nine hours', { hours: 9 }, 400, 'request.malformed'],
    ['fifty-one uses', { max_uses: 51 }, 400, 'request.malformed'],
    ['a read', { action: 'search_contact' }, 403, 'grant.refused'],
  ])('and %s cannot be allowed', async (_what, more, status, code) => {
    const answer = await allow(more);
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBe(code);
  });
});
