import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator } from '../support/simulator.ts';
import type { SimulatorProcess } from '../support/simulator.ts';
import { createApi, DANA, idsOf, OBJECTS } from './api.ts';
import type { Api } from './api.ts';

let sim: SimulatorProcess;
let api: Api;
beforeAll(async () => {
  sim = await startSimulator();
  await sim.control('POST', '/limits', { enabled: false });
  api = createApi(sim, await sim.token());
});
afterAll(() => sim.stop());

const CONTACTS = `${OBJECTS}/contacts/batch`;
const OLD = '/crm/objects/2026-03/contacts/batch';
const named = (firstname: string) => ({ properties: { firstname }, associations: [] });

describe('batches of records', () => {
  it('read many by id or by a unique property', async () => {
    const inputs = [{ id: DANA }, { id: '20002' }];
    const byId = await api('POST', `${CONTACTS}/read`, { inputs, properties: ['firstname'] });
    expect(byId.status).toBe(200);
    expect(idsOf(byId)).toEqual([DANA, '20002']);
    const mail = { inputs: [{ id: 'dana.fox@acme.test' }], idProperty: 'email', properties: [] };
    expect(idsOf(await api('POST', `${CONTACTS}/read`, mail))).toEqual([DANA]);
  });

  it('read with history', async () => {
    const body = { inputs: [{ id: DANA }], properties: [], propertiesWithHistory: ['email'] };
    const reply = await api('POST', `${CONTACTS}/read`, body);
    expect(reply.body.results[0]?.propertiesWithHistory['email']).toHaveLength(1);
  });

  it('name the ids that are missing, with 207 where the file lists it and 200 where it does not', async () => {
    const body = { inputs: [{ id: DANA }, { id: '998' }, { id: '999' }], properties: [] };
    const partly = await api('POST', `${OLD}/read`, body);
    expect(partly.status).toBe(207);
    expect(partly.body.numErrors).toBe(2);
    expect(partly.body.errors[0]).toMatchObject({
      status: 'error',
      category: 'OBJECT_NOT_FOUND',
      context: { ids: ['998', '999'] },
    });
    expect((await api('POST', `${CONTACTS}/read`, body)).status).toBe(200);
    await sim.control('POST', '/batch-status', { partial: '207' });
    expect((await api('POST', `${CONTACTS}/read`, body)).status).toBe(207);
    await sim.control('POST', '/batch-status', { partial: 'as_published' });
  });

  it('create what is right and report what is wrong by its trace id', async () => {
    const before = (await sim.effects()).length;
    const inputs = [
      { ...named('Right'), objectWriteTraceId: 'one' },
      { properties: { nonsense: '1' }, associations: [], objectWriteTraceId: 'two' },
    ];
    const reply = await api('POST', `${OLD}/create`, { inputs });
    expect(reply.status).toBe(207);
    expect(reply.body.results).toHaveLength(1);
    expect(reply.body.errors[0]?.context['objectWriteTraceId']).toEqual(['two']);
    expect(await sim.effects()).toHaveLength(before + 1);
  });

  it('answer 201 when all were created, and the first refusal when none was', async () => {
    const all = await api('POST', `${CONTACTS}/create`, { inputs: [named('A'), named('B')] });
    expect(all.status).toBe(201);
    expect(all.body.status).toBe('COMPLETE');
    const none = await api('POST', `${CONTACTS}/create`, { inputs: [{ properties: { x: '1' } }] });
    expect(none.status).toBe(400);
    const taken = [{ properties: { email: 'dana.fox@acme.test' } }];
    expect((await api('POST', `${CONTACTS}/create`, { inputs: taken })).status).toBe(409);
  });

  it('update many, each by itself', async () => {
    const inputs = [
      { id: '20003', properties: { jobtitle: 'Director of Operations' } },
      { id: '999', properties: { jobtitle: 'x' } },
    ];
    const reply = await api('POST', `${OLD}/update`, { inputs });
    expect(reply.status).toBe(207);
    expect(idsOf(reply)).toEqual(['20003']);
    expect(reply.body.errors[0]?.category).toBe('OBJECT_NOT_FOUND');
  });

  it('upsert on a unique property: new the first time, not the second', async () => {
    const body = (firstname: string) => ({
      inputs: [{ id: 'upsert@batch.test', idProperty: 'email', properties: { firstname } }],
    });
    const first = await api('POST', `${CONTACTS}/upsert`, body('First'));
    expect(first.status).toBe(200);
    expect(first.body.results[0]?.new).toBe(true);
    const second = await api('POST', `${CONTACTS}/upsert`, body('Second'));
    expect(second.body.results[0]).toMatchObject({ new: false, id: first.body.results[0]?.id });
  });

  it('do not upsert on hs_object_id', async () => {
    const inputs = [{ id: DANA, idProperty: 'hs_object_id', properties: {} }];
    expect((await api('POST', `${CONTACTS}/upsert`, { inputs })).status).toBe(400);
  });

  it('upsert on a unique custom property, which holds a write back from happening twice', async () => {
    const definition = {
      name: 'operation_id',
      label: 'Operation id',
      type: 'string',
      fieldType: 'text',
      groupName: 'companyinformation',
      hasUniqueValue: true,
    };
    const created = await api('POST', '/crm/properties/2026-09/companies', definition);
    expect(created.status).toBe(201);
    const inputs = [{ id: 'op-1', idProperty: 'operation_id', properties: { name: 'Once Ltd' } }];
    const path = `${OBJECTS}/companies/batch/upsert`;
    expect((await api('POST', path, { inputs })).body.results[0]?.new).toBe(true);
    expect((await api('POST', path, { inputs })).body.results[0]?.new).toBe(false);
    const properties = { name: 'Twice Ltd', operation_id: 'op-1' };
    const twice = await api('POST', `${OBJECTS}/companies`, { properties });
    expect(twice.status).toBe(409);
    expect(twice.body.category).toBe('CONFLICT');
  });

  it('archive many and answer 204', async () => {
    const made = await api('POST', `${CONTACTS}/create`, { inputs: [named('C'), named('D')] });
    const inputs = idsOf(made).map((id) => ({ id }));
    expect((await api('POST', `${CONTACTS}/archive`, { inputs })).status).toBe(204);
    for (const { id } of inputs)
      expect((await api('GET', `${OBJECTS}/contacts/${id}`)).status).toBe(404);
  });

  it.each([
    [
      '101 inputs',
      'read',
      { inputs: Array.from({ length: 101 }, (_, i) => ({ id: String(i) })), properties: [] },
    ],
    [
      '51 inputs with history',
      'read',
      {
        inputs: Array.from({ length: 51 }, (_, i) => ({ id: String(i) })),
        properties: [],
        propertiesWithHistory: ['email'],
      },
    ],
    [
      'the same id twice',
      'update',
      {
        inputs: [
          { id: DANA, properties: {} },
          { id: DANA, properties: {} },
        ],
      },
    ],
    ['no inputs', 'read', {}],
    ['inputs without ids', 'archive', { inputs: [{}] }],
  ])('refuse %s', async (_case, operation, body) => {
    const reply = await api('POST', `${CONTACTS}/${operation}`, body);
    expect(reply.status).toBe(400);
    expect(reply.body.category).toBe('VALIDATION_ERROR');
  });
});
