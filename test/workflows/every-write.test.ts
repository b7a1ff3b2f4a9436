import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { ACTIONS, findAction } from '../../src/actions/catalogue.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
/** A deal of little money: one approval is enough for it. */
let dealId: string;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
  // Search lags as HubSpot's does: whoever settled by search would write twice.
  await gateway.simulator.control('POST', '/lag', { ms: 30_000 });
  const { body } = await gateway.submit({ action: 'search_deal', name: 'onboarding workshop' });
  dealId = body.result.deals[0].id;
});
afterAll(() => gateway.close());
afterEach(() => gateway.simulator.control('DELETE', '/faults'));

interface Write {
  /** `run` tells one run from the next, so that each has an effect of its own. */
  readonly action: (run: string) => Record<string, unknown>;
  readonly method: 'POST' | 'PATCH' | 'PUT';
  readonly path: string;
  /** What HubSpot's ledger says of it. */
  readonly effect: (run: string) => Record<string, unknown>;
}

const DUE = '2026-12-01T15:00:00Z';
/** Runs associate different companies: a second time would have no effect to count. */
const COMPANIES: Record<string, string> = { plain: '10002', lost: '10003', dropped: '10004' };

const WRITES: Record<string, Write> = {
  create_note: {
    action: (run) => ({ ticket_id: '50001', note: `Note ${run}` }),
    method: 'POST',
    path: '/notes',
    effect: (run) => ({ hs_note_body: expect.stringContaining(`Note ${run}<br>`) }),
  },
  create_task: {
    action: (run) => ({ ticket_id: '50001', subject: `Task ${run}`, due: DUE }),
    method: 'POST',
    path: '/tasks',
    effect: (run) => ({ hs_task_subject: `Task ${run}` }),
  },
  log_call: {
    action: (run) => ({
      deal_id: dealId,
      title: `Call ${run}`,
      at: '2026-11-20T10:00:00Z',
      direction: 'incoming',
      duration_seconds: 60,
    }),
    method: 'POST',
    path: '/calls',
    effect: (run) => ({ hs_call_title: `Call ${run}`, hs_call_direction: 'INBOUND' }),
  },
  create_contact: {
    action: (run) => ({ email: `${run}.person@acme.test`, lastname: 'Person' }),
    method: 'POST',
    path: '/contacts',
    effect: (run) => ({ email: `${run}.person@acme.test` }),
  },
  update_contact: {
    action: (run) => ({ contact_id: '20001', jobtitle: `Title ${run}` }),
    method: 'PATCH',
    path: '/contacts/20001',
    effect: (run) => ({ jobtitle: `Title ${run}` }),
  },
  update_company: {
    action: (run) => ({ company_id: '10001', city: `City ${run}` }),
    method: 'PATCH',
    path: '/companies/10001',
    effect: (run) => ({ city: `City ${run}` }),
  },
  create_deal: {
    action: (run) => ({
      company_id: '10001',
      dealname: `Deal ${run}`,
      dealstage: 'qualifiedtobuy',
      amount: 4_000.5,
    }),
    method: 'POST',
    path: '/deals',
    effect: (run) => ({ dealname: `Deal ${run}`, amount: '4000.5' }),
  },
  update_deal: {
    action: (run) => ({ deal_id: dealId, dealname: `Renamed ${run}` }),
    method: 'PATCH',
    path: '/deals/',
    effect: (run) => ({ dealname: `Renamed ${run}` }),
  },
  associate_records: {
    action: (run) => ({ contact_id: '20001', company_id: COMPANIES[run] }),
    method: 'PUT',
    path: '/associations/default/companies/',
    effect: () => ({}),
  },
};

const effectCount = async (): Promise<number> => (await gateway.simulator.effects()).length;

interface Ran {
  readonly ended: Record<string, any>;
  readonly effects: Awaited<ReturnType<TestGateway['simulator']['effects']>>;
  readonly events: string[];
}

