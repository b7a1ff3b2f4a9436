import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { REQUEST_STATUSES } from '../../src/core/request-state.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { inFile, type Row, rowOf, runInFile } from '../support/store-file.ts';

/** Whoever can write the store's file, but has no key, moves nothing (laws 2, 3 and 9). */

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

const readRow = (id: string): Row => rowOf(gateway.config.files.store, 'requests', id);

function writeRow(id: string, change: Row): void {
  const columns = Object.keys(change);
  const sets = columns.map((column) => `"${column}" = ?`).join(', ');
  runInFile(
    gateway.config.files.store,
    `UPDATE requests SET ${sets} WHERE id = ?`,
    ...Object.values(change),
    id,
  );
}

/** Sets the status and has the sweep wake the request's workflow. */
const setStatus = (id: string, status: string): void => {
  writeRow(id, { status, wake_at: 1, revision: 1_000 });
};

const statusOf = (id: string) => gateway.context.store.requests.status(id);

const alertsOf = async (id: string): Promise<readonly unknown[]> =>
  (await gateway.entriesOf(id)).filter(({ event }) => event === 'store.tampered');

async function expectStanding(id: string, status: string): Promise<void> {
  const alerts = async (): Promise<readonly unknown[]> => {
    const found = await alertsOf(id);
    // The workflow that has just ended may take back a wake that was set too early.
    if (found.length === 0) writeRow(id, { wake_at: 1 });
    return found;
  };
  await expect.poll(alerts, { timeout: 30_000, interval: 500 }).toHaveLength(1);
  expect(await statusOf(id)).toBe(status);
}

const reject = (id: string, digest: string) =>
  gateway.approver.call('POST', `/v1/approvals/${id}/decisions`, {
    body: { decision: 'reject', digest, reason: 'No.' },
  });

describe('a status set by hand moves nothing', () => {
  it('a waiting write is not sent, whatever its row says', async () => {
    const statuses = [...REQUEST_STATUSES.filter((s) => s !== 'awaiting_approval'), 'nonsense'];
    const ids = await Promise.all(
      statuses.map(async (status) => {
        const { id } = await waitingNote(`Waiting, then ${status} by hand.`);
        setStatus(id, status);
        return id;
      }),
    );
    for (const id of ids) await expectStanding(id, 'failed');
    expect(await gateway.timesSent('by hand.')).toBe(0);
  }, 60_000);

  it('a rejected write is not sent and is rejected again, whatever its row says', async () => {
    const statuses = REQUEST_STATUSES.filter((status) => status !== 'rejected');
    const ids = await Promise.all(
      statuses.map(async (status) => {
        const { id, digest } = await waitingNote(`Rejected, then ${status} by force.`);
        await reject(id, digest);
        await gateway.ended(id);
        setStatus(id, status);
        return id;
      }),
    );
    for (const id of ids) await expectStanding(id, 'rejected');
    expect(await gateway.timesSent('by force.')).toBe(0);
  }, 60_000);

  it.each(['expires_at', 'credential_version', 'created_at'])('neither does %s', async (column) => {
    const { id, digest } = await waitingNote(`A later ${column}.`);
    writeRow(id, { [column]: Date.now() + 1_000_000_000, revision: 1_000 });
    await gateway.approve(id, digest);
    writeRow(id, { wake_at: 1 });
    await expectStanding(id, 'failed');
    expect(await gateway.timesSent(`A later ${column}.`)).toBe(0);
  });
});

