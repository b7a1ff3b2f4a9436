import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type Row, rowOf, runInFile } from '../support/store-file.ts';

/**
 * Laws 4 and 5 against who can write the store's file, and has no key: what was done is not told as undone, and what
 * was approved does not end as if it had not been.
 */
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());

const readRow = (id: string): Row => rowOf(gateway.config.files.store, 'requests', id);

function writeRow(id: string, change: Row): void {
  const sets = Object.keys(change).map((column) => `"${column}" = ?`);
  const sql = `UPDATE requests SET ${sets.join(', ')} WHERE id = ?`;
  runInFile(gateway.config.files.store, sql, ...Object.values(change), id);
}

/** The cells that say where it stands, to be put back. */
function standing(id: string): Row {
  const row = readRow(id);
  const columns = ['status', 'voucher', 'code', 'expires_at', 'credential_version'];
  return Object.fromEntries(columns.map((column) => [column, row[column] ?? null]));
}

const stored = (id: string) => gateway.context.store.requests.get(id);
const statusOf = (id: string) => gateway.context.store.requests.status(id);
const becomes = (id: string, status: string) =>
  expect.poll(() => statusOf(id), { timeout: 30_000, interval: 10 }).toBe(status);
const waitsFor = (id: string, code: string) =>
  expect.poll(async () => (await stored(id))?.code, { timeout: 20_000 }).toBe(code);
const placesOf = async (id: string) =>
  (await gateway.entriesOf(id))
    .filter(({ event }) => event === 'store.tampered')
    .map(({ facts }) => [facts.place, facts.status]);

const mend = () => gateway.simulator.control('DELETE', '/faults');
/** HubSpot cannot be read: nothing that is approved begins. */
const blind = () => gateway.fault({ method: 'GET', path: '/contacts/' }, '503', 0);

const edit = (properties: Record<string, string>) =>
  gateway.simulator.control('POST', '/edits', { object_type: 'contacts', id: '20070', properties });

let asked = 0;
async function ask(contact = '20070'): Promise<{ id: string; digest: string; text: string }> {
  const text = `By hand ${(asked += 1)}.`;
  const action = { action: 'update_contact', contact_id: contact, jobtitle: text };
  const { id, digest } = (await gateway.submit(action)).body;
  return { id, digest, text };
}

/** Approved, and kept from beginning. */
async function approvedAndHeld() {
  const asked = await ask();
  const waiting = standing(asked.id);
  await blind();
  expect((await gateway.approve(asked.id, asked.digest)).status).toBe(200);
  await waitsFor(asked.id, 'hubspot.unavailable');
  return { ...asked, waiting, approved: standing(asked.id) };
}

/** A lost write is settled by nobody while this cell is taken out; people are told, and it goes on once it is back. */
async function expectHeldWithout(id: string, column: 'result' | 'seen'): Promise<void> {
  const { [column]: before = null } = readRow(id);
  writeRow(id, { [column]: null, revision: 1_000 });
  await expect.poll(() => placesOf(id), { timeout: 20_000 }).toHaveLength(1);
  expect(await statusOf(id)).toBe('outcome_unknown');
  await expect.poll(() => settle(id, 'executed'), { timeout: 20_000 }).toBe('plan.tampered');
  writeRow(id, { [column]: before, revision: 1_001, wake_at: 1 });
  expect((await gateway.ended(id, 60_000)).body.status).toBe('succeeded');
}

/** By a person, in words of the API; not taken before HubSpot can no longer be working on it. */
async function settle(id: string, outcome: 'executed' | 'not_executed'): Promise<unknown> {
  const body = { outcome, reason: 'I have looked.' };
  const answer = await gateway.approver.call('POST', `/v1/settlements/${id}`, { body });
  return answer.body.code ?? answer.status;
}