/** Submits, approves and follows to the end; the effects are those since then. */
async function run(name: string, write: Write, label: string, fault?: string): Promise<Ran> {
  const { status, body } = await gateway.submit({ action: name, ...write.action(label) });
  expect([status, body.status]).toEqual([202, 'awaiting_approval']);
  const before = await effectCount();
  const match = { method: write.method, path: write.path };
  if (fault !== undefined)
    await gateway.simulator.control('POST', '/faults', { match, mode: fault, times: 1 });
  await gateway.approve(body.id, body.digest);
  const ended = (await gateway.ended(body.id, 40_000)).body;
  const effects = (await gateway.simulator.effects()).slice(before);
  const events = (await gateway.entriesOf(body.id)).map(({ event }) => event as string);
  return { ended, effects, events };
}

const writes = Object.entries(WRITES).map(([name, write]) => ({ name, write }));

describe('every write of the catalogue', () => {
  it('is run here', () => {
    const names = ACTIONS.filter(({ risk }) => risk !== 'read').map(({ name }) => name);
    expect(Object.keys(WRITES).toSorted()).toEqual(names.toSorted());
  });

  it.each(writes)('$name is in HubSpot once after its approval', async ({ name, write }) => {
    const { ended, effects } = await run(name, write, 'plain');
    expect(ended['status']).toBe('succeeded');
    expect(effects).toMatchObject([{ method: write.method, properties: write.effect('plain') }]);
    const [row] = await gateway.context.store.ledger.of(ended['id']);
    expect(row?.objectId).toBe(effects[0]?.object_id);
    expect(row?.objectType).toBe(effects[0]?.object_type);
    const { plan } = (await gateway.context.store.requests.get(ended['id'])) ?? {};
    if (plan == null || row === undefined) throw new Error('nothing was recorded');
    const kinds = { POST: 'archive', PATCH: 'restore', PUT: 'dissociate' };
    expect(findAction(name)?.undo?.(plan, [row])).toMatchObject([{ kind: kinds[write.method] }]);
  });

  it.each(writes)(
    '$name is settled when its answer was lost, and is there once',
    async ({ name, write }) => {
      const { ended, effects, events } = await run(name, write, 'lost', 'commit_then_drop');
      expect(ended['status']).toBe('succeeded');
      expect(events).toContain('hubspot.settled');
      expect(effects).toMatchObject([{ method: write.method, properties: write.effect('lost') }]);
      const rows = await gateway.context.store.ledger.of(ended['id']);
      expect(rows.map(({ objectId }) => objectId)).toEqual([effects[0]?.object_id]);
    },
    60_000,
  );

  it.each(writes)(
    '$name is sent again when it did not arrive, and is there once',
    async ({ name, write }) => {
      const { ended, effects, events } = await run(name, write, 'dropped', 'drop');
      expect(ended['status']).toBe('succeeded');
      expect(events.filter((event) => event === 'hubspot.absent').length).toBeGreaterThan(2);
      expect(effects).toMatchObject([
        { method: write.method, properties: write.effect('dropped') },
      ]);
    },
    60_000,
  );
});

describe('an association', () => {
  const submit = () =>
    gateway.submit({ action: 'associate_records', contact_id: '20002', company_id: '10005' });

  it('says on the card and in the ledger whether it was there before', async () => {
    for (const before of ['', 'linked']) {
      const { body } = await submit();
      const { card } = (await gateway.approver.call('GET', `/v1/approvals/${body.id}`)).body;
      const property = 'associations.companies.10005';
      expect(card.changes).toEqual([{ label: 'Association', property, before, after: 'linked' }]);
      await gateway.approve(body.id, body.digest);
      expect((await gateway.ended(body.id)).body.result).toEqual({
        associated: [
          { object_type: 'contacts', id: '20002' },
          { object_type: 'companies', id: '10005' },
        ],
      });
      expect(await gateway.context.store.ledger.of(body.id)).toMatchObject([
        { objectId: '20002', before: { [property]: before }, after: { [property]: 'linked' } },
      ]);
    }
  });
});