describe('a row put back to what it once was', () => {
  const STANDING = ['status', 'voucher', 'code', 'expires_at', 'credential_version', 'card'];
  const standing = (id: string): Row => {
    const row = readRow(id);
    return Object.fromEntries(STANDING.map((column) => [column, row[column] ?? null]));
  };

  const waitingTitle = async (jobtitle: string): Promise<{ id: string; digest: string }> =>
    (await gateway.submit({ action: 'update_contact', contact_id: contactId, jobtitle })).body;

  // Of an update its own effect looks like somebody else's change: that is no reason to end it as refused.
  it.each([
    ['a note', waitingNote],
    ['an update', waitingTitle],
  ])(
    'waiting again after it was executed, %s is neither approved again nor sent',
    async (what, ask) => {
      const text = `Approved twice: ${what}.`;
      const { id, digest } = await ask(text);
      const before = standing(id);
      await gateway.approve(id, digest);
      await gateway.ended(id);
      inFile(gateway.config.files.store, (file) => {
        file.exec('DELETE FROM approval_uses');
        file.prepare('DELETE FROM decisions WHERE request_id = ?').run(id);
      });
      writeRow(id, { ...before, revision: 1_000 });
      expect((await gateway.approve(id, digest)).body.code).toBe('plan.tampered');
      await expectStanding(id, 'succeeded');
      expect(await gateway.timesSent(text)).toBe(1);
    },
  );

  /** The row of an approved update that HubSpot keeps from beginning, and its end once it does. */
  async function executedAfter(
    title: string,
  ): Promise<{ id: string; waiting: Row; approved: Row }> {
    const { id, digest } = await waitingTitle(title);
    const waiting = standing(id);
    await gateway.fault({ method: 'GET', path: `/contacts/${contactId}` }, '503', 0);
    await gateway.approve(id, digest);
    const code = async () => (await gateway.context.store.requests.get(id))?.code;
    await expect.poll(code, { timeout: 20_000 }).toBe('hubspot.unavailable');
    const approved = standing(id);
    await gateway.simulator.control('DELETE', '/faults');
    await gateway.ended(id, 60_000);
    return { id, waiting, approved };
  }

  it('approved again after it was executed, an update is not sent', async () => {
    const title = 'Once, and not sent then.';
    const { id, approved } = await executedAfter(title);
    writeRow(id, { ...approved, wake_at: 1, revision: 1_000 });
    await expectStanding(id, 'succeeded');
    expect(await gateway.timesSent(title)).toBe(1);
  }, 120_000);

  it('waiting again after it was executed, an update is not withdrawn', async () => {
    const { id, waiting } = await executedAfter('Once, and not withdrawn then.');
    writeRow(id, { ...waiting, revision: 1_000 });
    await gateway.agent.call('DELETE', `/v1/actions/${id}`);
    await expectStanding(id, 'succeeded');
  }, 120_000);

  it('unknown again after it was settled, and undone in HubSpot meanwhile, is not sent again', async () => {
    const waiting = await gateway.submit({
      action: 'update_contact',
      contact_id: contactId,
      jobtitle: 'Sent once',
    });
    const { id, digest } = waiting.body;
    await gateway.fault({ method: 'PATCH' }, 'commit_then_drop');
    await gateway.approve(id, digest);
    let unknown: Row | undefined;
    await expect
      .poll(
        () => {
          const row = standing(id);
          if (row['status'] === 'outcome_unknown') unknown = row;
          return row['status'];
        },
        { timeout: 30_000, interval: 5 },
      )
      .toBe('succeeded');
    expect(unknown).toBeDefined();
    const undo = await gateway.submit({
      action: 'update_contact',
      contact_id: contactId,
      jobtitle: 'As before',
    });
    await gateway.approve(undo.body.id, undo.body.digest);
    await gateway.ended(undo.body.id);
    writeRow(id, { ...unknown, wake_at: 1, revision: 1_000 });
    await expectStanding(id, 'succeeded');
    expect(await gateway.timesSent('Sent once')).toBe(1);
  }, 60_000);

  it('before its first step after that was executed, is not begun from the start', async () => {
    const step = (note: string) => ({ action: 'create_note', contact_id: contactId, note });
    const steps = [step('Step one, once.'), step('Step two, never.')];
    const { body } = await gateway.submit({ action: 'write_several', steps });
    const columns = [...STANDING, 'result'];
    const slow = (match: object, delay_ms: number) => gateway.fault(match, 'slow', 1, { delay_ms });
    await slow({ method: 'POST', path: '/notes' }, 700);
    await gateway.approve(body.id, body.digest);
    const row = readRow(body.id);
    const before = Object.fromEntries(columns.map((name) => [name, row[name] ?? null]));
    const isBegun = async (): Promise<boolean> =>
      (await gateway.entriesOf(body.id)).some(({ facts }) => facts.purpose === 'execute');
    await expect.poll(isBegun, { timeout: 10_000, interval: 20 }).toBe(true);
    // The comparison before step two takes its time, so that the row can be changed between the two.
    await slow({ method: 'GET', path: contactId }, 900);
    await expect
      .poll(() => gateway.timesSent('Step one, once.'), { timeout: 10_000, interval: 20 })
      .toBe(1);
    await expect
      .poll(() => readRow(body.id)['result'], { timeout: 5_000, interval: 20 })
      .not.toBeNull();
    writeRow(body.id, { ...before, wake_at: 1, revision: 1_000 });
    await expectStanding(body.id, 'failed');
    expect(await gateway.timesSent('Step one, once.')).toBe(1);
    expect(await gateway.timesSent('Step two, never.')).toBe(0);
  }, 60_000);

  it.each([
    ['taken out of the log', 'DELETE FROM log_entries'],
    ['labelled as nobody’s', 'UPDATE log_entries SET request_id = NULL'],
  ])('also not when the entries of its begin and end are %s', async (how, hide) => {
    // A log with a gap is published no further: a gateway of its own for each.
    await gateway.close();
    gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
    const text = `Hidden, ${how}.`;
    const { id, digest } = await waitingNote(text);
    const before = standing(id);
    await gateway.approve(id, digest);
    await gateway.ended(id);
    await waitingNote('Something later.');
    // A hole where nothing is published yet stops every write at once, those of the next test too; one
    // before it stops them when nothing was published for ten seconds.
    await gateway.context.auditLog.publish().catch(() => undefined);
    inFile(gateway.config.files.store, (file) => {
      file.exec('DELETE FROM approval_uses');
      file.prepare('DELETE FROM decisions WHERE request_id = ?').run(id);
      file
        .prepare(
          `${hide} WHERE request_id = ? AND idx >= (
             SELECT min(idx) FROM log_entries WHERE request_id = ? AND event = 'approval.granted')`,
        )
        .run(id, id);
    });
    writeRow(id, { ...before, revision: 1_000 });
    await gateway.approve(id, digest);
    await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('outcome_unknown');
    expect(await gateway.timesSent(`Hidden, ${how}.`)).toBe(1);
  });
});