describe('of a write of two steps, of which the first is done', () => {
  async function betweenSteps() {
    asked += 1;
    const steps = [1, 2].map((step) => ({
      ...{ action: 'update_contact', contact_id: '20070' },
      [step === 1 ? 'jobtitle' : 'company']: `Step ${step} of ${asked}.`,
    }));
    const { id, digest } = (await gateway.submit({ action: 'write_several', steps })).body;
    await gateway.fault({ method: 'PATCH' }, 'slow', 1, { delay_ms: 500 });
    await gateway.approve(id, digest);
    await becomes(id, 'executing');
    await blind();
    await waitsFor(id, 'hubspot.unavailable');
    return id as string;
  }

  it('it is not told that nothing was sent, when its account was taken out and the record moves', async () => {
    const id = await betweenSteps();
    writeRow(id, { result: null });
    await edit({ company: 'Somewhere else' });
    await mend();
    const { body } = await gateway.ended(id, 30_000);
    expect(body.problem).toMatchObject({ code: 'plan.tampered' });
    expect(body.problem.detail).toContain('steps executed before: 1');
    expect(await placesOf(id)).toHaveLength(1);
  });

  it('it is not settled without its account: people are told, and it goes on once that is restored', async () => {
    const id = await betweenSteps();
    await mend();
    await gateway.fault({ method: 'PATCH' }, 'commit_then_hang', 1);
    await becomes(id, 'outcome_unknown');
    await expectHeldWithout(id, 'result');
  });
});

describe('a row put back', () => {
  it('to before its begin while it is sent does not make what HubSpot did look undone', async () => {
    const { id, text, approved } = await approvedAndHeld();
    await mend();
    await gateway.fault({ method: 'PATCH' }, 'slow', 1, { delay_ms: 800 });
    await becomes(id, 'executing');
    writeRow(id, { ...approved, revision: 1_000 });
    expect((await gateway.ended(id, 30_000)).body.status).toBe('succeeded');
    expect(await gateway.context.store.ledger.of(id)).toHaveLength(1);
    expect(await gateway.timesSent(text)).toBe(1);
    expect(await placesOf(id)).toEqual([
      ['the log says that it was begun before', 'outcome_unknown'],
    ]);
  });

  it('to before its approval is not decided on as if nobody had given one', async () => {
    const { id, digest, waiting } = await approvedAndHeld();
    writeRow(id, { ...waiting, revision: 1_000 });
    expect((await gateway.approve(id, digest)).body.code).toBe('plan.tampered');
    expect(await placesOf(id)).toEqual([['the log says that it was approved', 'failed']]);
    await mend();
  });
});

describe('a decision that was taken out', () => {
  it('does not end the write as one that too few have approved', async () => {
    const { id } = await approvedAndHeld();
    runInFile(gateway.config.files.store, 'DELETE FROM decisions WHERE request_id = ?', id);
    await mend();
    expect((await gateway.ended(id, 30_000)).body.problem.code).toBe('plan.tampered');
    expect(await placesOf(id)).toEqual([
      [`the decision of ${gateway.approver.record.id} is not the one in the log`, 'failed'],
    ]);
  });
});

describe('a request that was tampered with before', () => {
  it('and is ended for another place has that end in the log, and is not begun again', async () => {
    const { id, text, approved } = await approvedAndHeld();
    const hide = (by: number): void => {
      const sql = `UPDATE log_entries SET at = at + ? WHERE request_id = ? AND event = 'approval.requested'`;
      runInFile(gateway.config.files.store, sql, by, id);
    };
    hide(1);
    writeRow(id, { wake_at: 1 });
    await becomes(id, 'outcome_unknown');
    hide(-1);
    writeRow(id, { wake_at: 1 });
    await becomes(id, 'failed');
    expect((await placesOf(id)).map(([, status]) => status)).toEqual(['outcome_unknown', 'failed']);
    writeRow(id, { ...approved, revision: 1_000, wake_at: 1 });
    await mend();
    await becomes(id, 'failed');
    expect(await gateway.timesSent(text)).toBe(0);
  });
});

describe('how the record was before', () => {
  it('is not forgotten in silence: what could not be taken back is not settled', async () => {
    const { id, digest } = await ask('20071');
    await gateway.fault({ method: 'PATCH' }, 'commit_then_hang', 1);
    await gateway.approve(id, digest);
    await becomes(id, 'executing');
    await expectHeldWithout(id, 'seen');
    const [entry] = await gateway.context.store.ledger.of(id);
    expect(entry?.before['jobtitle']).not.toBeNull();
  });

  it('is not needed by a person who says that it was not executed', async () => {
    const { id, digest } = await ask('20072');
    await gateway.fault({ method: 'PATCH' }, 'hang', 1);
    await gateway.approve(id, digest);
    await becomes(id, 'executing');
    writeRow(id, { seen: null, revision: 1_000 });
    await expect.poll(() => placesOf(id), { timeout: 20_000 }).toHaveLength(1);
    await expect.poll(() => settle(id, 'not_executed'), { timeout: 20_000 }).toBe(200);
    expect((await gateway.ended(id)).body.problem.code).toBe('outcome.not_executed');
  });
});
