import { Agent, request as send } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type Answering, type LyingProxy, startLyingProxy } from '../support/lying-proxy.ts';
import { takingBack, type TakingBack } from '../support/take-back.ts';

/** Also when the simulator hangs up. */
const through: Answering = (passing) => passing.forward().catch(() => undefined);

let gateway: TestGateway;
let proxy: LyingProxy;
let taking: TakingBack;

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    between: async (simulatorUrl) => {
      proxy = await startLyingProxy(simulatorUrl);
      return proxy.url;
    },
  });
  taking = takingBack(gateway, proxy.url);
  proxy.answer = through;
});
afterAll(async () => {
  await gateway.close();
  await proxy.close();
});
afterEach(() => {
  proxy.answer = through;
});

/** A label that the people of the simulator's account made for themselves. */
const BILLING_CONTACT = 31;

/** Records of the simulator's seed, one for each test, so that none makes another's stale. */
let next = 20_050;
const contact = (): string => String((next += 1));

const edit = (id: string, properties: Record<string, string>, object_type = 'contacts') =>
  gateway.simulator.control('POST', '/edits', { object_type, id, properties });

async function hubspot(method: string, path: string, body?: unknown): Promise<any> {
  const dispatcher = new Agent();
  const answer = await send(`${gateway.simulator.url}/crm/objects/2026-09${path}`, {
    dispatcher,
    method: method as 'GET',
    headers: {
      authorization: `Bearer ${await gateway.simulator.token('all')}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.body.text();
  await dispatcher.close();
  return text === '' ? {} : JSON.parse(text);
}
const held = async (id: string, property: string): Promise<string> =>
  (await hubspot('GET', `/contacts/${id}?properties=${property}`)).properties?.[property] ?? '';

const effectsSince = async (seq: number) =>
  (await gateway.simulator.effects(seq)).filter(({ source }) => source === 'api');
const effectCount = async (): Promise<number> =>
  (await gateway.simulator.effects()).at(-1)?.seq ?? 0;

const update = (contact_id: string, more: object = { jobtitle: 'Unwanted' }) =>
  taking.written({ action: 'update_contact', contact_id, ...more });

async function asked(id: string): Promise<string> {
  const [request = ''] = await taking.askAll([id]);
  expect(request).toMatch(/^act_/);
  return request;
}

/** A person is faster than every further read of this record for a card or a begin. How many there were. */
function editingBeforeReads(id: string): () => number {
  let edits = 0;
  proxy.answer = async (passing) => {
    const { method, path } = passing;
    const isOfPlan = path.includes('propertiesWithHistory');
    if (method === 'GET' && path.includes(`/contacts/${id}`) && !isOfPlan) {
      edits += 1;
      await edit(id, { jobtitle: 'By a person' });
    }
    return passing.forward();
  };
  return () => edits;
}

describe('law 12: what somebody has changed since', () => {
  it('is left alone and named, and the rest is set back', async () => {
    const id = contact();
    const [title, phone] = [await held(id, 'jobtitle'), await held(id, 'phone')];
    const written = await update(id, { jobtitle: 'Unwanted', phone: '+1 555 0100' });
    await edit(id, { phone: '+1 555 0199' });
    const plan = await taking.plan([written]);
    expect(plan.left_alone).toMatchObject([
      {
        of: written,
        id,
        property: 'phone',
        written: '+1 555 0100',
        present: '+1 555 0199',
        changed_by: { source: 'CRM_UI', source_id: 'userId:70002' },
      },
    ]);
    const { status } = await taking.carryOut(await asked(written));
    expect(status).toBe('succeeded');
    expect(await held(id, 'jobtitle')).toBe(title);
    expect(await held(id, 'phone')).toBe('+1 555 0199');
    expect(phone).not.toBe('+1 555 0199');
    const again = await taking.plan([written]);
    expect(again).toMatchObject({ to_take_back: [], done: 1 });
    expect(again.left_alone).toHaveLength(1);
  });

  it('before the card is made: nobody is asked to overwrite it', async () => {
    const id = contact();
    const written = await update(id);
    const edits = editingBeforeReads(id);
    const request = await asked(written);
    const seq = await effectCount();
    expect(await taking.ended(request)).toMatchObject({
      status: 'refused',
      code: 'approval.stale',
    });
    expect(edits()).toBe(1);
    expect(await effectsSince(seq)).toEqual([]);
    expect((await gateway.entriesOf(request)).map(({ event }) => event)).not.toContain(
      'approval.requested',
    );
  });

  it('between the card and the approval: nothing is sent', async () => {
    const id = contact();
    const request = await asked(await update(id));
    await taking.card(request);
    await edit(id, { jobtitle: 'By a person' });
    expect(await taking.carryOut(request)).toMatchObject({ code: 'approval.stale' });
    expect(await held(id, 'jobtitle')).toBe('By a person');
  });

  it('between the approval and the begin: nothing is sent', async () => {
    const id = contact();
    const request = await asked(await update(id));
    await taking.card(request);
    const edits = editingBeforeReads(id);
    expect(await taking.carryOut(request)).toMatchObject({ code: 'approval.stale' });
    expect(edits()).toBe(1);
    expect(await held(id, 'jobtitle')).toBe('By a person');
  });

  it('by merging the record away: nothing is sent, and the plan says where it went', async () => {
    const [id, primary] = [contact(), contact()];
    const written = await update(id);
    const request = await asked(written);
    await taking.card(request);
    await hubspot('POST', '/contacts/merge', { primaryObjectId: primary, objectIdToMerge: id });
    const seq = await effectCount();
    expect(await taking.carryOut(request)).toMatchObject({ code: 'record.not_found' });
    expect(await effectsSince(seq)).toEqual([]);
    expect(await taking.plan([written])).toMatchObject({
      to_take_back: [],
      not_revertible: [{ id, reason: expect.stringContaining(`merged into ${primary}`) }],
    });
  });

  it('on a created record that was filled in: it is not archived', async () => {
    const email = `law12-${Date.now()}@acme.test`;
    const written = await taking.written({ action: 'create_contact', email, lastname: 'Rogue' });
    const [row] = await gateway.context.store.ledger.of(written);
    await edit(row?.objectId ?? '', { phone: '+1 555 0123' });
    const plan = await taking.plan([written]);
    expect(plan.to_take_back).toEqual([]);
    expect(plan.left_alone).toMatchObject([
      { property: 'phone', written: null, present: '+1 555 0123' },
    ]);
  });

  it('on a created record after the card: it is not archived', async () => {
    const email = `law12-later-${Date.now()}@acme.test`;
    const request = await asked(await taking.written({ action: 'create_contact', email }));
    const { card } = await taking.card(request);
    // What removes something is looked at as that, whoever asks for it.
    expect(card.risk).toBe('destructive');
    await edit(card.records[0]?.id ?? '', { phone: '+1 555 0123' });
    expect(await taking.carryOut(request)).toMatchObject({ code: 'approval.stale' });
  });

  it('by a label on an association: it stays, before the plan and after the card', async () => {
    const [one, other] = [contact(), contact()];
    const write = { action: 'associate_records', company_id: '10003' };
    const [first, second] = [
      await taking.written({ ...write, contact_id: one }),
      await taking.written({ ...write, contact_id: other }),
    ];
    const label = (id: string) =>
      hubspot('PUT', `/contacts/${id}/associations/companies/10003`, [
        { associationCategory: 'USER_DEFINED', associationTypeId: BILLING_CONTACT },
      ]);
    await label(one);
    expect(await taking.plan([first])).toMatchObject({
      to_take_back: [],
      not_revertible: [{ id: one, reason: expect.stringContaining('label') }],
    });
    const request = await asked(second);
    await taking.card(request);
    await label(other);
    expect(await taking.carryOut(request)).toMatchObject({ code: 'approval.stale' });
  });
});

describe('taking back', () => {
  it('asked for twice is one request, and none when it is done', async () => {
    const id = contact();
    const written = await update(id);
    const [order] = (await taking.plan([written])).to_take_back;
    if (order === undefined) throw new Error('there is nothing to take back');
    const first = await taking.ask(order);
    expect(await taking.ask({ ...order, reason: 'Again.' })).toEqual({ ...first, kind: 'waiting' });
    await taking.carryOut(first.requestId);
    expect(await taking.ask(order)).toEqual({ kind: 'nothing', requestId: first.requestId });
    // The same value was written once more, by whoever: it is another thing to take back.
    await edit(id, { jobtitle: 'Unwanted' });
    const again = await taking.ask(order);
    expect(again).toMatchObject({ kind: 'asked' });
    expect(again.requestId).not.toBe(first.requestId);
    expect(await taking.carryOut(again.requestId)).toMatchObject({ status: 'succeeded' });
  });

  it('can itself be taken back, where a value was set back', async () => {
    const id = contact();
    const request = await asked(await update(id));
    await taking.carryOut(request);
    expect(await taking.carryOut(await asked(request))).toMatchObject({ status: 'succeeded' });
    expect(await held(id, 'jobtitle')).toBe('Unwanted');
  });

  it('of several steps is one request of several, in reverse, archives among them', async () => {
    const id = contact();
    const before = await held(id, 'jobtitle');
    const written = await taking.written({
      action: 'write_several',
      steps: [
        { action: 'create_note', contact_id: id, note: 'Rogue one.' },
        { action: 'update_contact', contact_id: id, jobtitle: 'First' },
        { action: 'create_note', contact_id: id, note: 'Rogue two.' },
        { action: 'update_contact', contact_id: id, jobtitle: 'Second' },
      ],
    });
    const seq = await effectCount();
    const ended = await taking.carryOut(await asked(written));
    expect(ended).toMatchObject({ status: 'succeeded' });
    expect((await effectsSince(seq)).map(({ effect }) => effect)).toEqual([
      'update',
      'archive',
      'archive',
    ]);
    expect(await held(id, 'jobtitle')).toBe(before);
    expect(await taking.plan([written])).toMatchObject({ to_take_back: [], left_alone: [] });
  });

  it.each(['commit_then_drop', 'drop'])(
    'an archive whose answer was lost (%s) is settled, and done once',
    async (mode) => {
      const id = contact();
      const request = await asked(
        await taking.written({ action: 'create_note', contact_id: id, note: `Lost ${mode}.` }),
      );
      await taking.card(request);
      const seq = await effectCount();
      await gateway.fault({ method: 'DELETE', path: '/notes/' }, mode);
      expect(await taking.carryOut(request)).toMatchObject({ status: 'succeeded' });
      expect((await effectsSince(seq)).map(({ effect }) => effect)).toEqual(['archive']);
      const [row] = await gateway.context.store.ledger.of(request);
      expect(row).toMatchObject({ objectType: 'notes', after: { archived: 'true' } });
    },
    90_000,
  );

  it.each(['commit_then_drop', 'drop'])(
    'the end of an association whose answer was lost (%s) is settled, and done once',
    async (mode) => {
      const id = contact();
      const write = { action: 'associate_records', contact_id: id, company_id: '10004' };
      const request = await asked(await taking.written(write));
      await taking.card(request);
      const seq = await effectCount();
      await gateway.fault({ method: 'DELETE', path: '/associations/' }, mode);
      expect(await taking.carryOut(request)).toMatchObject({ status: 'succeeded' });
      expect((await effectsSince(seq)).map(({ effect }) => effect)).toEqual(['dissociate']);
      const [row] = await gateway.context.store.ledger.of(request);
      expect(row).toMatchObject({
        objectId: id,
        before: { 'associations.companies.10004': 'linked' },
        after: { 'associations.companies.10004': '' },
      });
    },
    90_000,
  );
});

describe('the gateway’s own agent', () => {
  const order = {
    of: null,
    undo: [
      {
        kind: 'restore' as const,
        object_type: 'contacts' as const,
        id: '20001',
        properties: { jobtitle: 'x' },
        expects: { jobtitle: 'y' },
      },
    ],
  };

  it('alone may ask for it, whatever policy says of writes', async () => {
    const { body } = await gateway.submit({ action: 'take_back', ...order });
    expect(body).toMatchObject({ code: 'policy.denied' });
    const tools = await gateway.agent.call('GET', '/v1/tools?format=openai');
    expect(JSON.stringify(tools.body)).not.toContain('take_back');
  });

  it('is nobody who could come with a key, and is not revoked by mistake', async () => {
    const { store } = gateway.context;
    const own = (await store.agents.list()).rows.find(({ name }) => name === 'sallyport');
    expect(own).toMatchObject({ groups: ['sallyport'], keyHash: '' });
    const key = `spa_${own?.id.slice(4)}_${'A'.repeat(43)}`;
    expect((await gateway.caller(key)('GET', '/v1/tools')).status).toBe(401);
    const { revokeAgent } = await import('../../src/gate/roster.ts');
    await expect(
      store.commit((tx) => revokeAgent(tx, { id: own?.id ?? '', by: 'test' })),
    ).rejects.toMatchObject({ code: 'policy.denied' });
  });

  it('is stopped by a freeze like any other, and goes through that of an open incident alone', async () => {
    const { call } = gateway.approver;
    const written = await update(contact());
    const plan = await taking.plan([written]);
    const ask = () => taking.ask(plan.to_take_back[0]!);
    const refused = { kind: 'refused', code: 'freeze.active' };
    const byHand = (await call('POST', '/v1/freezes', { body: { reason: 'x' } })).body.id;
    await expect(taking.plan([written])).rejects.toMatchObject({ code: 'freeze.active' });
    expect(await ask()).toMatchObject(refused);
    const incident = (await call('POST', '/v1/incidents', { body: { reason: 'x' } })).body.id;
    expect(await ask()).toMatchObject(refused);
    await call('DELETE', `/v1/freezes/${byHand}`);
    expect(await ask()).toMatchObject({ kind: 'asked' });
    await expect
      .poll(async () => (await call('GET', `/v1/incidents/${incident}`)).body.stage)
      .toBe('rotating');
    await call('POST', `/v1/incidents/${incident}/false-alarm`, { body: { reason: 'x' } });
    const second = await gateway.addPerson('Sam Field', ['operator']);
    expect(
      (await second.call('POST', `/v1/incidents/${incident}/resume`, { body: {} })).status,
    ).toBe(200);
  });

  it('asks for whoever wanted it, who may not approve it then', async () => {
    const written = await update(contact());
    const [one] = (await taking.plan([written])).to_take_back;
    const { email } = gateway.approver.record;
    const { requestId } = await taking.ask({ ...one!, userId: email });
    const { card } = await taking.card(requestId);
    const answer = await gateway.approve(requestId, card.digest);
    expect(answer.body.code).toBe('approval.own_request');
  });
});
