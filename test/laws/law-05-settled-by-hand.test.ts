import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { runSallyport } from '../support/command.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: { SALLYPORT_QUIET_SECONDS: '2' },
  });
});
afterAll(() => gateway.close());
afterEach(() => gateway.simulator.control('DELETE', '/faults'));

const NOTE = { action: 'create_note', contact_id: '20006' };

/** A note whose answer is lost, and HubSpot answers no look either, so that nothing settles by itself. */
async function lost(text: string, mode = 'commit_then_drop', userId = 'dana@acme.test') {
  const { body } = await gateway.submit({ ...NOTE, note: text }, { userId });
  await gateway.fault({ method: 'POST', path: '/notes' }, mode, 0);
  await gateway.fault({ method: 'GET', path: 'associations' }, '500', 0);
  await gateway.approve(body.id, body.digest);
  await expect
    .poll(async () => (await gateway.agent.call('GET', `/v1/actions/${body.id}`)).body.status, {
      timeout: 10_000,
    })
    .toBe('outcome_unknown');
  return body.id as string;
}

const settle = (id: string, body: object, by = gateway.approver.call) =>
  by('POST', `/v1/settlements/${id}`, { body });

const quiet = (): Promise<void> =>
  new Promise((done) => setTimeout(done, gateway.config.timing.quietMs + 200));

describe('law 5: a lost answer that no look can settle is ended by a person', () => {
  it('as executed: with its place in the ledger, the result for the agent and the name in the log', async () => {
    const id = await lost('It is there');
    const listed = await gateway.approver.call('GET', '/v1/settlements');
    expect(listed.body.requests).toContainEqual(expect.objectContaining({ id }));
    await quiet();
    const [effect] = (await gateway.simulator.effects()).filter(({ properties }) =>
      JSON.stringify(properties).includes('It is there'),
    );
    const saw = { outcome: 'executed', reason: 'I see it on the contact.' };
    expect((await settle(id, saw)).body.code).toBe('outcome.record_needed');
    const settled = await settle(id, { ...saw, record_id: String(effect?.object_id) });
    expect(settled.body).toEqual({ id, status: 'succeeded' });
    expect((await gateway.ended(id)).body.result).toEqual({
      note: { id: String(effect?.object_id) },
    });
    const ledger = await gateway.context.store.ledger.of(id);
    expect(ledger).toMatchObject([{ objectType: 'notes', objectId: String(effect?.object_id) }]);
    const entry = (await gateway.entriesOf(id)).find(({ event }) => event === 'hubspot.settled');
    expect(entry.actor).toBe(`person:${gateway.approver.record.id}`);
    expect(entry.facts).toMatchObject({ settled: 'executed', by: 'person' });
    const { body: detail } = await gateway.approver.call('GET', `/v1/requests/${id}`);
    expect(detail.settlements).toEqual([
      {
        ...{ index: entry.index, person: gateway.approver.record.id, name: 'Robin Vale' },
        ...{ outcome: 'executed', settled_at: entry.timestamp, reason: saw.reason },
      },
    ]);
    const env = { PATH: process.env['PATH'], SALLYPORT_DATA_DIR: gateway.config.dataDir };
    expect((await runSallyport(['request', id], { env })).out).toContain(
      `Settled      executed by Robin Vale at ${entry.timestamp}: ${saw.reason}`,
    );
    await gateway.simulator.control('DELETE', '/faults');
    await quiet();
    expect(await gateway.timesSent('It is there')).toBe(1);
  }, 30_000);

  it('as not executed: the agent is told so, and it is never sent again', async () => {
    const id = await lost('It is not there', 'drop');
    await quiet();
    const settled = await settle(id, { outcome: 'not_executed', reason: 'Nothing is there.' });
    expect(settled.body.status).toBe('failed');
    await gateway.simulator.control('DELETE', '/faults');
    const { body } = await gateway.ended(id);
    expect(body.problem).toMatchObject({
      code: 'outcome.not_executed',
      detail: 'Nothing is there.',
    });
    await quiet();
    expect(await gateway.timesSent('It is not there')).toBe(0);
  }, 30_000);

  it('not while HubSpot may still work on it', async () => {
    const id = await lost('Too early');
    const early = await settle(id, { outcome: 'not_executed', reason: 'I am sure.' });
    expect(early.status).toBe(409);
    expect(early.body.code).toBe('outcome.too_early');
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);
    await gateway.simulator.control('DELETE', '/faults');
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
  }, 30_000);

  it('not by the one on whose behalf the agent asked, not twice, and not by an agent', async () => {
    const own = await gateway.addPerson('Own Asker');
    const id = await lost('Whose is it', 'drop', own.record.email);
    await quiet();
    const saw = { outcome: 'not_executed', reason: 'Nothing is there.' };
    expect((await settle(id, saw, own.call)).body.code).toBe('approval.own_request');
    expect((await settle(id, saw, gateway.agent.call)).status).toBe(401);
    expect((await settle(id, saw)).status).toBe(200);
    expect((await settle(id, saw)).body.code).toBe('outcome.not_open');
  }, 30_000);

  it('as executed: an association, of which the request itself names both records', async () => {
    const { body } = await gateway.submit({
      action: 'associate_records',
      contact_id: '20006',
      ticket_id: '50001',
    });
    await gateway.fault({ method: 'PUT', path: 'associations' }, 'drop', 0);
    await gateway.fault({ method: 'GET', path: 'associations' }, '500', 0);
    await gateway.approve(body.id, body.digest);
    await quiet();
    await quiet();
    const settled = await settle(body.id, { outcome: 'executed', reason: 'I see it.' });
    expect(settled.body).toEqual({ id: body.id, status: 'succeeded' });
    expect(await gateway.context.store.ledger.of(body.id)).toMatchObject([
      { objectType: 'tickets', objectId: '50001' },
    ]);
  }, 30_000);

  it('and of several steps the next one goes on', async () => {
    const steps = [
      { ...NOTE, note: 'First of two' },
      {
        action: 'create_task',
        contact_id: '20006',
        subject: 'Second of two',
        due: '2026-12-01T09:00:00Z',
      },
    ];
    const { body } = await gateway.submit({ action: 'write_several', steps });
    await gateway.fault({ method: 'POST', path: '/notes' }, 'commit_then_drop', 0);
    await gateway.fault({ method: 'GET', path: 'associations' }, '500', 0);
    await gateway.approve(body.id, body.digest);
    await quiet();
    await quiet();
    const saw = { outcome: 'executed', reason: 'I see it.', record_id: '77001' };
    expect((await settle(body.id, saw)).body.status).toBe('executing');
    await gateway.simulator.control('DELETE', '/faults');
    const ended = await gateway.ended(body.id, 30_000);
    expect(ended.body.status).toBe('succeeded');
    expect(ended.body.result.steps[0].result).toEqual({ note: { id: '77001' } });
    expect(await gateway.timesSent('Second of two')).toBe(1);
  }, 60_000);
});
