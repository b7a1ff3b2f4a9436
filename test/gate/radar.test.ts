import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { objectsPath, recordPath } from '../../src/core/hubspot-paths.ts';
import { type RogueChange, VERSIONS_KEPT_MIN } from '../../src/core/rogue-change.ts';
import { recordSweep } from '../../src/gate/radar-record.ts';
import type { RadarReport, SweepOptions } from '../../src/gate/radar.ts';
import type { Crm } from '../../src/ports/crm.ts';
import { requestId } from '../adapters/store/fixtures.ts';
import { atRevert } from '../support/incidents.ts';
import { logEntries } from '../support/log-entries.ts';
import { radarHouse, type RadarHouse } from '../support/radar.ts';

let house: RadarHouse;
/** Each test looks at what it has done itself. */
let from: Date;
beforeAll(async () => {
  house = await radarHouse();
});
afterAll(() => house.close());
beforeEach(() => {
  from = new Date();
});

const sweep = (
  change: Partial<SweepOptions> = {},
  parts: Parameters<RadarHouse['sweep']>[1] = {},
): Promise<RadarReport> => house.sweep({ from, ...change }, parts);

const names = (changes: readonly RogueChange[]): string[] =>
  changes.map(({ kind, objectType, objectId }) => `${kind} ${objectType}/${objectId}`).toSorted();

const rogueUpdate = (type: string, id: string, properties: object) =>
  house.api('PATCH', recordPath(type, id), { properties });
const rogueCreate = async (type: string, properties: object): Promise<string> =>
  (await house.api('POST', objectsPath(type), { properties })).id;
const rogueArchive = (type: string, id: string) => house.api('DELETE', recordPath(type, id));

const newContact = async (name = 'Plain'): Promise<string> =>
  (await house.person({ object_type: 'contacts', create: { firstname: name, lastname: 'Person' } }))
    .id;

