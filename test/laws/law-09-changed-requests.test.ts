import type { SQLInputValue } from 'node:sqlite';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { recordChange } from '../../src/gate/changes.ts';
import { revokeAgent } from '../../src/gate/roster.ts';
import {
  decidedWithin,
  startTestGateway,
  type Caller,
  type TestGateway,
} from '../support/gateway.ts';
import { enrol, signIn } from '../support/passkeys.ts';
import { putBack, rowOf, runInFile } from '../support/store-file.ts';

/** Approve with changes: what a person puts in is asked and decided by itself, and nobody's yes goes along. */

let gateway: TestGateway;
let contactId: string;
let dealId: string;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  const contacts = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
  contactId = contacts.body.result.contacts[0].id;
  const deals = await gateway.submit({ action: 'search_deal', name: 'Acme' });
  dealId = deals.body.result.deals[0].id;
});
afterAll(() => gateway.close());

interface Waiting {
  readonly id: string;
  readonly digest: string;
}

const waitingNote = async (note: string, options = {}): Promise<Waiting> => {
  const { body } = await gateway.submit(
    { action: 'create_note', contact_id: contactId, note },
    options,
  );
  expect(body.status, JSON.stringify(body)).toBe('awaiting_approval');
  return body as Waiting;
};

const change = (
  { id, digest }: Waiting,
  input: Record<string, unknown>,
  by: Caller = gateway.approver.call,
  more: Record<string, unknown> = {},
) => by('POST', `/v1/approvals/${id}/changes`, { body: { digest, input, ...more } });

const view = async (id: string) => (await gateway.agent.call('GET', `/v1/actions/${id}`)).body;
const cardOf = async (id: string) =>
  (await gateway.approver.call('GET', `/v1/approvals/${id}`)).body;

async function changed(waiting: Waiting, note: string): Promise<Waiting> {
  const answer = await change(waiting, { note });
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  const { id, status } = answer.body.successor as { id: string; status: string };
  expect(status).toBe('awaiting_approval');
  return { id, digest: (await view(id)).digest };
}

