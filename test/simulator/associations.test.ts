import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator } from '../support/simulator.ts';
import type { SimulatorProcess } from '../support/simulator.ts';
import { ACME, createApi, DANA, noteOn, OBJECTS } from './api.ts';
import type { Api, ApiReply } from './api.ts';

const BATCH = '/crm/associations/2026-09';

let sim: SimulatorProcess;
let api: Api;
beforeAll(async () => {
  sim = await startSimulator();
  await sim.control('POST', '/limits', { enabled: false });
  api = createApi(sim, await sim.token());
});
afterAll(() => sim.stop());

type Listed = { toObjectId: string; associationTypes: { typeId: number; label?: string | null }[] };

const listed = (reply: ApiReply): Listed[] => reply.body.results as unknown as Listed[];
const list = async (from: string, to: string): Promise<Listed[]> =>
  listed(await api('GET', `${OBJECTS}/${from}/associations/${to}`));
const typeIds = (rows: Listed[], toId: string): number[] =>
  (rows.find((row) => row.toObjectId === toId)?.associationTypes ?? [])
    .map((type) => type.typeId)
    .sort((a, b) => a - b);

async function newContact(): Promise<string> {
  return (await api('POST', `${OBJECTS}/contacts`, { properties: { firstname: 'Link' } })).body.id;
}

describe('associations made with a record', () => {
  it.each([
    ['notes', 'contacts', DANA, 202, 201],
    ['notes', 'companies', ACME, 190, 189],
    ['notes', 'deals', '40001', 214, 213],
    ['notes', 'tickets', '50001', 228, 227],
    ['tasks', 'contacts', DANA, 204, 203],
    ['tasks', 'companies', ACME, 192, 191],
    ['tasks', 'deals', '40001', 216, 215],
    ['tasks', 'tickets', '50001', 230, 229],
  ])('%s to %s are seen from both sides', async (from, to, toId, there, back) => {
    const made = await api('POST', `${OBJECTS}/${from}`, {
      properties: { hs_timestamp: '2026-11-22T10:00:00Z' },
      associations: [
        {
          to: { id: toId },
          types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: there }],
        },
      ],
    });
    expect(made.status).toBe(201);
    expect(typeIds(await list(`${from}/${made.body.id}`, to), toId)).toEqual([there]);
    expect(typeIds(await list(`${to}/${toId}`, from), made.body.id)).toEqual([back]);
  });

  it('are seen in reads that ask for them', async () => {
    const made = await api('POST', `${OBJECTS}/notes`, noteOn(DANA, 'inline'));
    const path = `${OBJECTS}/notes/${made.body.id}?associations=contacts,companies`;
    const read = await api('GET', path);
    expect(read.body.associations).toEqual({
      contacts: { results: [{ id: DANA, type: 'note_to_contact' }] },
    });
  });

  it('stop the create when the other record is missing, and nothing is created', async () => {
    const before = (await sim.effects()).length;
    const reply = await api('POST', `${OBJECTS}/notes`, noteOn('999', 'orphan'));
    expect(reply.status).toBe(404);
    expect(await sim.effects()).toHaveLength(before);
  });

  it('stop the create when the type does not exist between the two objects', async () => {
    const note = noteOn(DANA, 'x');
    const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 9999 }];
    const body = { ...note, associations: [{ to: { id: DANA }, types }] };
    expect((await api('POST', `${OBJECTS}/notes`, body)).status).toBe(400);
  });

  it('of an e-mail move the contact’s last contacted date', async () => {
    const contact = await newContact();
    const at = '2026-11-20T08:00:00.000Z';
    await api('POST', `${OBJECTS}/calls`, {
      properties: { hs_timestamp: at, hs_call_title: 'x' },
      associations: [
        {
          to: { id: contact },
          types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 194 }],
        },
      ],
    });
    const path = `${OBJECTS}/contacts/${contact}?properties=notes_last_contacted`;
    expect((await api('GET', path)).body.properties['notes_last_contacted']).toBe(at);
  });
});

