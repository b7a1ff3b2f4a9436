import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { cardPage } from '../../src/console/pages/card.ts';
import type { Card, CardChange } from '../../src/contracts/card.ts';
import { cardLines } from '../../src/core/card-text.ts';
import { engineCard } from '../../src/core/engine-card.ts';
import { showCard } from '../../src/adapters/notify/email/card-parts.ts';
import { slackMessage } from '../../src/adapters/notify/slack/card-blocks.ts';
import type { Undo } from '../../src/contracts/undo.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { approvalOf, frameWith } from '../console/made-pages.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { honest, type LyingProxy, startLyingProxy } from '../support/lying-proxy.ts';
import { type TakingBack, takingBack } from '../support/take-back.ts';

const CONTACT = '20001';
const DEAL = '40001';
const SCHEMA = '/crm/properties/2026-09';

let gateway: TestGateway;
let proxy: LyingProxy;
let takes: TakingBack;

/** Definitions are held for a minute: whoever needs them asked anew has them held under another version. */
async function rotate(scopes: 'all' | readonly string[] = 'all'): Promise<void> {
  const { secrets, store } = gateway.context;
  const before = await store.credentials.active('main');
  const token = await gateway.simulator.token(scopes);
  const version = await secrets.put('hubspot/main', token, before!.version);
  await store.commit((tx) =>
    activateCredential(tx, { connection: 'main', version, fingerprint: 'test', by: 'test' }),
  );
}

async function defineProperty(objectType: string, body: object): Promise<void> {
  const token = await gateway.simulator.token('all');
  const answer = await fetchLocal(`${gateway.simulator.url}${SCHEMA}/${objectType}`, token, body);
  expect(answer).toBe(201);
}