describe('a request that a person changes', () => {
  it('ends, and one with the new values waits with a digest and a card of its own', async () => {
    const original = await waitingNote('As asked.');
    const successor = await changed(original, 'As changed.');
    expect(successor.id).not.toBe(original.id);
    expect(successor.digest).not.toBe(original.digest);
    const { card } = await cardOf(successor.id);
    expect(card).toMatchObject({
      digest: successor.digest,
      agent: { id: gateway.agent.record.id },
      claimed: { user_id: 'dana@acme.test', prompt: 'Please do it.' },
      changed: {
        from: original.id,
        by: { id: gateway.approver.record.id, name: 'Robin Vale' },
        fields: ['Note'],
      },
    });
    expect(JSON.stringify(card.changes)).toContain('As changed.');
    expect(await gateway.timesSent('As changed.')).toBe(0);
    await gateway.approve(successor.id, successor.digest);
    expect((await gateway.ended(successor.id)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('As changed.')).toBe(1);
    expect(await gateway.timesSent('As asked.')).toBe(0);
  });

  it('tells its agent so, by id and by key, with the way to its successor', async () => {
    const key = randomUUID();
    const original = await waitingNote('Told to its agent.', { key });
    const waits = gateway.agent.call('GET', `/v1/actions/${original.id}?wait=30`);
    const successor = await changed(original, 'Told, and changed.');
    const told = (await waits).body;
    expect(told).toMatchObject({
      status: 'changed',
      problem: { code: 'approval.changed', successor: successor.id, retryable: false },
      links: { successor: `/v1/actions/${successor.id}` },
    });
    expect(told.result).toBeUndefined();
    const action = { action: 'create_note', contact_id: contactId, note: 'Told to its agent.' };
    const again = await gateway.submit(action, { key, headers: { prefer: 'wait=30' } });
    expect(again.status).toBe(409);
    expect(again.body).toMatchObject({ code: 'approval.changed', successor: successor.id });
    expect(await view(successor.id)).toMatchObject({ status: 'awaiting_approval' });
    const withdrawn = await gateway.agent.call('DELETE', `/v1/actions/${successor.id}`);
    expect(withdrawn.body.status).toBe('withdrawn');
  });

  it('is said in the log of both, by whom and of which fields, with no value in it', async () => {
    const original = await waitingNote('A secret of Dana.');
    const successor = await changed(original, 'Another secret of Dana.');
    const by = gateway.approver.record.id;
    const end = (await gateway.entriesOf(original.id)).find(
      ({ event }) => event === 'approval.changed',
    );
    expect(end).toMatchObject({
      actor: `person:${by}`,
      code: 'approval.changed',
      facts: { status: 'changed', successor: successor.id, changed_fields: ['note'], proof: 'key' },
    });
    const begin = (await gateway.entriesOf(successor.id))[0];
    expect(begin).toMatchObject({
      event: 'request.accepted',
      actor: `person:${by}`,
      agent_id: gateway.agent.record.id,
      facts: { changed_from: original.id, changed_by: by, changed_fields: ['note'] },
    });
    expect(JSON.stringify([end, begin])).not.toContain('secret');
    await expect
      .poll(async () => gateway.context.store.requests.overdue(new Date(Date.now() + 60_000), 100))
      .toEqual([]);
  });

  it('keeps no vote of the original: each counts for the digest it was given on', async () => {
    const { body } = await gateway.submit({
      action: 'update_deal',
      deal_id: dealId,
      amount: 50_000,
    });
    expect(body.requires.approvals).toBe(2);
    const first = await gateway.addPerson('First Voter');
    await gateway.approve(body.id, body.digest, first.call);
    const answer = await change(body, { amount: 40_000 });
    expect(answer.status, JSON.stringify(answer.body)).toBe(201);
    const { id } = answer.body.successor;
    const { digest } = await view(id);
    const now = await cardOf(id);
    expect(now.decisions).toEqual([]);
    expect(now.card.requires.approvals).toBe(2);
    const replayed = await gateway.approve(id, body.digest, first.call);
    expect(replayed.body.code).toBe('approval.digest_mismatch');
    const late = await gateway.approve(body.id, body.digest);
    expect(late.body.code).toBe('approval.closed');
    expect((await gateway.approve(id, digest)).body.status).toBe('awaiting_approval');
    expect((await gateway.approve(id, digest)).body.code).toBe('approval.already_decided');
    expect((await gateway.approve(id, digest, first.call)).body.status).toBe('approved');
    expect((await gateway.ended(id)).body.status).toBe('succeeded');
  });

  it('makes one successor, of twenty changes at once and of the same one twice', async () => {
    const original = await waitingNote('Changed by many.');
    const people = await Promise.all(
      Array.from({ length: 10 }, (_, n) => gateway.addPerson(`Changer ${n}`)),
    );
    const answers = await Promise.all(
      people.flatMap(({ call }, n) => [
        change(original, { note: `Value ${n}.` }, call),
        change(original, { note: `Value ${n}.` }, call),
      ]),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(2);
    expect(new Set(made.map(({ body }) => body.successor.id)).size).toBe(1);
    const others = answers.filter(({ status }) => status !== 201);
    expect(new Set(others.map(({ body }) => body.code))).toEqual(new Set(['approval.closed']));
    const { requests } = (await gateway.agent.call('GET', '/v1/actions?limit=100')).body;
    const open = await Promise.all(
      requests
        .filter(({ status }: { status: string }) => status === 'awaiting_approval')
        .map(async ({ id }: { id: string }) => (await cardOf(id)).card.changed?.from),
    );
    expect(open.filter((from) => from === original.id)).toHaveLength(1);
  });
});

describe('a change that does not count leaves what waits as it was', () => {
  const expectRefused = async (
    waiting: Waiting,
    input: Record<string, unknown>,
    code: string,
    by?: Caller,
  ): Promise<void> => {
    const before = await view(waiting.id);
    const answer = await change(waiting, input, by);
    expect(answer.body.code, JSON.stringify(answer.body)).toBe(code);
    expect(await view(waiting.id)).toEqual(before);
  };
  const refusals = async (id: string) =>
    (await gateway.entriesOf(id)).filter(({ event }) => event === 'approval.refused');

  it('by the requester, by someone without the role, on another digest', async () => {
    const own = await waitingNote('Own.', { userId: gateway.approver.record.email });
    await expectRefused(own, { note: 'Mine.' }, 'approval.own_request');
    const waiting = await waitingNote('Not theirs.');
    const watcher = await gateway.addPerson('Watching Only', ['viewer']);
    await expectRefused(waiting, { note: 'x' }, 'approval.not_eligible', watcher.call);
    await expectRefused(
      { ...waiting, digest: own.digest },
      { note: 'x' },
      'approval.digest_mismatch',
    );
    expect((await refusals(waiting.id)).map(({ facts }) => facts.decision)).toEqual([
      'change',
      'change',
    ]);
    const agents = await change(waiting, { note: 'x' }, gateway.agent.call);
    expect(agents.status).toBe(401);
  });

  it('of anything but a value: record, agent, person, prompt, action', async () => {
    const waiting = await waitingNote('Only values.');
    for (const input of [
      { contact_id: '20002' },
      { company_id: '30001' },
      { action: 'update_contact' },
      { clear: 'email' },
    ])
      await expectRefused(waiting, input, 'approval.not_changeable');
    for (const more of [{ user_id: 'a@b.test' }, { agent_prompt: 'x' }, { connection: 'x' }])
      expect((await change(waiting, { note: 'x' }, undefined, more)).status).toBe(400);
    const answer = await change(waiting, { __proto__x: 'x' });
    expect(answer.status).toBe(400);
  });

  it('of several writes at once, and of what only names records', async () => {
    const step = { action: 'create_note', contact_id: contactId, note: 'One of several.' };
    const several = await gateway.submit({ action: 'write_several', steps: [step, step] });
    await expectRefused(several.body, { note: 'x' }, 'approval.not_changeable');
    const pair = await gateway.submit({
      action: 'associate_records',
      contact_id: contactId,
      deal_id: dealId,
    });
    await expectRefused(pair.body, { deal_id: '1' }, 'approval.not_changeable');
    expect((await cardOf(several.body.id)).can_change).toBe(false);
  });

  it('to what is no value of that field, or to what it was', async () => {
    const { body } = await gateway.submit({ action: 'update_deal', deal_id: dealId, amount: 77 });
    await expectRefused(body, { amount: -1 }, 'action.invalid');
    await expectRefused(body, { amount: 'much' }, 'action.invalid');
    await expectRefused(body, { amount: null }, 'action.invalid');
    await expectRefused(body, { amount: 77 }, 'approval.unchanged');
    await expectRefused(body, {}, 'approval.unchanged');
  });

  it('to values that carry a secret or cannot be seen', async () => {
    const waiting = await waitingNote('Plain words.');
    const token = ['pat', 'na1', '3f1c9a77', 'aaaa', '4bbb', '8ccc', 'ddddeeeeffff'].join('-');
    await expectRefused(waiting, { note: `The key is ${token}` }, 'prompt.refused');
    await expectRefused(waiting, { note: 'a\u202Eb' }, 'action.invalid');
  });

  it('after it was approved, rejected, withdrawn, or its time was over', async () => {
    const withdrawn = await waitingNote('Withdrawn first.');
    await gateway.agent.call('DELETE', `/v1/actions/${withdrawn.id}`);
    await expectRefused(withdrawn, { note: 'x' }, 'approval.closed');
    const approved = await waitingNote('Approved first.');
    await gateway.approve(approved.id, approved.digest);
    await gateway.ended(approved.id);
    await expectRefused(approved, { note: 'x' }, 'approval.closed');
    const late = await decidedWithin(gateway, 2_000, () => waitingNote('Late.'));
    expect((await gateway.ended(late.id)).body.status).toBe('expired');
    await expectRefused(late, { note: 'x' }, 'approval.closed');
    const changedOnce = await waitingNote('Changed once.');
    await changed(changedOnce, 'Changed now.');
    await expectRefused(changedOnce, { note: 'And again.' }, 'approval.closed');
  });

  it('once the connection leads to another account', async () => {
    const waiting = await waitingNote('Of the account of then.');
    const { store } = gateway.context;
    const connection = {
      ...{ name: 'main', portalId: 1, accountType: null, timeZone: null, uniqueProperties: {} },
      ...{ checkedAt: new Date(), credentialVersion: 1, appId: null },
    };
    const since = new Date(Date.now() + 1_000);
    await store.commit((tx) => tx.connections.put({ ...connection, accountSince: since }));
    const answer = await change(waiting, { note: 'Of the account of now.' });
    expect(answer.body.code).toBe('connection.portal_changed');
    await store.commit((tx) => tx.connections.put({ ...connection, accountSince: null }));
  });

  it('of an agent that is frozen or was revoked meanwhile', async () => {
    const frozen = await gateway.addAgent('soon-frozen');
    const note = await waitingNote('Of a frozen one.', { call: frozen.call });
    const body = { agent: frozen.record.id, reason: 'Test.' };
    await gateway.approver.call('POST', '/v1/freezes', { body });
    expect((await change(note, { note: 'x' })).body.code).toBe('freeze.active');
    const gone = await gateway.addAgent('soon-gone');
    const last = await waitingNote('Of a revoked one.', { call: gone.call });
    await gateway.context.store.commit((tx) => revokeAgent(tx, { id: gone.record.id, by: 'test' }));
    expect((await change(last, { note: 'x' })).body.code).toBe('policy.denied');
  });
});

describe('whoever writes into the database file', () => {
  const inStore = (sql: string, ...values: SQLInputValue[]) =>
    runInFile(gateway.config.files.store, sql, ...values);

  it('makes no successor: a copy of a row under another id is never sent', async () => {
    const original = await waitingNote('Forged successor.');
    const forged = `act_${'0'.repeat(26)}`;
    const row = rowOf(gateway.config.files.store, 'requests', original.id);
    const copy = { ...row, id: forged, status: 'approved', wake_at: 1 };
    putBack(gateway.config.files.store, 'requests', copy);
    await expect
      .poll(async () => gateway.context.store.requests.status(forged), { timeout: 20_000 })
      .not.toBe('approved');
    expect(await gateway.timesSent('Forged successor.')).toBe(0);
  });

  it('says of no request what it was changed to', async () => {
    const original = await waitingNote('Changed by hand.');
    const other = await waitingNote('The other one.');
    const successor = await changed(other, 'Its successor.');
    inStore(
      `UPDATE requests SET status = 'changed', code = 'approval.changed', revision = 1000,
         result = (SELECT result FROM requests WHERE id = ?) WHERE id = ?`,
      other.id,
      original.id,
    );
    const answer = await gateway.agent.call('GET', `/v1/actions/${original.id}`);
    expect(answer.body.code).toBe('plan.tampered');
    expect(JSON.stringify(answer.body)).not.toContain(successor.id);
  });

  it('brings no original back: one that was changed waits no more, whatever its row says', async () => {
    const original = await waitingNote('Put back after its change.');
    const columns = ['status', 'voucher', 'code', 'card', 'result', 'detail', 'expires_at'];
    const row = rowOf(gateway.config.files.store, 'requests', original.id);
    await changed(original, 'Its one successor.');
    const sets = columns.map((name) => `${name} = ?`).join(', ');
    const values = columns.map((name) => row[name]!);
    inStore(
      `UPDATE requests SET ${sets}, wake_at = 1, revision = 1000 WHERE id = ?`,
      ...values,
      original.id,
    );
    const again = await change(original, { note: 'A second successor.' });
    expect(again.body.code, JSON.stringify(again.body)).toBe('plan.tampered');
    await expect
      .poll(async () => (await view(original.id)).status, { timeout: 30_000 })
      .toBe('changed');
    expect((await view(original.id)).problem.code).toBe('approval.changed');
    expect((await cardOf(original.id)).status).toBe('changed');
    expect(await gateway.timesSent('Put back after its change.')).toBe(0);
  }, 60_000);

  it('turns no successor into a request that nobody changed', async () => {
    const original = await waitingNote('Who wrote this?');
    const successor = await changed(original, 'Not the agent.');
    inStore(`UPDATE requests SET card = NULL, revision = 1000 WHERE id = ?`, successor.id);
    const answer = await gateway.approve(successor.id, successor.digest);
    expect(answer.body.code).toBe('plan.tampered');
    expect(await gateway.timesSent('Not the agent.')).toBe(0);
  });
});

describe('a gateway that dies between the change and the start of its successor', () => {
  it('has lost nothing: the sweep starts it, and ends the workflow of the original', async () => {
    const original = await waitingNote('Before the crash.');
    const { store, policy, config } = gateway.context;
    const made = {
      ...{ requestId: original.id, digest: original.digest, input: { note: 'After the crash.' } },
      ...{ person: gateway.approver.record, proof: 'key' as const },
    };
    const { approvalMs, approvalValidMs } = config.timing;
    const rules = { policy, approvalMs, approvalValidMs };
    // As the door does it, and then nothing more: nobody is woken.
    const done = await store.commit((tx) => recordChange(tx, made, rules));
    if (done.kind === 'refused') throw new Error(done.code);
    await expect
      .poll(async () => (await view(done.successor)).status, { timeout: 20_000 })
      .toBe('awaiting_approval');
    const { digest } = await view(done.successor);
    await gateway.approve(done.successor, digest);
    expect((await gateway.ended(done.successor)).body.status).toBe('succeeded');
    expect(await gateway.timesSent('After the crash.')).toBe(1);
    const soon = () => new Date(Date.now() + 60_000);
    await expect
      .poll(async () => store.requests.overdue(soon(), 100), { timeout: 20_000 })
      .toEqual([]);
    expect((await view(original.id)).status).toBe('changed');
  }, 60_000);
});

describe('a passkey where policy asks for one', () => {
  it('signs a change for these values alone, and is no approval', async () => {
    const { body } = await gateway.submit({
      action: 'update_deal',
      deal_id: dealId,
      amount: 30_000,
    });
    const person = await gateway.addPerson('With Passkey');
    const holder = await enrol(gateway, person.record);
    const { call } = await signIn(gateway, holder);
    const optionsFor = async (input: object) =>
      (
        await call('POST', `/v1/approvals/${body.id}/changes/passkey-options`, {
          body: { digest: body.digest, input },
        })
      ).body;
    const sign = async (input: object) =>
      holder.authenticator.get(await optionsFor(input), holder.passkey);
    const passkey = await sign({ amount: 31_000 });
    const other = await change(body, { amount: 32_000 }, call, { passkey });
    expect(other.body.code).toBe('approval.unproven');
    const asApproval = await call('POST', `/v1/approvals/${body.id}/decisions`, {
      body: { decision: 'approve', digest: body.digest, passkey: await sign({ amount: 31_000 }) },
    });
    expect(asApproval.body.code).toBe('approval.unproven');
    const approval = await call('POST', `/v1/approvals/${body.id}/passkey-options`);
    const asChange = await change(body, { amount: 31_000 }, call, {
      passkey: holder.authenticator.get(approval.body, holder.passkey),
    });
    expect(asChange.body.code).toBe('approval.unproven');
    const good = await change(body, { amount: 31_000 }, call, {
      passkey: await sign({ amount: 31_000 }),
    });
    expect(good.status, JSON.stringify(good.body)).toBe(201);
    const end = (await gateway.entriesOf(body.id)).find(
      ({ event }) => event === 'approval.changed',
    );
    expect(end.facts).toMatchObject({ proof: 'passkey' });
    expect(typeof end.facts.passkey).toBe('string');
  });

  it('is asked for nothing that would not count', async () => {
    const waiting = await waitingNote('No prompt for nothing.');
    const person = await gateway.addPerson('Asked In Vain');
    const { call } = await signIn(gateway, await enrol(gateway, person.record));
    const answer = await call('POST', `/v1/approvals/${waiting.id}/changes/passkey-options`, {
      body: { digest: waiting.digest, input: { note: '' } },
    });
    expect(answer.body.code).toBe('action.invalid');
  });
});
