import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator } from '../support/simulator.ts';
import type { SimulatorProcess } from '../support/simulator.ts';
import { ACME, createApi, DANA, filtering, idsOf, OBJECTS } from './api.ts';
import type { Api } from './api.ts';

let sim: SimulatorProcess;
let api: Api;
beforeAll(async () => {
  sim = await startSimulator();
  await sim.control('POST', '/limits', { enabled: false });
  api = createApi(sim, await sim.token());
});
afterAll(() => sim.stop());

const search = (type: string, body: unknown) => api('POST', `${OBJECTS}/${type}/search`, body);
const ACME_PEOPLE = ['20001', '20002', '20003', '20004', '20005'];
const ofAcme = { propertyName: 'company', operator: 'EQ', value: 'Acme Corp' };

describe('search', () => {
  it('finds by company name without regard to case', async () => {
    const reply = await search('contacts', filtering({ ...ofAcme, value: 'aCME cORP' }));
    expect(reply.status).toBe(200);
    expect(reply.body.total).toBe(5);
    expect(idsOf(reply)).toEqual(ACME_PEOPLE);
  });

  it.each([
    ['NEQ', { propertyName: 'firstname', operator: 'NEQ', value: 'dana' }, 4],
    ['IN (lower case)', { propertyName: 'lastname', operator: 'IN', values: ['fox', 'tanabe'] }, 2],
    [
      'IN in capitals finds nothing',
      { propertyName: 'lastname', operator: 'IN', values: ['Fox'] },
      0,
    ],
    ['NOT_IN', { propertyName: 'lastname', operator: 'NOT_IN', values: ['fox'] }, 4],
    ['HAS_PROPERTY', { propertyName: 'notes_last_contacted', operator: 'HAS_PROPERTY' }, 1],
    ['NOT_HAS_PROPERTY', { propertyName: 'notes_last_contacted', operator: 'NOT_HAS_PROPERTY' }, 4],
    [
      'CONTAINS_TOKEN',
      { propertyName: 'jobtitle', operator: 'CONTAINS_TOKEN', value: 'officer' },
      1,
    ],
    [
      'CONTAINS_TOKEN *',
      { propertyName: 'email', operator: 'CONTAINS_TOKEN', value: '*fox@acme*' },
      1,
    ],
    [
      'NOT_CONTAINS_TOKEN',
      { propertyName: 'jobtitle', operator: 'NOT_CONTAINS_TOKEN', value: 'lead' },
      4,
    ],
    [
      'enumerations exactly',
      { propertyName: 'lifecyclestage', operator: 'EQ', value: 'CUSTOMER' },
      0,
    ],
    [
      'BETWEEN',
      {
        propertyName: 'createdate',
        operator: 'BETWEEN',
        value: '2025-09-01T00:00:00Z',
        highValue: '1759276800000',
      },
      1,
    ],
    ['LTE', { propertyName: 'hs_object_id', operator: 'LTE', value: '20003' }, 3],
    ['GT', { propertyName: 'hs_object_id', operator: 'GT', value: '20003' }, 2],
  ])('applies %s', async (_operator, filter, total) => {
    const reply = await search('contacts', filtering(ofAcme, filter));
    expect(reply.status).toBe(200);
    expect(reply.body.total).toBe(total);
  });

  it('compares numbers by size', async () => {
    const large = { propertyName: 'amount', operator: 'GT', value: '10000' };
    const named = { propertyName: 'dealname', operator: 'CONTAINS_TOKEN', value: 'Acme' };
    expect(idsOf(await search('deals', filtering(named, large)))).toEqual(['40001']);
    const small = { ...large, operator: 'LT' };
    expect(idsOf(await search('deals', filtering(named, small)))).toEqual(['40002']);
  });

  it('takes groups as alternatives', async () => {
    const by = (id: string) => ({
      filters: [{ propertyName: 'hs_object_id', operator: 'EQ', value: id }],
    });
    const reply = await search('contacts', { filterGroups: [by('20001'), by('20004')] });
    expect(idsOf(reply)).toEqual(['20001', '20004']);
  });

  it('filters by association and finds the last e-mail of a company first', async () => {
    const reply = await search('emails', {
      ...filtering({ propertyName: 'associations.company', operator: 'EQ', value: ACME }),
      sorts: [{ propertyName: 'hs_timestamp', direction: 'DESCENDING' }],
      properties: ['hs_email_subject'],
      limit: 1,
    });
    expect(reply.body.total).toBe(5);
    expect(reply.body.results[0]?.properties['hs_email_subject']).toBe(
      'Price held until 31 January',
    );
  });

  it('searches free text in the object’s own fields', async () => {
    expect(idsOf(await search('contacts', { query: 'dana fox' }))).toContain(DANA);
    const notes = await search('notes', { query: 'board meets' });
    expect(idsOf(notes)).toContain('60001');
  });

  it('sorts one way or the other, those without a value last', async () => {
    const by = async (sort: unknown) =>
      idsOf(await search('contacts', { ...filtering(ofAcme), sorts: [sort] }));
    expect(await by('lastname')).toEqual(['20002', '20001', '20005', '20004', '20003']);
    expect(await by('-lastname')).toEqual(['20003', '20004', '20005', '20001', '20002']);
    expect((await by('-notes_last_contacted'))[0]).toBe(DANA);
    expect((await by('notes_last_contacted'))[0]).toBe(DANA);
  });

  it('pages with after and a total', async () => {
    const first = await search('contacts', { ...filtering(ofAcme), limit: 2 });
    expect(first.body.paging?.next.after).toBe('2');
    const last = await search('contacts', { ...filtering(ofAcme), limit: 2, after: '4' });
    expect(idsOf(last)).toEqual(['20005']);
    expect(last.body.paging).toBeUndefined();
  });

  it('carries no rate-limit headers', async () => {
    await sim.control('POST', '/limits', { enabled: true });
    const reply = await search('contacts', {});
    await sim.control('POST', '/limits', { enabled: false });
    expect(reply.status).toBe(200);
    expect([...reply.headers.keys()].filter((name) => name.includes('ratelimit'))).toEqual([]);
  });

  const filters = (count: number) => Array.from({ length: count }, () => ofAcme);
  const groups = (...sizes: number[]) => ({
    filterGroups: sizes.map((size) => ({ filters: filters(size) })),
  });
  it.each([
    ['six groups', groups(1, 1, 1, 1, 1, 1)],
    ['seven filters in a group', groups(7)],
    ['nineteen filters', groups(6, 6, 6, 1)],
    ['two sorts', { sorts: ['lastname', 'firstname'] }],
    ['a limit above 200', { limit: 201 }],
    ['a page beyond 10,000', { limit: 200, after: '9900' }],
    ['an after that is no number', { after: 'next' }],
    ['an unknown property', filtering({ ...ofAcme, propertyName: 'nonsense' })],
    ['an unknown operator', filtering({ ...ofAcme, operator: 'LIKE' })],
    ['EQ without a value', filtering({ propertyName: 'email', operator: 'EQ' })],
    ['IN without values', filtering({ propertyName: 'email', operator: 'IN', value: 'x' })],
    [
      'BETWEEN without a highValue',
      filtering({ propertyName: 'createdate', operator: 'BETWEEN', value: '1' }),
    ],
    ['text for a number', filtering({ propertyName: 'hs_object_id', operator: 'GT', value: 'x' })],
    ['a body above 3,000 characters', { query: 'x'.repeat(3_001) }],
    ['an unknown sort', { sorts: ['nonsense'] }],
  ])('refuses %s', async (_case, body) => {
    const reply = await search('contacts', body);
    expect(reply.status).toBe(400);
    expect(reply.body.category).toBe('VALIDATION_ERROR');
  });

  it('takes exactly what the limits allow', async () => {
    // 3,000 characters hold fewer full filters than the count allows, hence short ones.
    const short = { propertyName: 'fax', operator: 'HAS_PROPERTY' };
    const group = (size: number) => ({ filters: Array.from({ length: size }, () => short) });
    const reply = await search('contacts', { filterGroups: [6, 6, 4, 1, 1].map(group) });
    expect(reply.status).toBe(200);
  });

  it('never returns archived records', async () => {
    const made = await api('POST', `${OBJECTS}/companies`, { properties: { name: 'Short Lived' } });
    const byName = filtering({ propertyName: 'name', operator: 'EQ', value: 'Short Lived' });
    expect((await search('companies', byName)).body.total).toBe(1);
    await api('DELETE', `${OBJECTS}/companies/${made.body.id}`);
    expect((await search('companies', byName)).body.total).toBe(0);
  });
});

describe('search lag', () => {
  it('hides writes from search for a while, but never from reads', async () => {
    const lagMs = 700;
    await sim.control('POST', '/lag', { ms: lagMs });
    const properties = { email: 'late@search.test', firstname: 'Late' };
    const made = await api('POST', `${OBJECTS}/contacts`, { properties });
    const byMail = filtering({ propertyName: 'email', operator: 'EQ', value: 'late@search.test' });
    expect((await search('contacts', byMail)).body.total).toBe(0);
    expect((await api('GET', `${OBJECTS}/contacts/${made.body.id}`)).status).toBe(200);
    await sleep(lagMs + 50);
    expect((await search('contacts', byMail)).body.total).toBe(1);
    await api('PATCH', `${OBJECTS}/contacts/${made.body.id}`, {
      properties: { firstname: 'Later' },
    });
    const stale = await search('contacts', { ...byMail, properties: ['firstname'] });
    expect(stale.body.results[0]?.properties['firstname']).toBe('Late');
    await sleep(lagMs + 50);
    const fresh = await search('contacts', { ...byMail, properties: ['firstname'] });
    expect(fresh.body.results[0]?.properties['firstname']).toBe('Later');
    await sim.control('POST', '/lag', { ms: 0 });
  });
});