describe('default and labelled associations', () => {
  it('puts the default type both ways and makes a first company the primary one', async () => {
    const contact = await newContact();
    const path = `${OBJECTS}/contacts/${contact}/associations/default/companies/10002`;
    const reply = await api('PUT', path);
    expect(reply.status).toBe(200);
    expect(reply.body.results.map((each) => each['associationSpec'])).toEqual([
      { associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 },
      { associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 280 },
    ]);
    expect(typeIds(await list(`contacts/${contact}`, 'companies'), '10002')).toEqual([1, 279]);
    expect(typeIds(await list('companies/10002', 'contacts'), contact)).toEqual([2, 280]);
  });

  it('moves the primary title when another company is named primary', async () => {
    const contact = await newContact();
    const to = (id: string) => `${OBJECTS}/contacts/${contact}/associations/companies/${id}`;
    const primary = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 1 }];
    await api('PUT', to('10002'), primary);
    await api('PUT', to('10003'), primary);
    const rows = await list(`contacts/${contact}`, 'companies');
    expect(typeIds(rows, '10002')).toEqual([279]);
    expect(typeIds(rows, '10003')).toEqual([1, 279]);
  });

  it('adds a label beside the unlabelled type and answers 201 with its name', async () => {
    const contact = await newContact();
    const path = `${OBJECTS}/contacts/${contact}/associations/companies/10004`;
    const label = [{ associationCategory: 'USER_DEFINED', associationTypeId: 31 }];
    const reply = await api('PUT', path, label);
    expect(reply.status).toBe(201);
    expect(reply.body).toMatchObject({
      fromObjectTypeId: '0-1',
      fromObjectId: contact,
      toObjectTypeId: '0-2',
      toObjectId: '10004',
      labels: ['Billing contact'],
    });
    expect(typeIds(await list(`contacts/${contact}`, 'companies'), '10004')).toEqual([1, 31, 279]);
  });

  it('deletes every type between two records, both ways, and is content when there is none', async () => {
    const contact = await newContact();
    const path = `${OBJECTS}/contacts/${contact}/associations/companies/10005`;
    await api('PUT', path, [{ associationCategory: 'USER_DEFINED', associationTypeId: 31 }]);
    expect((await api('DELETE', path)).status).toBe(204);
    expect(await list(`contacts/${contact}`, 'companies')).toEqual([]);
    expect(typeIds(await list('companies/10005', 'contacts'), contact)).toEqual([]);
    const before = (await sim.effects()).length;
    expect((await api('DELETE', path)).status).toBe(204);
    expect(await sim.effects()).toHaveLength(before);
  });

  it.each([
    ['a missing record', `${OBJECTS}/contacts/999/associations/default/companies/10001`, 404],
    ['a missing other', `${OBJECTS}/contacts/${DANA}/associations/default/companies/9`, 404],
    ['an unknown object', `${OBJECTS}/contacts/${DANA}/associations/default/unicorns/9`, 400],
    ['a pair without a type', `${OBJECTS}/notes/60001/associations/default/tasks/70001`, 400],
  ])('refuses %s', async (_case, path, status) => {
    expect((await api('PUT', path)).status).toBe(status);
  });

  it('pages long lists', async () => {
    const first = await api('GET', `${OBJECTS}/companies/${ACME}/associations/contacts?limit=2`);
    expect(listed(first)).toHaveLength(2);
    const { after } = first.body.paging?.next ?? { after: '' };
    const path = `${OBJECTS}/companies/${ACME}/associations/contacts?limit=2&after=${after}`;
    const second = await api('GET', path);
    expect(listed(second)[0]?.toObjectId).not.toBe(listed(first)[0]?.toObjectId);
    expect(
      (await api('GET', `${OBJECTS}/contacts/${DANA}/associations/notes?limit=501`)).status,
    ).toBe(400);
  });

  it('drops archived records from the lists', async () => {
    const contact = await newContact();
    const note = await api('POST', `${OBJECTS}/notes`, noteOn(contact, 'x'));
    await api('DELETE', `${OBJECTS}/notes/${note.body.id}`);
    expect(await list(`contacts/${contact}`, 'notes')).toEqual([]);
  });

  it('shows an unlabelled type with label null in v4, where it is recorded so', async () => {
    const reply = await api('GET', `/crm/v4/objects/contacts/${DANA}/associations/notes`);
    expect(listed(reply)[0]?.associationTypes[0]).toEqual({
      category: 'HUBSPOT_DEFINED',
      typeId: 201,
      label: null,
    });
  });

  it('lists the types between two objects', async () => {
    const reply = await api('GET', `${BATCH}/contacts/companies/labels`);
    const ids = reply.body.results.map((each) => each['typeId']);
    expect(ids).toEqual([279, 1, 31]);
  });
});

describe('batches of associations', () => {
  it('create, read and archive many pairs', async () => {
    const [one, two] = [await newContact(), await newContact()];
    const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }];
    const inputs = [one, two].map((id) => ({ from: { id }, to: { id: '10006' }, types }));
    const made = await api('POST', `${BATCH}/contacts/companies/batch/create`, { inputs });
    expect(made.status).toBe(200);
    expect(made.body.results).toHaveLength(2);
    const ids = { inputs: [{ id: one }, { id: two }] };
    const read = await api('POST', `${BATCH}/contacts/companies/batch/read`, ids);
    expect(read.body.results.map((row) => row['from'])).toEqual([{ id: one }, { id: two }]);
    const gone = await api('POST', `${BATCH}/contacts/companies/batch/archive`, {
      inputs: [{ from: { id: one }, to: [{ id: '10006' }] }],
    });
    expect(gone.status).toBe(200);
    expect(await list(`contacts/${one}`, 'companies')).toEqual([]);
    expect(await list(`contacts/${two}`, 'companies')).toHaveLength(1);
  });

  it('answer 201 and 204 in v4, and 207 for a pair that failed', async () => {
    const one = await newContact();
    const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }];
    const pair = (id: string) => ({ from: { id }, to: { id: '10007' }, types });
    const path = '/crm/v4/associations/contacts/companies/batch';
    expect((await api('POST', `${path}/create`, { inputs: [pair(one)] })).status).toBe(201);
    const partly = await api('POST', `${path}/create`, { inputs: [pair(one), pair('999')] });
    expect(partly.status).toBe(207);
    expect(partly.body.numErrors).toBe(1);
    const inputs = [{ from: { id: one }, to: [{ id: '10007' }] }];
    expect((await api('POST', `${path}/archive`, { inputs })).status).toBe(204);
  });
});