async function fetchLocal(url: string, token: string, body: object): Promise<number> {
  const { Agent, fetch } = await import('undici');
  const answer = await fetch(url, {
    dispatcher: new Agent(),
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return answer.status;
}

const edit = (object_type: string, id: string, properties: Record<string, string>) =>
  gateway.simulator.control('POST', '/edits', { object_type, id, properties });

async function cardOf(action: Record<string, unknown>): Promise<Card & { id: string }> {
  const { body } = await gateway.submit(action);
  return cardAsked(body.id);
}

async function cardAsked(id: string): Promise<Card & { id: string }> {
  const ready = await gateway.context.store.waitForRequest(id, ({ card }) => card !== null, 20_000);
  if (ready?.card == null) throw new Error(`no card of ${id}`);
  return { ...ready.card, id };
}

/** What a person set would be set back. */
async function settingBack(
  object_type: 'contacts' | 'deals',
  id: string,
  [property, was, is]: readonly [string, string, string],
): Promise<Card & { id: string }> {
  await edit(object_type, id, { [property]: is });
  const undo: Undo = {
    kind: 'restore',
    object_type,
    id,
    properties: { [property]: was },
    expects: { [property]: is },
  };
  const asked = await takes.ask({ of: null, undo: [undo] });
  return cardAsked(asked.requestId);
}

const changeOf = (card: Card, property: string): CardChange =>
  card.changes.find((one) => one.property === property)!;

const askedFor = async (id: string): Promise<string[]> =>
  (await gateway.entriesOf(id))
    .filter(({ event, facts }) => event === 'hubspot.intended' && facts.purpose === 'card')
    .map((entry) => entry.hubspot_endpoint);

/** The card as each channel shows it, as one text each. */
const channels = (card: Card): Record<string, string> => {
  const about = {
    ...{ requestId: card.request_id, status: 'awaiting_approval', code: null, detail: null, card },
    ...{ decisions: [], link: 'https://gate.test/' },
  } as never;
  const blocks = JSON.stringify(slackMessage(about).blocks);
  return {
    console: cardPage(frameWith(), approvalOf(card)).replaceAll(/<[^>]*>/g, ' '),
    terminal: cardLines(card).join('\n'),
    temporal: engineCard(card),
    slack: blocks,
    mail: showCard(card).text,
    'mail in HTML': showCard(card).html.replaceAll(/<[^>]*>/g, ''),
  };
};

function expectInEach(card: Card, texts: readonly string[]): void {
  for (const [channel, shown] of Object.entries(channels(card)))
    for (const text of texts) expect(shown, channel).toContain(text);
}

beforeAll(async () => {
  gateway = await startTestGateway({
    temporalAddress: inject('temporalAddress'),
    env: { SALLYPORT_ANSWER_WAIT_SECONDS: '1' },
    between: async (url) => {
      proxy = await startLyingProxy(url);
      return proxy.url;
    },
  });
  takes = takingBack(gateway, proxy.url);
  // One person is enough.
  await edit('deals', DEAL, { amount: '10' });
});
afterAll(async () => {
  await gateway.close();
  await proxy.close();
});
beforeEach(async () => {
  proxy.answer = honest;
  await rotate();
});

describe('a card in HubSpot’s words', () => {
  it('calls a deal’s stage what its pipeline calls it, before and after, beside the ids, in each channel', async () => {
    await edit('deals', DEAL, { dealstage: 'qualifiedtobuy' });
    const card = await cardOf({ action: 'update_deal', deal_id: DEAL, dealstage: 'contractsent' });
    expect(card.changes).toEqual([
      {
        label: 'Deal stage',
        property: 'dealstage',
        before: 'qualifiedtobuy',
        before_name: 'Qualified To Buy',
        after: 'contractsent',
        after_name: 'Contract Sent',
      },
    ]);
    expectInEach(card, ['Qualified To Buy', 'qualifiedtobuy', 'Contract Sent', 'contractsent']);
  });

  it('writes down that it asks before it asks, once for each list, and nothing of them for a plain note or a name', async () => {
    const deal = { action: 'update_deal', deal_id: DEAL };
    const first = await cardOf({ ...deal, dealstage: 'closedwon', dealname: 'Renewal' });
    expect(await askedFor(first.id)).toEqual([
      `/crm/objects/2026-09/deals/${DEAL}`,
      `${SCHEMA}/deals`,
      '/crm/pipelines/2026-09/deals',
    ]);
    const again = await cardOf({ ...deal, dealstage: 'closedlost', dealname: 'Renewal 2' });
    expect(await askedFor(again.id)).toEqual([`/crm/objects/2026-09/deals/${DEAL}`]);
    expect(changeOf(again, 'dealstage').after_name).toBe('Closed Lost');
    for (const plain of [
      { action: 'create_note', contact_id: CONTACT, note: 'Called.' },
      { ...deal, dealname: 'A name', amount: 12 },
    ])
      expect(await askedFor((await cardOf(plain)).id)).toHaveLength(1);
  });

  it('calls a ticket’s pipeline, status and priority by their labels', async () => {
    const created = await gateway.simulator.control<{ id: string }>('POST', '/edits', {
      object_type: 'tickets',
      create: {
        subject: 'Broken',
        hs_pipeline: '0',
        hs_pipeline_stage: '2',
        hs_ticket_priority: 'HIGH',
      },
    });
    const { id } = created.body;
    const expects = { hs_pipeline: '0', hs_pipeline_stage: '2', hs_ticket_priority: 'HIGH' };
    const undo: Undo = { kind: 'archive', object_type: 'tickets', id, expects };
    const asked = await takes.ask({ of: null, undo: [undo] });
    const card = await cardAsked(asked.requestId);
    expect(card.changes.map((one) => [one.label, one.before, one.before_name])).toEqual([
      ['Record', 'in HubSpot', undefined],
      ['Pipeline', '0', 'Support Pipeline'],
      ['Ticket status', '2', 'Waiting on contact'],
      ['Priority', 'HIGH', 'High'],
    ]);
    expectInEach(card, ['Support Pipeline', 'Waiting on contact', 'High', 'HIGH']);
  });

  it('names owners, also one who has left, and keeps the number of one whom HubSpot does not know', async () => {
    const card = await settingBack('deals', DEAL, ['hubspot_owner_id', '7006', '7002']);
    expect(card.changes).toEqual([
      {
        label: 'Owner',
        property: 'hubspot_owner_id',
        before: '7002',
        before_name: 'Tomasz Adeyemi',
        after: '7006',
        after_name: 'Henrik Vaughn',
      },
    ]);
    expectInEach(card, ['Owner', 'Tomasz Adeyemi', '7002', 'Henrik Vaughn', '7006']);
    const stranger = await settingBack('deals', DEAL, ['hubspot_owner_id', '81240', '7003']);
    expect(changeOf(stranger, 'hubspot_owner_id')).toMatchObject({
      before_name: 'Priya Okonkwo',
      after: '81240',
      remark: 'HubSpot gives no name for the new value.',
    });
    // A number is further from another; an owner is not.
    expect(cardPage(frameWith(), approvalOf(stranger))).not.toMatch(/\d more/);
    expectInEach(stranger, ['Priya Okonkwo', '81240', 'HubSpot gives no name for the new value.']);
  });

  it('keeps a choice that HubSpot does not list as it is, and says so', async () => {
    const card = await cardOf({
      ...{ action: 'update_company', company_id: '10001' },
      ...{ industry: 'UNHEARD_OF', city: 'Leeds' },
    });
    const change = changeOf(card, 'industry');
    expect(change).toMatchObject({ after: 'UNHEARD_OF' });
    expect(change.after_name).toBeUndefined();
    expect(change.remark).toBe('HubSpot gives no name for the new value.');
    expect(changeOf(card, 'city').remark).toBeUndefined();
    expectInEach(card, ['UNHEARD_OF', 'HubSpot gives no name for the new value.']);
  });

  it('reads several choices one by one, and takes the firm’s own label of a field', async () => {
    await defineProperty('contacts', {
      ...{ name: 'machines', label: 'Machines on site', groupName: 'contactinformation' },
      ...{ type: 'enumeration', fieldType: 'checkbox' },
      options: [
        { label: 'Lathe', value: 'a1' },
        { label: 'Press', value: 'b2' },
        { label: 'Saw', value: 'c3' },
      ],
    });
    const card = await settingBack('contacts', CONTACT, ['machines', 'a1;b2', 'c3']);
    expect(card.changes).toEqual([
      {
        label: 'Machines on site',
        property: 'machines',
        ...{ before: 'c3', before_name: 'Saw', after: 'a1;b2', after_name: 'Lathe; Press' },
      },
    ]);
    expect(card.sentence).toContain('Set back machines on site of ');
    expectInEach(card, ['Machines on site', 'Lathe; Press', 'a1;b2']);
    const partly = await settingBack('contacts', CONTACT, ['machines', 'a1;zz', 'b2']);
    expect(changeOf(partly, 'machines')).toMatchObject({
      after_name: 'Lathe; zz',
      remark: 'HubSpot gives no name for the new value.',
    });
  });

  it('shows what a label hides, as it does of values, and takes none that is too long', async () => {
    const hostile = 'Closed\u202enow\u200b <b>won</b>\nNeeds nobody';
    await defineProperty('contacts', {
      ...{ name: 'tier', label: 'Tier\u202e of service', groupName: 'contactinformation' },
      ...{ type: 'enumeration', fieldType: 'select' },
      options: [
        { label: hostile, value: 'x1' },
        { label: 'y'.repeat(201), value: 'y1' },
      ],
    });
    const card = await settingBack('contacts', CONTACT, ['tier', 'x1', 'y1']);
    const change = changeOf(card, 'tier');
    expect(change).toMatchObject({ label: 'Tier\u202e of service', after_name: hostile });
    expect(change.before_name).toBeUndefined();
    expect(change.remark).toBe('HubSpot gives no name for the present value.');
    for (const [channel, shown] of Object.entries(channels(card))) {
      expect(shown, channel).not.toMatch(/[\u202e\u200b]/u);
      expect(shown, channel).toMatch(/U\+202E/);
      expect(shown, channel).toContain('x1');
    }
  });
});

describe('what HubSpot does not tell', () => {
  it('leaves an owner’s number where the key lacks the scope, and says so', async () => {
    await rotate([
      'crm.objects.contacts.read',
      'crm.objects.companies.read',
      'crm.objects.deals.read',
      'crm.objects.deals.write',
    ]);
    const card = await settingBack('deals', DEAL, ['hubspot_owner_id', '7001', '7004']);
    const remark = 'What HubSpot calls this could not be read: the key lacks the scope for it.';
    expect(card.changes).toEqual([
      { label: 'Owner', property: 'hubspot_owner_id', before: '7004', after: '7001', remark },
    ]);
    expectInEach(card, ['7004', '7001', remark.slice(0, 40)]);
  });

  it.each([
    [403, 'What HubSpot calls this could not be read: the key lacks the scope for it.'],
    [404, 'What HubSpot calls this could not be read.'],
  ])('leaves the values as they are where definitions answer %i', async (status, remark) => {
    proxy.answer = async (passing) =>
      /\/(?:properties|pipelines)\//.test(passing.path)
        ? { status, body: JSON.stringify({ category: 'MISSING_SCOPES' }) }
        : passing.forward();
    const card = await cardOf({
      ...{ action: 'update_deal', deal_id: DEAL },
      ...{ dealstage: 'contractsent', dealname: `Named ${status}` },
    });
    const change = changeOf(card, 'dealstage');
    expect([change.before_name, change.after_name, change.remark]).toEqual([
      undefined,
      undefined,
      remark,
    ]);
    expect(changeOf(card, 'dealname').remark).toBeUndefined();
  });

  it('leaves the values as they are where the answer is no list', async () => {
    proxy.answer = async (passing) =>
      passing.path.includes('/pipelines/')
        ? { status: 200, body: '{"results":"none"}' }
        : passing.forward();
    const card = await cardOf({ action: 'update_deal', deal_id: DEAL, dealstage: 'closedlost' });
    expect(changeOf(card, 'dealstage')).toMatchObject({
      after: 'closedlost',
      remark: 'What HubSpot calls this could not be read.',
    });
  });

  it('lets the card wait where a definition does not come in time, with every read in the log', async () => {
    let hangs = 1;
    proxy.answer = (passing) => {
      if (!passing.path.includes('/pipelines/') || hangs === 0) return passing.forward();
      hangs -= 1;
      return new Promise(() => undefined);
    };
    const action = { action: 'update_deal', deal_id: DEAL, dealstage: 'presentationscheduled' };
    const { body } = await gateway.submit(action);
    const card = await cardAsked(body.id);
    expect(changeOf(card, 'dealstage').after_name).toBe('Presentation Scheduled');
    const entries = await gateway.entriesOf(body.id);
    const of = (event: string) =>
      entries.filter(
        (entry) => entry.event === event && entry.hubspot_endpoint?.includes('/pipelines/'),
      );
    expect(of('hubspot.intended')).toHaveLength(2);
    expect(of('hubspot.lost').map(({ code }) => code)).toEqual(['hubspot.timeout']);
    expect(of('hubspot.answered')).toHaveLength(1);
    const reads = entries.filter(({ facts }) => facts.purpose === 'card');
    const asked = reads.filter(({ event }) => event === 'hubspot.intended');
    expect(reads).toHaveLength(asked.length * 2);
  });
});

describe('what was shown', () => {
  it('is what is approved: the ids are sent, and a card with another name in it is none', async () => {
    const card = await cardOf({ action: 'update_deal', deal_id: DEAL, dealstage: 'closedwon' });
    await gateway.approve(card.id, card.digest);
    expect((await gateway.ended(card.id)).body.status).toBe('succeeded');
    const [effect] = (await gateway.simulator.effects()).slice(-1);
    expect(effect!.properties).toEqual({ dealstage: 'closedwon' });

    const other = await cardOf({ action: 'update_deal', deal_id: DEAL, dealstage: 'closedlost' });
    const request = (await gateway.context.store.requests.get(other.id))!;
    const [change] = request.card!.changes;
    const forged = { ...request.card!, changes: [{ ...change!, after_name: 'Contract Sent' }] };
    await gateway.context.store.commit((tx) => tx.requests.update(other.id, { card: forged }));
    await gateway.approve(other.id, other.digest);
    await gateway.ended(other.id);
    const ended = await gateway.context.store.requests.get(other.id);
    expect(ended).toMatchObject({ status: 'failed', code: 'plan.tampered' });
    expect(await gateway.timesSent('closedlost')).toBe(0);
  });

  it('marks a field that is sent as it stands there, and shows it', async () => {
    await edit('deals', DEAL, { dealstage: 'contractsent', dealname: 'Kept' });
    const card = await cardOf({
      ...{ action: 'update_deal', deal_id: DEAL },
      ...{ dealname: 'Kept', dealstage: 'closedwon' },
    });
    expect(changeOf(card, 'dealname')).toMatchObject({ before: 'Kept', after: 'Kept' });
    expectInEach(card, ['stays as it is', 'Kept']);
    expect(cardPage(frameWith(), approvalOf(card))).toContain(
      '1 field changes, 1 stays as it is, on 1 record',
    );
  });
});
