import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());
afterEach(() => gateway.simulator.control('DELETE', '/faults'));

const CONTACT = '20005';
const note = (text: string) => ({ action: 'create_note', contact_id: CONTACT, note: text });
const task = (subject: string) => ({
  action: 'create_task',
  contact_id: CONTACT,
  subject,
  due: '2026-12-01T09:00:00Z',
});
const title = (jobtitle: string) => ({ action: 'update_contact', contact_id: CONTACT, jobtitle });
const several = (...steps: object[]) => ({ action: 'write_several', steps });

async function approved(action: Record<string, unknown>) {
  const { body } = await gateway.submit(action);
  expect(body.status).toBe('awaiting_approval');
  expect((await gateway.approve(body.id, body.digest)).status).toBe(200);
  return body.id as string;
}

const intents = async (id: string): Promise<(number | undefined)[]> =>
  (await gateway.entriesOf(id))
    .filter(({ event, facts }) => event === 'hubspot.intended' && facts.purpose === 'execute')
    .map(({ facts }) => facts.step);

describe('law 3: a request of several writes is one approval, and each step happens once', () => {
  it('shows every step on one card, and carries them out in their order', async () => {
    const action = several(note('A first call'), title('Buyer'), task('Call back'));
    const { body } = await gateway.submit(action);
    const { body: approval } = await gateway.approver.call('GET', `/v1/approvals/${body.id}`);
    expect(approval.card.sentence).toMatch(/^1\. Add a note to .+ 2\. Change .+ 3\. .+task/);
    expect(approval.card.changes.map(({ label }: { label: string }) => label[0])).toEqual(
      expect.arrayContaining(['1', '2', '3']),
    );
    await gateway.approve(body.id, body.digest);
    const ended = await gateway.ended(body.id);
    expect(ended.body.status).toBe('succeeded');
    expect(
      ended.body.result.steps.map(({ action, status }: Record<string, string>) => [action, status]),
    ).toEqual([
      ['create_note', 'executed'],
      ['update_contact', 'executed'],
      ['create_task', 'executed'],
    ]);
    expect(await intents(body.id)).toEqual([1, 2, 3]);
    const ledger = await gateway.context.store.ledger.of(body.id);
    expect(ledger.map(({ objectType }) => objectType)).toEqual(['notes', 'contacts', 'tasks']);
  });

  it('stops at the first step that fails, and says of each what became of it', async () => {
    const taken = { action: 'create_contact', email: 'a.first@several.test' };
    const first = await approved(taken);
    expect((await gateway.ended(first)).body.status).toBe('succeeded');
    const id = await approved(several(note('Before it fails'), taken, task('Never made')));
    const { body } = await gateway.ended(id);
    expect(body.problem.code).toBe('outcome.partial');
    expect(body.problem.detail).toMatch(
      /step 1 \(create_note\) was executed; step 2 \(create_contact\) was not executed: .+; step 3 \(create_task\) was not started/,
    );
    expect(body.result.steps).toMatchObject([
      { status: 'executed' },
      { status: 'failed', code: 'record.conflict' },
      { status: 'not_started' },
    ]);
    expect(await gateway.timesSent('Before it fails')).toBe(1);
    expect(await gateway.timesSent('Never made')).toBe(0);
  });

  it('settles each lost answer by itself, and then goes on', async () => {
    await gateway.fault({ method: 'POST', path: '/notes' }, 'commit_then_drop');
    await gateway.fault({ method: 'PATCH' }, 'drop');
    await gateway.fault({ method: 'POST', path: '/tasks' }, 'commit_then_500');
    const id = await approved(several(note('Lost one'), title('Lost two'), task('Lost three')));
    const { body } = await gateway.ended(id, 40_000);
    expect(body.status).toBe('succeeded');
    for (const text of ['Lost one', 'Lost two', 'Lost three'])
      expect(await gateway.timesSent(text)).toBe(1);
    expect(await intents(id)).toEqual([1, 2, 2, 3]);
  }, 60_000);

  it('goes on after a restart where it stopped', async () => {
    await gateway.fault({ method: 'PATCH' }, 'commit_then_hang');
    const id = await approved(
      several(note('Before the stop'), title('At the stop'), task('After')),
    );
    await expect.poll(() => intents(id), { timeout: 10_000 }).toEqual([1, 2]);
    await gateway.stopGateway();
    await gateway.startGateway();
    expect((await gateway.ended(id, 40_000)).body.status).toBe('succeeded');
    for (const text of ['Before the stop', 'At the stop', 'After'])
      expect(await gateway.timesSent(text)).toBe(1);
  }, 60_000);

  it('is not taken for stale by what an earlier step of its own has changed', async () => {
    const phone = { action: 'update_contact', contact_id: CONTACT, phone: '+1 555 0100' };
    const id = await approved(several(title('Once'), title('Twice'), phone));
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
    const ledger = await gateway.context.store.ledger.of(id);
    expect(ledger[1]).toMatchObject({ before: { jobtitle: 'Once' }, after: { jobtitle: 'Twice' } });
  });

  it('sends nothing more when a person changed the record between two steps', async () => {
    const { body } = await gateway.submit(
      several(note('Then a person came'), title('Not over it')),
    );
    await gateway.fault({ method: 'POST', path: '/notes' }, 'slow', 1, { delay_ms: 700 });
    await gateway.approve(body.id, body.digest);
    await expect.poll(() => intents(body.id), { timeout: 10_000 }).toEqual([1]);
    await gateway.simulator.control('POST', '/edits', {
      object_type: 'contacts',
      id: CONTACT,
      properties: { jobtitle: 'By a person' },
    });
    const ended = await gateway.ended(body.id);
    expect(ended.body.result.steps).toMatchObject([
      { status: 'executed' },
      { status: 'failed', code: 'approval.stale' },
    ]);
    expect(await gateway.timesSent('Not over it')).toBe(0);
  });

  it('is stopped between two steps by a freeze', async () => {
    await gateway.fault({ method: 'POST', path: '/notes' }, 'slow', 1, { delay_ms: 700 });
    const id = await approved(several(note('Before the freeze'), task('After the freeze')));
    await expect.poll(() => intents(id), { timeout: 10_000 }).toEqual([1]);
    const frozen = await gateway.approver.call('POST', '/v1/freezes', {
      body: { reason: 'Something is off.' },
    });
    const ended = await gateway.ended(id);
    await gateway.approver.call('DELETE', `/v1/freezes/${frozen.body.id}`);
    expect(ended.body.problem.code).toBe('outcome.partial');
    expect(ended.body.result.steps).toMatchObject([
      { status: 'executed' },
      { status: 'failed', code: 'freeze.active' },
    ]);
    expect(await gateway.timesSent('After the freeze')).toBe(0);
  });
});

