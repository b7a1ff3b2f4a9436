import { createHash } from 'node:crypto';
import type { SQLInputValue } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { rowOf, runInFile } from '../support/store-file.ts';

let gateway: TestGateway;
let contactId: string;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  const found = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
  contactId = found.body.result.contacts[0].id;
});
afterAll(() => gateway.close());

const waitingNote = async (text: string): Promise<{ id: string; digest: string }> =>
  (await gateway.submit({ action: 'create_note', contact_id: contactId, note: text })).body;

function editStore(sql: string, ...values: SQLInputValue[]): void {
  runInFile(gateway.config.files.store, sql, ...values);
}

/** The request has ended, its agent hears why, and the log has an alert that names the place. */
async function expectTampered(id: string): Promise<void> {
  const { requests } = gateway.context.store;
  await expect.poll(() => requests.status(id), { timeout: 20_000 }).toBe('failed');
  const { body } = await gateway.agent.call('GET', `/v1/actions/${id}`);
  expect(body.problem?.code ?? body.code).toBe('plan.tampered');
  const entries = await gateway.entriesOf(id);
  const alert = entries.find(({ event }) => event === 'store.tampered');
  expect(alert.facts.place).toEqual(expect.any(String));
}

const effectCount = async (): Promise<number> => (await gateway.simulator.effects()).length;

describe('law 2: what was shown, approved, logged and sent has one digest', () => {
  it('the bytes HubSpot received are the plan’s, and the log names the digest at every step', async () => {
    const { id, digest } = await waitingNote('Exactly these bytes.');
    const { card } = (await gateway.approver.call('GET', `/v1/approvals/${id}`)).body;
    expect(card.digest).toBe(digest);
    await gateway.approve(id, digest);
    await gateway.ended(id);
    const request = await gateway.context.store.requests.get(id);
    const sent = createHash('sha256').update(request!.plan!.operations[0]!.body!).digest('hex');
    expect((await gateway.simulator.effects()).at(-1)).toMatchObject({
      effect: expect.any(String),
      body_sha256: sent,
    });
    const digests = (await gateway.entriesOf(id))
      .filter(
        ({ event, facts }) =>
          /accepted|requested|granted|completed/.test(event) || facts.purpose === 'execute',
      )
      .map((entry) => entry.digest);
    expect(digests.length).toBeGreaterThanOrEqual(6);
    expect(new Set(digests)).toEqual(new Set([digest]));
  });

  it('a decision on another digest is refused', async () => {
    const { id } = await waitingNote('Other digest.');
    const answer = await gateway.approve(id, 'f'.repeat(64));
    expect(answer.status).toBe(409);
    expect(answer.body.code).toBe('approval.digest_mismatch');
  });

  const CHANGES: [string, (id: string, other: string) => void][] = [
    [
      'the stored plan is another request’s',
      (id, other) => {
        editStore(
          'UPDATE requests SET plan = (SELECT plan FROM requests WHERE id = ?) WHERE id = ?',
          other,
          id,
        );
      },
    ],
    [
      'one byte of the stored plan changes',
      (id) => {
        const plan = rowOf(gateway.config.files.store, 'requests', id)['plan'] as Uint8Array;
        plan[plan.length - 20]! ^= 1;
        editStore('UPDATE requests SET plan = ? WHERE id = ?', plan, id);
      },
    ],
    [
      'the stored digest changes',
      (id) => {
        editStore('UPDATE requests SET digest = ? WHERE id = ?', 'a'.repeat(64), id);
      },
    ],
    [
      'the decision’s digest changes',
      (id) => {
        editStore('UPDATE decisions SET digest = ? WHERE request_id = ?', 'a'.repeat(64), id);
      },
    ],
    [
      'what the request is changes',
      (id) => {
        editStore("UPDATE requests SET risk = 'read' WHERE id = ?", id);
      },
    ],
    [
      'the decision is moved to another person',
      (id) => {
        editStore(
          "UPDATE decisions SET person_id = 'per_0000000000000000' WHERE request_id = ?",
          id,
        );
      },
    ],
  ];

  it.each(CHANGES)('nothing is sent when after the approval %s', async (_what, change) => {
    // The read before begin is slow, so that there is a moment in which to change the file.
    const { id, digest } = await waitingNote(`Changed later: ${_what}`);
    const other = await waitingNote('Somebody else’s.');
    const before = await effectCount();
    await gateway.simulator.control('POST', '/faults', {
      match: { method: 'GET' },
      mode: 'slow',
      delay_ms: 700,
      times: 1,
    });
    await gateway.approve(id, digest);
    change(id, other.id);
    await expectTampered(id);
    expect(await effectCount()).toBe(before);
  });

  it('nothing is sent for a decision that was written into the file by hand', async () => {
    const { id, digest } = await waitingNote('Approved by hand.');
    const before = await effectCount();
    const approver = gateway.approver.record.id;
    editStore(
      `INSERT INTO decisions (request_id, person_id, decision, digest, proof, decided_at, valid_until, reason)
       SELECT ?, ?, 'approve', ?, 'key', ?, ?, (SELECT reason FROM decisions LIMIT 1)`,
      id,
      approver,
      digest,
      Date.now(),
      Date.now() + 600_000,
    );
    editStore("UPDATE requests SET status = 'approved', revision = revision + 1 WHERE id = ?", id);
    await gateway.context.store.commit((tx) => tx.requests.setWake(id, new Date(0)));
    await expectTampered(id);
    expect(await effectCount()).toBe(before);
  });
});