describe('a sweep', () => {
  it('finds what was done with the token and is not in the ledger, and nothing else', async () => {
    const [changed, edited, archived] = [
      await newContact(),
      await newContact(),
      await newContact(),
    ];
    const timestamp = new Date().toISOString();
    await rogueUpdate('contacts', changed, { city: 'Rogue', phone: '1' });
    const note = await rogueCreate('notes', { hs_timestamp: timestamp, hs_note_body: 'Rogue.' });
    await rogueArchive('contacts', archived);
    await house.update('contacts', edited, { city: 'Basel' });
    const own = { hs_timestamp: timestamp, hs_note_body: 'Ours.<br>[sallyport act_1]' };
    const ours = await house.create('notes', own);
    const deal = await house.create('deals', { dealname: 'Ours', dealstage: 'closedwon' });
    await house.person({ object_type: 'contacts', id: edited, properties: { city: 'Chur' } });
    await house.person({ object_type: 'deals', id: deal, properties: { amount: '9' } });
    await house.person({ object_type: 'contacts', id: await newContact(), archive: true });
    const other = await house.simulator.token('all');
    await house.api('PATCH', recordPath('contacts', edited), { properties: { zip: '7' } }, other);
    await house.api('POST', objectsPath('companies'), { properties: { name: 'Theirs' } }, other);

    const report = await sweep();
    expect(names(report.rogue)).toEqual(
      [
        `archived contacts/${archived}`,
        `changed contacts/${changed}`,
        `created notes/${note}`,
      ].sort(),
    );
    expect(report.rogue.find(({ objectId }) => objectId === changed)).toMatchObject({
      recordName: 'Plain Person',
      properties: { city: { before: null, after: 'Rogue' }, phone: { before: null, after: '1' } },
    });
    expect(report).toMatchObject({ unattributed: [], unread: [], isWhole: true });
    expect(report.scanned).toMatchObject({ contacts: 4, companies: 1, deals: 1, notes: 2 });
    expect(names(report.rogue)).not.toContain(`created notes/${ours}`);
  });

  it('takes an approved value on another record for what it is', async () => {
    const [one, other] = [await newContact(), await newContact()];
    await house.update('contacts', one, { city: 'Basel' });
    await rogueUpdate('contacts', other, { city: 'Basel' });
    expect(names((await sweep()).rogue)).toEqual([`changed contacts/${other}`]);
  });

  it('accounts for a write that is on its way, and for a create that nobody has answered', async () => {
    const id = await newContact();
    await house.open('update', 'contacts', id, { city: 'Basel' });
    await rogueUpdate('contacts', id, { city: 'Basel' });
    const values = { hs_timestamp: new Date().toISOString(), hs_note_body: '[sallyport act_2]' };
    await house.open('create', 'notes', null, values);
    await rogueCreate('notes', values);
    expect((await sweep()).rogue).toEqual([]);
    await rogueUpdate('contacts', id, { city: 'Zug' });
    const copy = await rogueCreate('notes', { ...values, hs_note_body: 'Other.' });
    expect(names((await sweep()).rogue)).toEqual(
      [`changed contacts/${id}`, `created notes/${copy}`].sort(),
    );
  });

  it('accounts for a write that was settled long after HubSpot did it, by when it was begun', async () => {
    const id = await newContact();
    const later = new Date(Date.now() + 600_000);
    const row = { kind: 'update', objectType: 'contacts', id, values: { city: 'Late' } } as const;
    const [requestId] = await house.ledger([row], later);
    await rogueUpdate('contacts', id, { city: 'Late' });
    const until = [{ to: new Date(Date.now() + 3_600_000) }, { aheadMs: 1_200_000 }] as const;
    expect(names((await sweep(...until)).rogue)).toEqual([`changed contacts/${id}`]);
    await house.store.commit((tx) =>
      tx.log.append({
        ...{ event: 'hubspot.intended', requestId, actor: 'gateway' },
        facts: { purpose: 'execute' },
      }),
    );
    // Begun now: a minute of tolerance covers what was done a moment ago.
    expect(names((await sweep(...until)).rogue)).toEqual([]);
  });

  it('finds one rogue record among more than a page, also of one millisecond', async () => {
    const inputs = Array.from({ length: 100 }, (_, i) => ({
      properties: { hs_timestamp: '2026-11-01T10:00:00Z', hs_note_body: `Bulk ${i}` },
    }));
    const made: string[] = [];
    for (let batch = 0; batch < 5; batch += 1) {
      const { results } = await house.api('POST', `${objectsPath('notes')}/batch/create`, {
        inputs,
      });
      made.push(...results.map(({ id }: { id: string }) => id));
    }
    const [rogue, ...ours] = made;
    await house.ledger(
      ours.map((id, i) => ({
        ...{ kind: 'create', objectType: 'notes', id },
        values: inputs[(i + 1) % 100]!.properties,
      })),
    );
    const report = await sweep();
    expect(report.scanned.notes).toBeGreaterThanOrEqual(500);
    expect(names(report.rogue)).toEqual([`created notes/${rogue}`]);
  });

  it('does not say that all is well of what search does not show yet; the next window has it', async () => {
    await house.simulator.control('POST', '/lag', { ms: 4_000 });
    const id = await newContact();
    await rogueUpdate('contacts', id, { city: 'Hidden' });
    const early = await sweep();
    expect(early.rogue).toEqual([]);
    const settled = await sweep({ settleMs: 4_200 });
    await house.simulator.control('POST', '/lag', { ms: 0 });
    expect(names(settled.rogue)).toEqual([`changed contacts/${id}`]);
  });

  it('looks at what was changed before a record was archived or erased meanwhile', async () => {
    const [binned, erased] = [await newContact(), await newContact()];
    await rogueUpdate('contacts', binned, { city: 'Rogue' });
    await rogueUpdate('contacts', erased, { city: 'Rogue' });
    // Search goes on showing them.
    await house.simulator.control('POST', '/lag', { ms: 600_000 });
    await house.simulator.control('POST', '/batch-status', { partial: '207' });
    await house.person({ object_type: 'contacts', id: binned, archive: true });
    await house.api('POST', `${objectsPath('contacts')}/gdpr-delete`, { objectId: erased });
    const report = await sweep();
    await house.simulator.control('POST', '/lag', { ms: 0 });
    await house.simulator.control('POST', '/batch-status', { partial: 'as_published' });
    expect(names(report.rogue)).toEqual([`changed contacts/${binned}`]);
    const gone = { objectType: 'contacts', objectId: erased, reason: 'gone', isPassing: false };
    expect(report.unread).toEqual([gone]);
    expect(report.isWhole).toBe(true);
    // The index forgets what it was to forget late; the limits, which come back with it, are lifted again.
    await house.simulator.control('POST', '/reset', {});
    await house.simulator.control('POST', '/limits', { enabled: false });
  });

  it('says so where HubSpot may have dropped versions of its time', async () => {
    const id = '20001';
    await rogueUpdate('contacts', id, { fax: 'Rogue' });
    for (let i = 0; i < VERSIONS_KEPT_MIN; i += 1)
      await house.person({ object_type: 'contacts', id, properties: { fax: `Edit ${i}` } });
    const report = await sweep();
    expect(names(report.rogue)).toEqual([`changed contacts/${id}`]);
    expect(report.unread).toEqual([
      { objectType: 'contacts', objectId: id, reason: 'history_cut', isPassing: false },
    ]);
  });

  it('halves what is too large for one answer, and names the record that is too large alone', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.push(await newContact());
    const [rogue, large] = ids;
    await rogueUpdate('contacts', rogue!, { city: 'Rogue' });
    const crm: Crm = {
      ...house.crm,
      call: (operation, ...of) =>
        operation.path.endsWith('/batch/read') && operation.body?.includes(`"${large}"`)
          ? Promise.resolve({ kind: 'lost', code: 'hubspot.bad_answer', status: 200 })
          : house.crm.call(operation, ...of),
    };
    const report = await sweep({}, { crm });
    expect(names(report.rogue)).toEqual([`changed contacts/${rogue}`]);
    expect(report.unread).toEqual([
      {
        ...{ objectType: 'contacts', objectId: large, reason: 'hubspot.bad_answer' },
        isPassing: true,
      },
    ]);
    expect(report.isWhole).toBe(false);
  });

  it('tells what HubSpot did not answer, and is not whole then', async () => {
    const match = { method: 'POST', path: '/deals/search' };
    await house.simulator.control('POST', '/faults', { match, mode: '500', times: 0 });
    const report = await sweep();
    await house.simulator.control('DELETE', '/faults');
    expect(report.unread).toEqual([
      { objectType: 'deals', objectId: null, reason: 'hubspot.unavailable', isPassing: true },
    ]);
    expect(report.isWhole).toBe(false);
    await house.simulator.control('POST', '/faults', { match, mode: '500', times: 1 });
    expect((await sweep()).isWhole).toBe(true);
  });

  it('has each call in the log before it is made, with its purpose and its answer', async () => {
    await newContact();
    const since = await house.store.log.size();
    const first = await house.simulator.control<any>('GET', '/requests');
    await sweep({ purpose: 'incident', by: 'operator' });
    const log = await logEntries(house.store, since);
    const { body } = await house.simulator.control<any>('GET', '/requests');
    const called = body.requests.slice(first.body.requests.length).map((each: any) => each.path);
    const intended = log.filter(({ event }) => event === 'hubspot.intended');
    expect(intended.map((entry) => entry.hubspot_endpoint)).toEqual(called);
    expect(log.filter(({ event }) => event === 'hubspot.answered')).toHaveLength(called.length);
    for (const { actor, facts } of log) {
      expect(actor).toBe('operator');
      expect(facts).toMatchObject({ purpose: 'incident', connection: 'main' });
    }
  });

  it('calls nothing that it may not, and stops with what keeps it', async () => {
    const before = (await house.simulator.control<any>('GET', '/requests')).body.count;
    const freeze = await house.store.commit(async (tx) => {
      await tx.freezes.insert({
        ...{ id: 'frz_1', target: { kind: 'connection', id: 'main' }, reason: 'Stop.' },
        ...{ placedBy: 'operator', placedAt: tx.now, liftedAt: null },
      });
      return 'frz_1';
    });
    await expect(sweep()).rejects.toMatchObject({ code: 'freeze.active' });
    expect((await house.simulator.control<any>('GET', '/requests')).body.count).toBe(before);
    // An incident has an assertion of its own, and goes through its own freeze.
    expect((await sweep({ assertMayCall: () => Promise.resolve() })).isWhole).toBe(true);
    await house.store.commit((tx) => tx.freezes.lift(freeze));
  });

  it('knows what was done with the key of the app before an incident brought that of another', async () => {
    const known = (await house.store.connections.get('main'))!;
    const id = await newContact();
    await house.update('contacts', id, { zip: '4051' });
    await rogueUpdate('contacts', id, { city: 'Rogue' });
    const incident = { ...atRevert('main', requestId(900), 'x'), oldAppId: house.appId };
    await house.store.commit(async (tx) => {
      await tx.connections.put({ ...known, appId: house.appId + 1 });
      await tx.incidents.insert({ ...incident, stage: 'closed' });
    });
    const report = await sweep();
    await house.store.commit((tx) => tx.connections.put(known));
    expect([names(report.rogue), report.unread]).toEqual([[`changed contacts/${id}`], []]);
  });

  it('cannot tell anything where HubSpot did not say which app we are', async () => {
    const known = (await house.store.connections.get('main'))!;
    await house.store.commit((tx) => tx.connections.put({ ...known, appId: null }));
    await expect(sweep()).rejects.toMatchObject({ code: 'connection.app_unknown' });
    await house.store.commit((tx) => tx.connections.put(known));
  });
});