describe('policy and requests of several steps', () => {
  it('refuses the whole when one step is not granted', async () => {
    const { call } = await gateway.addAgent('reader', ['readers']);
    const refused = await gateway.submit(several(note('x'), task('y')), { call });
    expect(refused.body.code).toBe('policy.denied');
  });

  it('counts the money of all steps together', async () => {
    const deals = await gateway.submit({ action: 'search_deal', name: 'Acme' });
    const [one, other] = deals.body.result.deals.map(({ id }: { id: string }) => id);
    for (const id of [one, other])
      await gateway.simulator.control('POST', '/edits', {
        object_type: 'deals',
        id,
        properties: { amount: '100' },
      });
    const amount = (deal_id: string, amount: number) => ({
      action: 'update_deal',
      deal_id,
      amount,
    });
    const single = await gateway.submit(amount(one, 6_000));
    expect(single.body.requires.approvals).toBe(1);
    const both = await gateway.submit(several(amount(one, 6_000), amount(other, 6_000)));
    expect(both.body.requires.approvals).toBe(2);
  });

  it('takes neither a read nor another request of several as a step', async () => {
    const read = { action: 'get_contact', contact_id: CONTACT };
    for (const step of [read, several(note('x'), note('y'))]) {
      const { body } = await gateway.submit(several(note('x'), step));
      expect(body.code).toBe('action.invalid');
      expect(body.detail).toContain('step 2');
    }
  });
});
