import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator } from '../support/simulator.ts';
import type { SimulatorProcess } from '../support/simulator.ts';
import { ACME, createApi, DANA, filtering, OBJECTS } from './api.ts';
import type { Api } from './api.ts';

let sim: SimulatorProcess;
let api: Api;
beforeAll(async () => {
  sim = await startSimulator();
  await sim.control('POST', '/limits', { enabled: false });
  api = createApi(sim, await sim.token());
});
afterAll(() => sim.stop());

type Counts = { counts: Record<string, number> };

async function everyContact(): Promise<Record<string, string | null>[]> {
  const pages = await Promise.all(
    ['0', '20100'].map((after) =>
      api(
        'GET',
        `${OBJECTS}/contacts?limit=100&after=${after}&properties=email,company,firstname,lastname`,
      ),
    ),
  );
  return pages.flatMap((page) => page.body.results.map((each) => each.properties));
}

describe('the demo account', () => {
  it('holds some 300 records and the activities on them', async () => {
    const { body } = await sim.control<Counts>('GET', '/records');
    expect(body.counts).toMatchObject({ contacts: 180, companies: 60, deals: 40, tickets: 15 });
    for (const type of ['notes', 'tasks', 'emails', 'calls', 'meetings'])
      expect(body.counts[type]).toBeGreaterThan(5);
  });

  it('has Acme Corp with its people, a deal on each side of 10,000, and a last e-mail', async () => {
    const company = await api(
      'GET',
      `${OBJECTS}/companies/${ACME}?associations=contacts,deals,notes,tasks,emails`,
    );
    expect(company.body.properties).toMatchObject({ name: 'Acme Corp', domain: 'acme.test' });
    const { associations } = company.body;
    expect(new Set(associations['contacts']?.results.map((each) => each.id)).size).toBe(5);
    expect(associations['emails']?.results.length).toBeGreaterThan(3);
    const deals = await api('POST', `${OBJECTS}/deals/batch/read`, {
      inputs: [...new Set(associations['deals']?.results.map((each) => each.id))].map((id) => ({
        id,
      })),
      properties: ['amount'],
    });
    const amounts = deals.body.results.map((each) => Number(each.properties['amount']));
    expect(amounts.some((amount) => amount > 10_000)).toBe(true);
    expect(amounts.some((amount) => amount < 10_000)).toBe(true);
  });

  it('says when somebody was last contacted: the time of the newest e-mail', async () => {
    const mail = await api('POST', `${OBJECTS}/emails/search`, {
      ...filtering({ propertyName: 'associations.contact', operator: 'EQ', value: DANA }),
      sorts: ['-hs_timestamp'],
      properties: ['hs_timestamp'],
      limit: 1,
    });
    const dana = await api('GET', `${OBJECTS}/contacts/${DANA}?properties=notes_last_contacted`);
    expect(dana.body.properties['notes_last_contacted']).toBe(
      mail.body.results[0]?.properties['hs_timestamp'],
    );
  });

  it('gives every contact a name, a company and an address nobody else has, all under .test', async () => {
    const contacts = await everyContact();
    expect(contacts).toHaveLength(180);
    const addresses = contacts.map((contact) => contact['email'] ?? '');
    expect(new Set(addresses).size).toBe(180);
    expect(addresses.filter((address) => !/^[a-z.]+@[a-z-]+\.test$/u.test(address))).toEqual([]);
    expect(contacts.every((contact) => contact['firstname'] && contact['company'])).toBe(true);
  });

  it('is the same every time', async () => {
    const before = await everyContact();
    await sim.control('POST', '/reset', {});
    await sim.control('POST', '/limits', { enabled: false });
    expect(await everyContact()).toEqual(before);
    expect(await sim.effects()).toEqual([]);
  });

  it('is wiped and planted again by a reset, which keeps tokens unless told otherwise', async () => {
    await api('PATCH', `${OBJECTS}/contacts/${DANA}`, { properties: { firstname: 'Diana' } });
    await sim.control('POST', '/reset', {});
    const dana = await api('GET', `${OBJECTS}/contacts/${DANA}`);
    expect(dana.body.properties['firstname']).toBe('Dana');
    await sim.control('POST', '/reset', { tokens: true });
    expect((await api('GET', `${OBJECTS}/contacts/${DANA}`)).status).toBe(401);
  });
});