describe('a sweep on a token that may not read everything', () => {
  const SCOPES = ['oauth', 'crm.objects.contacts.read', 'crm.objects.contacts.write'];
  let poor: RadarHouse;
  beforeAll(async () => {
    poor = await radarHouse({ scopes: SCOPES });
  });
  afterAll(() => poor.close());

  it('lists what was archived and not by us, since HubSpot does not say by whom', async () => {
    const since = new Date();
    const { id } = await poor.person({ object_type: 'contacts', create: { firstname: 'Gone' } });
    await poor.person({ object_type: 'contacts', id, archive: true });
    const report = await poor.sweep({ from: since });
    expect(report.rogue).toEqual([]);
    expect(names(report.unattributed)).toEqual([`archived contacts/${id}`]);
    expect(report.isWhole).toBe(true);
  });

  it('names the object types that it could not look at', async () => {
    const { unread } = await poor.sweep({ from: new Date() });
    expect(unread).toEqual(
      ['companies', 'deals', 'tickets', 'emails'].map((objectType) => ({
        ...{ objectType, objectId: null, reason: 'hubspot.missing_scope', isPassing: false },
      })),
    );
  });
});

describe('the record of sweeps', () => {
  const at = (minutes: number): Date => new Date(Date.now() + minutes * 60_000);
  const change = (objectId: string, when: Date): RogueChange => ({
    ...{ kind: 'changed', objectType: 'contacts', objectId, recordName: 'Dana Reyes', at: when },
    properties: { city: { before: 'Bern', after: 'Basel' } },
  });
  const report = (of: Partial<RadarReport>): RadarReport => ({
    ...{ connection: 'record', from: at(-60), to: at(-30), scanned: { contacts: 3 } },
    ...{ rogue: [], unattributed: [], unread: [], isWhole: true, ...of },
  });
  const told: string[][] = [];
  const put = async (of: Partial<RadarReport>) => {
    const by = 'gateway';
    const found = await house.store.commit((tx) => recordSweep(tx, report(of), { by }));
    if (found.length > 0) told.push(found.map(({ objectId }) => objectId));
  };
  const sweptTo = async () => (await house.store.radar.get('record'))?.sweptTo;

  it('tells each finding once, whatever windows it turns up in, and keeps no value in clear', async () => {
    const since = await house.store.log.size();
    const [one, two] = [change('1', at(-40)), change('2', at(-35))];
    await put({ rogue: [one] });
    const both = { from: at(-45), to: at(-10), rogue: [one, two] };
    await Promise.all([put(both), put(both)]);
    await put({ ...both, rogue: [{ ...two, at: at(-12) }] });
    expect(told).toEqual([['1'], ['2'], ['2']]);
    const log = await logEntries(house.store, since);
    expect(log.filter(({ event }) => event === 'radar.swept')).toHaveLength(4);
    const found = log.filter(({ event }) => event === 'radar.found');
    expect(found).toHaveLength(3);
    expect(found[0]).toMatchObject({
      personal: expect.any(String),
      facts: { kind: 'changed', object_type: 'contacts', object_id: '1', properties: ['city'] },
    });
    expect(JSON.stringify(log)).not.toMatch(/Basel|Bern|Dana/);
  });

  it('moves on only after a whole sweep that leaves no gap', async () => {
    const start = await sweptTo();
    await put({ from: at(-20), to: at(-5), isWhole: false });
    expect(await sweptTo()).toEqual(start);
    await put({ from: at(-2), to: at(-1) });
    expect(await sweptTo()).toEqual(start);
    const to = at(-4);
    await put({ from: at(-20), to });
    expect(await sweptTo()).toEqual(to);
    await put({ from: at(-90), to: at(-50) });
    expect(await sweptTo()).toEqual(to);
  });
});
