import { generateSync } from 'otplib';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createDataConverter } from '../../src/adapters/temporal/data-converter.ts';
import { createPayloadCodec } from '../../src/adapters/temporal/payload-codec.ts';
import { loadPayloadKeys } from '../../src/adapters/temporal/payload-keys.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
let contactId: string;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  const found = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
  contactId = found.body.result.contacts[0].id;
});
afterAll(() => gateway.close());

const note = (text: string): Record<string, unknown> => ({
  action: 'create_note',
  contact_id: contactId,
  note: text,
});

/** Entries of the simulator's ledger whose properties hold this text. */
async function effectsOf(text: string): Promise<unknown[]> {
  const effects = await gateway.simulator.effects();
  return effects.filter(({ properties }) => JSON.stringify(properties).includes(text));
}

describe('a write', () => {
  it('waits with digest, deadline and requirement, and is in HubSpot once after approval', async () => {
    const waiting = await gateway.submit(note('Wants the renewal offer by Friday.'));
    expect(waiting.status).toBe(202);
    expect(waiting.body).toMatchObject({ status: 'awaiting_approval', requires: { approvals: 1 } });
    expect(waiting.body.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(waiting.headers.get('location')).toBe(`/v1/actions/${waiting.body.id}`);
    expect(waiting.headers.get('retry-after')).not.toBeNull();
    expect(await effectsOf('renewal offer by Friday')).toHaveLength(0);

    const decided = await gateway.approve(waiting.body.id, waiting.body.digest);
    expect(decided.status).toBe(200);
    expect(decided.body.status).toBe('approved');
    const done = await gateway.ended(waiting.body.id);
    expect(done.body).toMatchObject({
      status: 'succeeded',
      result: { note: { id: expect.any(String) } },
    });
    expect(await effectsOf('renewal offer by Friday')).toHaveLength(1);
  });

  it('is answered with its result when the agent asks again with the same key', async () => {
    const key = 'ask-again-after-approval';
    const waiting = await gateway.submit(note('Asked again.'), { key });
    await gateway.approve(waiting.body.id, waiting.body.digest);
    await gateway.ended(waiting.body.id);
    const again = await gateway.submit(note('Asked again.'), { key });
    expect(again.status).toBe(200);
    expect(again.body.id).toBe(waiting.body.id);
    const third = await gateway.submit(note('Asked again.'), { key });
    expect(third.body).toEqual(again.body);
    expect(await effectsOf('Asked again.')).toHaveLength(1);
  });

  it('is held by Prefer: wait until it ends', async () => {
    const key = 'held-answer';
    const held = gateway.submit(note('Held.'), { key, headers: { prefer: 'wait=20' } });
    let waiting;
    do
      waiting = (await gateway.approver.call('GET', '/v1/approvals')).body.approvals.find(
        (one: { card: { changes: { after: string }[] } }) =>
          one.card.changes.some(({ after }) => after.includes('Held.')),
      );
    while (waiting === undefined);
    await gateway.approve(waiting.id, waiting.card.digest);
    expect(await held).toMatchObject({ status: 200, body: { status: 'succeeded' } });
  });

  it('needs an Idempotency-Key', async () => {
    const answer = await gateway.agent.call('POST', '/v1/actions', {
      body: { user_id: 'dana@acme.test', agent_prompt: 'Add it.', action: note('No key.') },
    });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('idempotency.key_required');
  });

  it('can be rejected with a reason that reaches the agent', async () => {
    const waiting = await gateway.submit(note('To be rejected.'));
    const body = { decision: 'reject', digest: waiting.body.digest, reason: 'Wrong customer.' };
    const decided = await gateway.approver.call(
      'POST',
      `/v1/approvals/${waiting.body.id}/decisions`,
      { body },
    );
    expect(decided.body.status).toBe('rejected');
    const ended = await gateway.ended(waiting.body.id);
    expect(ended.body).toMatchObject({
      status: 'rejected',
      problem: { code: 'approval.rejected', detail: 'Wrong customer.' },
    });
    expect(await effectsOf('To be rejected.')).toHaveLength(0);
  });

  it('can be withdrawn while it waits, and not after', async () => {
    const waiting = await gateway.submit(note('To be withdrawn.'));
    const withdrawn = await gateway.agent.call('DELETE', `/v1/actions/${waiting.body.id}`);
    expect(withdrawn.body.status).toBe('withdrawn');
    const late = await gateway.approve(waiting.body.id, waiting.body.digest);
    expect(late.status).toBe(409);
    expect(late.body.code).toBe('approval.closed');
    expect((await gateway.agent.call('DELETE', `/v1/actions/${waiting.body.id}`)).body.status).toBe(
      'withdrawn',
    );
  });

  it('ends before anyone is asked when its record does not exist', async () => {
    const answer = await gateway.submit({
      action: 'create_note',
      contact_id: '99999999',
      note: 'Nobody.',
    });
    expect(answer.status).toBe(404);
    expect(answer.body.code).toBe('record.not_found');
  });

  it('shows the card’s old and new values and changes exactly those', async () => {
    const waiting = await gateway.submit({
      action: 'update_contact',
      contact_id: contactId,
      jobtitle: 'Head of Tests',
    });
    const { card } = (await gateway.approver.call('GET', `/v1/approvals/${waiting.body.id}`)).body;
    expect(card.changes).toEqual([
      expect.objectContaining({ property: 'jobtitle', after: 'Head of Tests' }),
    ]);
    await gateway.approve(waiting.body.id, waiting.body.digest);
    await gateway.ended(waiting.body.id);
    const effect = (await gateway.simulator.effects()).at(-1);
    expect(effect).toMatchObject({ method: 'PATCH', properties: { jobtitle: 'Head of Tests' } });
  });

  it('is stale when the record moved after the card was made: nothing is sent', async () => {
    const waiting = await gateway.submit({
      action: 'update_contact',
      contact_id: contactId,
      phone: '+49 30 1234',
    });
    await gateway.simulator.control('POST', '/edits', {
      object_type: 'contacts',
      id: contactId,
      properties: { phone: '+49 30 9999' },
    });
    const before = (await gateway.simulator.effects()).length;
    await gateway.approve(waiting.body.id, waiting.body.digest);
    const ended = await gateway.ended(waiting.body.id);
    expect(ended.body.problem).toMatchObject({
      code: 'approval.stale',
      detail: expect.stringContaining('contacts.phone'),
    });
    // Who was asked is told which field it was, as the agent is.
    const { body: shown } = await gateway.approver.call('GET', `/v1/approvals/${waiting.body.id}`);
    expect([shown.code, shown.detail]).toEqual([
      'approval.stale',
      'contacts.phone changed since the card was made',
    ]);
    expect((await gateway.simulator.effects()).length).toBe(before);
  });

  it('creates a task and a contact', async () => {
    const task = await gateway.submit({
      action: 'create_task',
      contact_id: contactId,
      subject: 'Call back',
      due: '2026-12-01T15:00:00Z',
    });
    await gateway.approve(task.body.id, task.body.digest);
    expect((await gateway.ended(task.body.id)).body.status).toBe('succeeded');
    const contact = await gateway.submit({
      action: 'create_contact',
      email: 'new.person@acme.test',
      firstname: 'New',
      lastname: 'Person',
    });
    await gateway.approve(contact.body.id, contact.body.digest);
    expect((await gateway.ended(contact.body.id)).body).toMatchObject({
      status: 'succeeded',
      result: { contact: { id: expect.any(String) } },
    });
  });
});

describe('a decision by signal', () => {
  async function signalClient(): Promise<{ client: Client; close(): Promise<void> }> {
    const { context } = gateway;
    const { namespace } = context.config.temporal;
    const codec = createPayloadCodec({ keys: await loadPayloadKeys(context.secrets), namespace });
    const connection = await Connection.connect({ address: inject('temporalAddress') });
    const client = new Client({ connection, namespace, dataConverter: createDataConverter(codec) });
    return { client, close: () => connection.close() };
  }

  it('counts with the person’s code, and only once', async () => {
    const waiting = await gateway.submit(note('Approved by code.'));
    const { client, close } = await signalClient();
    const handle = client.workflow.getHandle(`action/${waiting.body.id}`);
    const { email, totpSecret } = gateway.approver.record;
    await handle.signal('decide', {
      person: email,
      decision: 'approve',
      code: generateSync({ secret: totpSecret }),
    });
    expect((await gateway.ended(waiting.body.id)).body.status).toBe('succeeded');
    expect(await effectsOf('Approved by code.')).toHaveLength(1);
    await close();
  });

  it('without a good code wakes the workflow and nothing else, and is in the log', async () => {
    const waiting = await gateway.submit(note('Forged.'));
    const { client, close } = await signalClient();
    const handle = client.workflow.getHandle(`action/${waiting.body.id}`);
    const { email } = gateway.approver.record;
    await handle.signal('decide', { person: email, decision: 'approve', code: '000000' });
    await handle.signal('decide', {
      person: 'nobody@sallyport.test',
      decision: 'approve',
      code: '000000',
    });
    await handle.signal('decide', 'approve!');
    await expect
      .poll(
        async () => {
          const entries = await gateway.entriesOf(waiting.body.id);
          return entries.filter(({ code }) => code === 'approval.unproven').length;
        },
        { timeout: 10_000 },
      )
      .toBe(3);
    expect((await gateway.agent.call('GET', `/v1/actions/${waiting.body.id}`)).body.status).toBe(
      'awaiting_approval',
    );
    await close();
  });
});
