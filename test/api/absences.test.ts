import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

const HOUR_MS = 3_600_000;
const NOTE = { action: 'create_note', contact_id: '20001', note: 'Who is there?' };

let gateway: TestGateway;
let vera: Awaited<ReturnType<TestGateway['addPerson']>>;
let omar: Awaited<ReturnType<TestGateway['addPerson']>>;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  omar = await gateway.addPerson('Omar Away');
  vera = await gateway.addPerson('Vera Viewer', ['viewer']);
});
afterAll(() => gateway.close());

const inHours = (hours: number): string => new Date(Date.now() + hours * HOUR_MS).toISOString();
const absencesOf = async (id: string) =>
  (await gateway.approver.call('GET', '/v1/people')).body.people.find(
    (person: { id: string }) => person.id === id,
  ).absences;

describe('POST /v1/absences', () => {
  it('says who is away, until when, and lets whom they named decide for them until they are back', async () => {
    const delegate = vera.record.email;
    const noted = await omar.call('POST', '/v1/absences', {
      body: { until: inHours(24), delegate },
    });
    expect(noted).toMatchObject({
      status: 201,
      body: { person: omar.record.id, delegate: vera.record.id },
    });
    expect(await absencesOf(omar.record.id)).toEqual([noted.body]);
    const { id, digest } = (await gateway.submit(NOTE)).body;
    const seen = await vera.call('GET', `/v1/approvals/${id}`);
    expect(seen.body.you).toEqual({ can_decide: true, in_place_of: omar.record.id });
    expect((await gateway.approve(id, digest, vera.call)).body.status).toBe('approved');
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
    const { decisions } = (await vera.call('GET', `/v1/approvals/${id}`)).body;
    expect(decisions).toMatchObject([
      { name: 'Vera Viewer', in_place_of: { person: omar.record.id, name: 'Omar Away' } },
    ]);
    // Of somebody else nobody ends it; they themselves do, once.
    const end = (by = omar) => by.call('DELETE', `/v1/absences/${noted.body.id}`);
    expect((await end(vera)).body.code).toBe('absence.not_found');
    expect((await end()).status).toBe(204);
    expect((await end()).body.code).toBe('absence.not_found');
    expect(await absencesOf(omar.record.id)).toEqual([]);
  });

  it('gives the place back to who ends their absence, also on the page: they decide, and what was changed for them says so', async () => {
    const noted = await omar.call('POST', '/v1/absences', {
      body: { until: inHours(24), delegate: vera.record.email },
    });
    const deal = { action: 'update_deal', deal_id: '40001', amount: 20_000 };
    const { id, digest } = (await gateway.submit(deal)).body;
    await gateway.approve(id, digest, vera.call);
    const you = async () => (await omar.call('GET', `/v1/approvals/${id}`)).body.you;
    expect(await you()).toEqual({ can_decide: false, code: 'approval.already_decided' });
    const asked = (await gateway.submit(NOTE)).body;
    const body = { digest: asked.digest, input: { note: 'Who was there?' } };
    const changed = await vera.call('POST', `/v1/approvals/${asked.id}/changes`, { body });
    expect(changed.status).toBeLessThan(300);
    const place = { in_place_of: omar.record.id, absence: noted.body.id };
    expect((await gateway.entriesOf(asked.id)).at(-1)).toMatchObject({
      event: 'approval.changed',
      facts: place,
    });
    await omar.call('DELETE', `/v1/absences/${noted.body.id}`);
    expect(await you()).toEqual({ can_decide: true });
    expect((await gateway.approve(id, digest, omar.call)).status).toBe(200);
  });

  it('refuses a delegate nobody knows, and what cannot be', async () => {
    const note = (body: object) => omar.call('POST', '/v1/absences', { body });
    const unknown = await note({ until: inHours(1), delegate: 'nobody@sallyport.test' });
    expect(unknown).toMatchObject({ status: 422, body: { code: 'absence.invalid' } });
    expect((await note({ until: inHours(-1) })).body.code).toBe('absence.invalid');
    expect((await note({ until: 'tomorrow' })).status).toBe(400);
    expect((await note({ until: inHours(1), person: vera.record.id })).status).toBe(400);
  });
});

describe('who saw a card', () => {
  const seenBy = async (id: string) =>
    (await gateway.entriesOf(id))
      .filter(({ event }) => event === 'approval.seen')
      .map(({ actor, facts }) => [actor, facts]);
  const open = (id: string, by = gateway.approver) => by.call('GET', `/v1/approvals/${id}`);

  it('is in the log once each, however often and at once they look', async () => {
    const { id } = (await gateway.submit(NOTE)).body;
    await gateway.approver.call('GET', '/v1/approvals');
    await gateway.approver.call('GET', `/v1/requests/${id}`);
    expect(await seenBy(id)).toEqual([]);
    await Promise.all(Array.from({ length: 20 }, () => open(id)));
    await open(id, omar);
    await open(id);
    expect(await seenBy(id)).toEqual([
      [`person:${gateway.approver.record.id}`, { proof: 'key' }],
      [`person:${omar.record.id}`, { proof: 'key' }],
    ]);
  });

  it('is not noted of what no longer waits', async () => {
    const { id } = (await gateway.submit(NOTE)).body;
    await gateway.agent.call('DELETE', `/v1/actions/${id}`);
    await open(id);
    expect(await seenBy(id)).toEqual([]);
  });
});
