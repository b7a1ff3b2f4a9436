import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator } from '../support/simulator.ts';
import type { SimulatorProcess } from '../support/simulator.ts';
import { createApi } from './api.ts';
import type { Api } from './api.ts';

let sim: SimulatorProcess;
let api: Api;
beforeAll(async () => {
  sim = await startSimulator();
  await sim.control('POST', '/limits', { enabled: false });
  api = createApi(sim, await sim.token());
});
afterAll(() => sim.stop());

const PROPERTIES = '/crm/properties/2026-09';
const definition = (name: string, more: Record<string, unknown> = {}) => ({
  name,
  label: 'Operation',
  type: 'string',
  fieldType: 'text',
  groupName: 'notesinformation',
  ...more,
});

describe('property definitions', () => {
  it.each([
    'contacts',
    'companies',
    'deals',
    'tickets',
    'notes',
    'tasks',
    'calls',
    'emails',
    'meetings',
  ])('of %s carry labels and say what is read-only', async (type) => {
    const reply = await api('GET', `${PROPERTIES}/${type}`);
    expect(reply.status).toBe(200);
    expect(reply.body.results.length).toBeGreaterThan(15);
    const id = reply.body.results.find((each) => each['name'] === 'hs_object_id');
    expect(id).toMatchObject({
      label: 'Record ID',
      type: 'number',
      hubspotDefined: true,
      modificationMetadata: { readOnlyValue: true, readOnlyDefinition: true, archivable: false },
    });
  });

  it('are found one by one, with their options', async () => {
    const reply = await api('GET', `${PROPERTIES}/contacts/lifecyclestage`);
    expect(reply.body).toMatchObject({ label: 'Lifecycle Stage', type: 'enumeration' });
    expect(reply.body['options']).toContainEqual({
      label: 'Customer',
      value: 'customer',
      description: '',
      displayOrder: 5,
      hidden: false,
    });
    expect((await api('GET', `${PROPERTIES}/contacts/nonsense`)).status).toBe(404);
  });

  it('can be created once, used at once, and archived', async () => {
    const input = definition('shoe_size', { groupName: 'contactinformation' });
    expect((await api('POST', `${PROPERTIES}/contacts`, input)).status).toBe(201);
    expect((await api('POST', `${PROPERTIES}/contacts`, input)).status).toBe(409);
    expect((await sim.effects()).at(-1)).toMatchObject({
      effect: 'property_create',
      object_type: 'properties/contacts',
      object_id: 'shoe_size',
    });
    const properties = { shoe_size: '43' };
    const used = await api('POST', '/crm/objects/2026-09/contacts', { properties });
    expect(used.body.properties['shoe_size']).toBe('43');
    expect((await api('DELETE', `${PROPERTIES}/contacts/shoe_size`)).status).toBe(204);
    expect((await api('POST', '/crm/objects/2026-09/contacts', { properties })).status).toBe(400);
    expect((await api('DELETE', `${PROPERTIES}/contacts/email`)).status).toBe(400);
  });

  it('take unique values on notes only when the account allows it', async () => {
    const input = definition('operation_id', { hasUniqueValue: true });
    expect((await api('POST', `${PROPERTIES}/notes`, input)).status).toBe(400);
    await sim.control('POST', '/unique-on-activities', { enabled: true });
    const made = await api('POST', `${PROPERTIES}/notes`, input);
    expect(made.status).toBe(201);
    expect(made.body['hasUniqueValue']).toBe(true);
    await sim.control('POST', '/unique-on-activities', { enabled: false });
  });

  it('take at most ten unique ones per object', async () => {
    const create = async (index: number) =>
      (
        await api(
          'POST',
          `${PROPERTIES}/deals`,
          definition(`unique_${String(index)}`, {
            groupName: 'dealinformation',
            hasUniqueValue: true,
          }),
        )
      ).status;
    const statuses: number[] = [];
    for (let index = 0; index < 11; index += 1) statuses.push(await create(index));
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 201), 400]);
  });

  it.each([
    ['a bad name', definition('Bad Name')],
    ['an unknown type', definition('a1', { type: 'colour' })],
    ['an unknown group', definition('a2', { groupName: 'nowhere' })],
    ['nothing', {}],
  ])('are refused with %s', async (_case, input) => {
    expect((await api('POST', `${PROPERTIES}/notes`, input)).status).toBe(400);
  });
});

describe('pipelines and owners', () => {
  it('list deal and ticket stages', async () => {
    const deals = await api('GET', '/crm/pipelines/2026-09/deals');
    expect(deals.body.results.map((each) => each.id)).toEqual(['default', 'renewals']);
    const stage = await api('GET', '/crm/pipelines/2026-09/deals/default/stages/closedwon');
    expect(stage.body).toMatchObject({
      label: 'Closed Won',
      metadata: { isClosed: 'true', probability: '1.0' },
      writePermissions: 'CRM_PERMISSIONS_ENFORCEMENT',
    });
    expect((await api('GET', '/crm/pipelines/2026-09/tickets')).body.results).toHaveLength(1);
    expect((await api('GET', '/crm/pipelines/2026-09/deals/none')).status).toBe(404);
  });

  it('list owners, in pages, by e-mail, and those who left only when asked for', async () => {
    const all = await api('GET', '/crm/owners/2026-09');
    expect(all.body.results).toHaveLength(5);
    const page = await api('GET', '/crm/owners/2026-09?limit=2');
    expect(page.body.paging?.next.after).toBe('7002');
    const one = await api('GET', '/crm/owners/2026-09?email=rosa.lindqvist@harbourlight.test');
    expect(one.body.results.map((each) => each.id)).toEqual(['7001']);
    const left = await api('GET', '/crm/owners/2026-09?archived=true');
    expect(left.body.results.map((each) => each.id)).toEqual(['7006']);
    expect((await api('GET', '/crm/owners/2026-09/70001?idProperty=userId')).body.id).toBe('7001');
    expect((await api('GET', '/crm/owners/2026-09/9999')).status).toBe(404);
    expect((await api('GET', '/crm/owners/2026-09/rosa')).status).toBe(400);
  });
});

describe('account activity', () => {
  it('keeps app writes out of the audit log and people’s changes in it', async () => {
    const path = '/account-info/2026-09/activity/audit-logs';
    const properties = { name: 'By an app' };
    await api('POST', '/crm/objects/2026-09/companies', { properties });
    expect((await api('GET', path)).body.results).toEqual([]);
    await sim.control('POST', '/edits', {
      object_type: 'companies',
      id: '10001',
      properties: { city: 'Cleveland' },
    });
    const logged = (await api('GET', path)).body.results;
    expect(logged).toHaveLength(1);
    expect(logged[0]).toMatchObject({ action: 'UPDATE', targetObjectId: '10001' });
  });

  it('counts the day’s calls', async () => {
    await sim.control('POST', '/limits', { enabled: true });
    await api('GET', '/account-info/2026-09/details');
    const usage = await api('GET', '/account-info/2026-09/api-usage/daily/private-apps');
    await sim.control('POST', '/limits', { enabled: false });
    expect(usage.body.results[0]).toMatchObject({
      usageLimit: 250_000,
      currentUsage: 2,
      fetchStatus: 'SUCCESS',
    });
  });

  it('uninstalls an app: its tokens are dead from then on', async () => {
    const mine = createApi(sim, await sim.token());
    const gone = await mine('DELETE', '/appinstalls/2026-09/external-install');
    expect(gone.status).toBe(204);
    expect((await mine('GET', '/account-info/2026-09/details')).status).toBe(401);
  });
});
