import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { runInFile } from '../support/store-file.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/**
 * A request whose record moved under its card has ended for good. That a person has the same asked anew makes another
 * request, with a card of the record as it is now: what was approved before counts for nothing there.
 */
let gateway: TestGateway;
let watcher: TestGateway['approver'];

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  watcher = await gateway.addPerson('Wim Guest', ['watcher']);
});
afterAll(() => gateway.close());

const jobtitle = (contact: string, title: string) => ({
  action: 'update_contact',
  contact_id: contact,
  jobtitle: title,
});

const edit = (id: string, title: string) =>
  gateway.simulator.control('POST', '/edits', {
    ...{ object_type: 'contacts', id, properties: { jobtitle: title } },
  });

/** Approved, and its record edited before it could begin. */
async function outOfDate(contact: string, title: string): Promise<string> {
  const { body } = await gateway.submit(jobtitle(contact, title));
  await edit(contact, `${title}, by somebody`);
  await gateway.approve(body.id, body.digest);
  const { body: ended } = await gateway.ended(body.id);
  expect(ended.problem.code).toBe('approval.stale');
  return body.id;
}

const renew = (id: string, by = gateway.approver.call) =>
  by('POST', `/v1/approvals/${id}/renewals`);

const cardOf = async (id: string, by = gateway.approver.call) =>
  (await by('GET', `/v1/approvals/${id}`)).body;

describe('law 2: a new card of what was out of date', () => {
  it('shows the record as it is now, has a digest of its own, and is sent once it is approved anew', async () => {
    const id = await outOfDate('20021', 'Head of Renewal');
    expect(await cardOf(id)).toMatchObject({ can_renew: true });
    const { status, headers, body } = await renew(id);
    const { successor } = body;
    expect([status, successor.status]).toEqual([201, 'awaiting_approval']);
    expect(headers.get('location')).toBe(`/v1/approvals/${successor.id}`);
    const { card, decisions } = await cardOf(successor.id);
    expect(JSON.stringify(card.changes)).toContain('Head of Renewal, by somebody');
    expect(decisions).toEqual([]);
    const original = await cardOf(id);
    expect(card.digest).not.toBe(original.card.digest);
    expect(await gateway.timesSent('"Head of Renewal"')).toBe(0);
    // What was said yes to before is another digest.
    const old = await gateway.approve(successor.id, original.card.digest);
    expect([old.status, old.body.code]).toEqual([409, 'approval.digest_mismatch']);
    await gateway.approve(successor.id, card.digest);
    expect((await gateway.ended(successor.id)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('"Head of Renewal"')).toBe(1);
    expect(original).toMatchObject({
      ...{ status: 'refused', code: 'approval.stale', can_renew: false },
      renewed: { successor: successor.id, name: 'Robin Vale' },
    });
    const events = (await gateway.entriesOf(id)).map(({ event }) => event);
    expect(events.filter((event) => event === 'approval.renewed')).toHaveLength(1);
    const [accepted] = await gateway.entriesOf(successor.id);
    expect(accepted).toMatchObject({ event: 'request.accepted', facts: { renewed_from: id } });
  });

  it('is one, however often and by how many it is asked for', async () => {
    const id = await outOfDate('20022', 'Head of Once');
    const { call } = await gateway.addPerson('Ada Second');
    const presses = Array.from({ length: 20 }, (_, i) => renew(id, i % 2 === 0 ? call : undefined));
    const successors = (await Promise.all(presses)).map(({ body }) => body.successor.id);
    expect(new Set(successors).size).toBe(1);
    expect((await renew(id)).body.successor.id).toBe(successors[0]);
  });

  it('says whose values they are, where a person had put others in', async () => {
    const { body: asked } = await gateway.submit(jobtitle('20027', 'Head of Asking'));
    const { body: changed } = await gateway.approver.call(
      'POST',
      `/v1/approvals/${asked.id}/changes`,
      { body: { digest: asked.digest, input: { jobtitle: 'Head of Changing' } } },
    );
    const { id } = changed.successor;
    await edit('20027', 'Moved meanwhile');
    await gateway.approve(id, (await cardOf(id)).card.digest);
    expect((await gateway.ended(id)).body.problem.code).toBe('approval.stale');
    const { body } = await renew(id);
    const { card } = await cardOf(body.successor.id);
    expect(card.changed).toMatchObject({ by: { name: 'Robin Vale' }, from: asked.id });
  });

  it('is not made where its agent has asked for the same again', async () => {
    const id = await outOfDate('20023', 'Head of Again');
    const { body: again } = await gateway.submit(jobtitle('20023', 'Head of Again'));
    const { status, body } = await renew(id);
    expect([status, body.code]).toEqual([409, 'approval.closed']);
    expect(body.detail).toContain(again.id);
  });

  it('is not made where it has asked for the same again and for a hundred other things since', async () => {
    const id = await outOfDate('20028', 'Head of Much');
    const { body: again } = await gateway.submit(jobtitle('20028', 'Head of Much'));
    for (let lot = 0; lot < 6; lot += 1) {
      const notes = Array.from({ length: 20 }, (_, nth) => `Other thing ${lot}.${nth}.`);
      const asked = await Promise.all(
        notes.map((note) => gateway.submit({ action: 'create_note', contact_id: '20001', note })),
      );
      expect(new Set(asked.map(({ status }) => status))).toEqual(new Set([202]));
    }
    const { status, body } = await renew(id);
    expect([status, body.code]).toEqual([409, 'approval.closed']);
    expect(body.detail).toContain(again.id);
  }, 60_000);

  it('is not made of what waits, was rejected or was sent', async () => {
    const { body: waiting } = await gateway.submit(jobtitle('20024', 'Head of Waiting'));
    expect((await renew(waiting.id)).body.code).toBe('approval.closed');
    await gateway.approve(waiting.id, waiting.digest);
    await gateway.ended(waiting.id);
    expect((await renew(waiting.id)).body.code).toBe('approval.closed');
    expect(await cardOf(waiting.id)).toMatchObject({ can_renew: false });
  });

  it('is not made by who could not decide on it, under a freeze, or of a row that was put so by hand', async () => {
    const id = await outOfDate('20025', 'Head of Nobody');
    expect(await cardOf(id, watcher.call)).toMatchObject({ can_renew: false });
    expect((await renew(id, watcher.call)).body.code).toBe('approval.not_eligible');
    expect((await gateway.entriesOf(id)).at(-1)).toMatchObject({
      ...{ event: 'approval.refused', code: 'approval.not_eligible' },
      facts: { decision: 'renew' },
    });
    const { body: freeze } = await gateway.approver.call('POST', '/v1/freezes', {
      body: { reason: 'test' },
    });
    expect((await renew(id)).body.code).toBe('freeze.active');
    await gateway.approver.call('DELETE', `/v1/freezes/${freeze.id}`);
    const { body: sent } = await gateway.submit(jobtitle('20026', 'Head of Hands'));
    await gateway.approve(sent.id, sent.digest);
    await gateway.ended(sent.id);
    const { store } = gateway.config.files;
    const sql = "UPDATE requests SET status = 'refused', code = 'approval.stale' WHERE id = ?";
    expect(runInFile(store, sql, sent.id)).toBe(1);
    expect((await renew(sent.id)).body.code).toBe('plan.tampered');
    expect(await gateway.timesSent('"Head of Hands"')).toBe(1);
  });
});
