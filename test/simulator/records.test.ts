import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator } from '../support/simulator.ts';
import type { SimulatorProcess } from '../support/simulator.ts';
import { ACME, createApi, DANA, noteOn, OBJECTS } from './api.ts';
import type { Api } from './api.ts';

let sim: SimulatorProcess;
let api: Api;
let appId: string;
beforeAll(async () => {
  sim = await startSimulator();
  await sim.control('POST', '/limits', { enabled: false });
  const minted = await sim.control<{ token: string; app_id: number }>('POST', '/tokens', {});
  api = createApi(sim, minted.body.token);
  appId = String(minted.body.app_id);
});
afterAll(() => sim.stop());

const CONTACTS = `${OBJECTS}/contacts`;
let serial = 0;
async function newContact(properties: Record<string, string> = {}): Promise<string> {
  serial += 1;
  const email = `person${String(serial)}@records.test`;
  const reply = await api('POST', CONTACTS, { properties: { email, ...properties } });
  expect(reply.status).toBe(201);
  return reply.body.id;
}

describe('reading', () => {
  it('returns HubSpot’s default properties when none are named', async () => {
    const reply = await api('GET', `${CONTACTS}/${DANA}`);
    expect(Object.keys(reply.body.properties)).toEqual([
      'createdate',
      'email',
      'firstname',
      'hs_object_id',
      'lastmodifieddate',
      'lastname',
    ]);
    expect(reply.body.id).toBe(DANA);
    expect(reply.body.archived).toBe(false);
  });

  it('returns named properties, null for empty ones, and ignores unknown names', async () => {
    const query = '?properties=company,fax&properties=nonsense';
    const reply = await api('GET', `${CONTACTS}/${DANA}${query}`);
    expect(reply.body.properties).toMatchObject({ company: 'Acme Corp', fax: null });
    expect(reply.body.properties).not.toHaveProperty('nonsense');
  });

  it.each([
    [`${OBJECTS}/0-1/${DANA}`],
    [`/crm/objects/2026-03/contacts/${DANA}`],
    [`/crm/v3/objects/contacts/${DANA}`],
    [`/crm/v3/objects/contact/${DANA}`],
  ])('finds the same record at %s', async (path) => {
    const reply = await api('GET', path);
    expect(reply.status).toBe(200);
    expect(reply.body.properties['email']).toBe('dana.fox@acme.test');
  });

  it('knows deals, notes and tasks by their type ids as well', async () => {
    for (const [alias, id] of [
      ['0-3', '40001'],
      ['0-46', '60001'],
      ['0-27', '70001'],
      ['0-2', ACME],
      ['0-5', '50001'],
    ]) {
      const reply = await api('GET', `/crm/v3/objects/${String(alias)}/${String(id)}`);
      expect(reply.status).toBe(200);
    }
  });

  it('finds a contact by a unique property, and refuses one that is not unique', async () => {
    const found = await api('GET', `${CONTACTS}/dana.fox@acme.test?idProperty=email`);
    expect(found.body.id).toBe(DANA);
    const refused = await api('GET', `${CONTACTS}/Dana?idProperty=firstname`);
    expect(refused.status).toBe(400);
  });

  it('answers 404 OBJECT_NOT_FOUND for a record that is not there', async () => {
    for (const id of ['999', 'abc']) {
      const reply = await api('GET', `${CONTACTS}/${id}`);
      expect(reply.status).toBe(404);
      expect(reply.body).toMatchObject({ status: 'error', category: 'OBJECT_NOT_FOUND' });
    }
  });

  it('answers 404 for unknown paths, 405 for wrong methods, 400 for unknown object types', async () => {
    const nowhere = await api('GET', '/crm/objects/2026-09');
    expect(nowhere.status).toBe(404);
    expect(nowhere.body.category).toBe('OBJECT_NOT_FOUND');
    const wrong = await api('PUT', `${CONTACTS}/search`);
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('POST');
    expect((await api('GET', `${OBJECTS}/unicorns`)).status).toBe(400);
  });

  it('lists in pages of at most 100, each record once', async () => {
    const seen: string[] = [];
    let after: string | undefined = '0';
    while (after !== undefined) {
      const page: Awaited<ReturnType<Api>> = await api(
        'GET',
        `${OBJECTS}/companies?limit=25&after=${after}`,
      );
      seen.push(...page.body.results.map((each) => each.id));
      after = page.body.paging?.next.after;
    }
    expect(seen).toHaveLength(60);
    expect(new Set(seen).size).toBe(60);
  });

  it('takes an empty cursor for the first page', async () => {
    const reply = await api('GET', `${OBJECTS}/companies?limit=1&after=`);
    expect(reply.status).toBe(200);
    expect(reply.body.results.map((each) => each.id)).toEqual([ACME]);
  });

  it('ignores names that only JavaScript knows', async () => {
    const query = '?properties=constructor,toString,__proto__&propertiesWithHistory=constructor';
    const reply = await api('GET', `${CONTACTS}/${DANA}${query}`);
    expect(Object.keys(reply.body.properties)).toEqual([
      'createdate',
      'hs_object_id',
      'lastmodifieddate',
    ]);
    expect(reply.body.propertiesWithHistory).toEqual({});
  });

  it.each(['limit=0', 'limit=101', 'limit=ten', 'after=x', 'archived=perhaps'])(
    'refuses a list with %s',
    async (query) => {
      const reply = await api('GET', `${CONTACTS}?${query}`);
      expect(reply.status).toBe(400);
      expect(reply.body.category).toBe('VALIDATION_ERROR');
    },
  );
});

describe('creating', () => {
  it('answers 201 with what was written and marks the app as its source', async () => {
    const reply = await api('POST', CONTACTS, {
      properties: { email: 'Mixed.Case@Records.test', firstname: 'Mia' },
      associations: [],
    });
    expect(reply.status).toBe(201);
    expect(reply.body.properties).toMatchObject({
      email: 'mixed.case@records.test',
      hs_object_source: 'INTEGRATION',
      hs_object_source_id: appId,
    });
  });

  it('answers 409 CONFLICT with the holder’s id when the e-mail is taken, in any case', async () => {
    const properties = { email: 'DANA.FOX@acme.test' };
    const before = (await sim.effects()).length;
    const reply = await api('POST', CONTACTS, { properties });
    expect(reply.status).toBe(409);
    expect(reply.body.category).toBe('CONFLICT');
    expect(reply.body.message).toBe(`Contact already exists. Existing ID: ${DANA}`);
    expect(await sim.effects()).toHaveLength(before);
  });

  it.each([
    ['an unknown property', { nonsense: '1' }, 'PROPERTY_DOESNT_EXIST'],
    ['a read-only property', { createdate: '2026-01-01T00:00:00Z' }, 'READ_ONLY_VALUE'],
    ['a bad e-mail address', { email: 'not an address' }, 'INVALID_EMAIL'],
    ['an option that does not exist', { lifecyclestage: 'wizard' }, 'INVALID_OPTION'],
    ['an owner who does not exist', { hubspot_owner_id: '1' }, 'INVALID_OWNER_ID'],
    ['a date that is none', { closedate: 'soon' }, 'INVALID_LONG'],
  ])('refuses %s', async (_case, properties, code) => {
    const reply = await api('POST', CONTACTS, { properties });
    expect(reply.status).toBe(400);
    expect(reply.body.category).toBe('VALIDATION_ERROR');
    expect(reply.body.errors[0]?.code).toBe(code);
    expect(reply.body.errors[0]?.context['propertyName']).toEqual(Object.keys(properties));
  });

  it('refuses numbers that are none, on objects that have numbers', async () => {
    const reply = await api('POST', `${OBJECTS}/deals`, { properties: { amount: 'a lot' } });
    expect(reply.body.errors[0]?.code).toBe('INVALID_INTEGER');
  });

  it.each([
    ['broken JSON', '{"properties":'],
    ['an empty body', ''],
    ['a list', '[]'],
    ['no properties', '{}'],
    ['a number where text belongs', '{"properties":{"firstname":7}}'],
  ])('refuses %s with 400', async (_case, body) => {
    const reply = await api('POST', CONTACTS, body);
    expect(reply.status).toBe(400);
    expect(reply.body.category).toBe('VALIDATION_ERROR');
    expect(reply.body.message).toMatch(/^Invalid input JSON/u);
  });

  it('refuses another content type with 415', async () => {
    const response = await fetch(`${sim.url}${CONTACTS}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await sim.token()}`, 'content-type': 'text/plain' },
      body: '{}',
    });
    expect(response.status).toBe(415);
  });

  it('refuses a note without its timestamp and a ticket without its stage', async () => {
    const note = await api('POST', `${OBJECTS}/notes`, { properties: { hs_note_body: 'x' } });
    expect(note.status).toBe(400);
    expect(note.body.context['properties']).toEqual(['hs_timestamp']);
    const ticket = await api('POST', `${OBJECTS}/tickets`, { properties: { subject: 'x' } });
    expect(ticket.body.context['properties']).toEqual(['hs_pipeline_stage']);
  });

  it('refuses a deal stage of another pipeline', async () => {
    const properties = { dealname: 'x', pipeline: 'default', dealstage: 'renewal_due' };
    expect((await api('POST', `${OBJECTS}/deals`, { properties })).status).toBe(400);
  });

  it('obeys admin rules that demand more properties', async () => {
    const rule = { object_type: 'companies', required: ['domain'] };
    await sim.control('POST', '/admin-rules', rule);
    const refused = await api('POST', `${OBJECTS}/companies`, {
      properties: { name: 'No Domain' },
    });
    expect(refused.status).toBe(400);
    expect(refused.body.category).toBe('VALIDATION_ERROR');
    await sim.control('POST', '/admin-rules', { object_type: 'companies', required: [] });
    const taken = await api('POST', `${OBJECTS}/companies`, { properties: { name: 'No Domain' } });
    expect(taken.status).toBe(201);
  });

  it('takes milliseconds as well as ISO times', async () => {
    const reply = await api('POST', `${OBJECTS}/tasks`, {
      properties: { hs_timestamp: '1795341600000', hs_task_subject: 'x' },
    });
    expect(reply.body.properties['hs_timestamp']).toBe('2026-11-22T10:00:00.000Z');
    expect(reply.body.properties['hs_task_status']).toBe('NOT_STARTED');
  });
});

describe('updating', () => {
  it('changes only what is named, and "" clears', async () => {
    const id = await newContact({ firstname: 'Ann', jobtitle: 'Baker' });
    const changed = await api('PATCH', `${CONTACTS}/${id}`, {
      properties: { firstname: 'Anna', jobtitle: '' },
    });
    expect(changed.status).toBe(200);
    const now = await api('GET', `${CONTACTS}/${id}?properties=firstname,jobtitle,email`);
    expect(now.body.properties).toMatchObject({ firstname: 'Anna', jobtitle: null });
    expect(now.body.properties['email']).toMatch(/@records\.test$/u);
  });

  it('refuses unknown and read-only properties and changes nothing', async () => {
    const id = await newContact({ firstname: 'Bo' });
    const body = { properties: { firstname: 'Bob', nonsense: '1', hs_object_id: '5' } };
    const reply = await api('PATCH', `${CONTACTS}/${id}`, body);
    expect(reply.status).toBe(400);
    expect(reply.body.errors.map((error) => error.code)).toEqual([
      'PROPERTY_DOESNT_EXIST',
      'READ_ONLY_VALUE',
    ]);
    expect((await api('GET', `${CONTACTS}/${id}`)).body.properties['firstname']).toBe('Bo');
  });

  it('answers 409 for another contact’s e-mail but takes its own again', async () => {
    const id = await newContact({ email: 'own@records.test' });
    const path = `${CONTACTS}/${id}`;
    const taken = await api('PATCH', path, { properties: { email: 'dana.fox@acme.test' } });
    expect(taken.status).toBe(409);
    const own = await api('PATCH', path, { properties: { email: 'own@records.test' } });
    expect(own.status).toBe(200);
  });

  it('finds its record by idProperty', async () => {
    const id = await newContact({ email: 'by-mail@records.test' });
    const path = `${CONTACTS}/by-mail@records.test?idProperty=email`;
    const reply = await api('PATCH', path, { properties: { firstname: 'X' } });
    expect(reply.body.id).toBe(id);
  });
});

describe('history', () => {
  it('lists versions newest first, with the app id for API writes and the user for people', async () => {
    const id = await newContact({ firstname: 'One' });
    await api('PATCH', `${CONTACTS}/${id}`, { properties: { firstname: 'Two' } });
    await sim.control('POST', '/edits', {
      object_type: 'contacts',
      id,
      properties: { firstname: 'Three' },
      user_id: 70_003,
    });
    const reply = await api('GET', `${CONTACTS}/${id}?propertiesWithHistory=firstname`);
    const versions = reply.body.propertiesWithHistory['firstname'] ?? [];
    expect(versions.map((version) => version['value'])).toEqual(['Three', 'Two', 'One']);
    expect(versions[0]).toMatchObject({
      sourceType: 'CRM_UI',
      sourceId: 'userId:70003',
      updatedByUserId: 70_003,
    });
    expect(versions[1]).toMatchObject({ sourceType: 'INTEGRATION', sourceId: appId });
    expect(versions.map((version) => Date.parse(String(version['timestamp'])))).toEqual(
      versions.map((version) => Date.parse(String(version['timestamp']))).sort((a, b) => b - a),
    );
  });

  it('keeps a cleared value as an empty version, and adds none when nothing changed', async () => {
    const id = await newContact({ jobtitle: 'Chef' });
    await api('PATCH', `${CONTACTS}/${id}`, { properties: { jobtitle: 'Chef' } });
    await api('PATCH', `${CONTACTS}/${id}`, { properties: { jobtitle: '' } });
    const reply = await api('GET', `${CONTACTS}/${id}?propertiesWithHistory=jobtitle`);
    const versions = reply.body.propertiesWithHistory['jobtitle'] ?? [];
    expect(versions.map((version) => version['value'])).toEqual(['', 'Chef']);
  });
});

describe('archiving and erasing', () => {
  it('moves a record to the bin, where only archived reads see it', async () => {
    const id = await newContact({ email: 'bin@records.test' });
    expect((await api('DELETE', `${CONTACTS}/${id}`)).status).toBe(204);
    expect((await api('GET', `${CONTACTS}/${id}`)).status).toBe(404);
    const archived = await api('GET', `${CONTACTS}/${id}?archived=true`);
    expect(archived.body.archived).toBe(true);
    expect(archived.body['archivedAt']).toBeTypeOf('string');
    expect((await api('PATCH', `${CONTACTS}/${id}`, { properties: {} })).status).toBe(404);
    const again = await api('POST', CONTACTS, { properties: { email: 'bin@records.test' } });
    expect(again.status).toBe(201);
  });

  it('is done once: a second delete changes nothing, an unknown id is 404', async () => {
    const id = await newContact();
    const before = (await sim.effects()).length;
    await api('DELETE', `${CONTACTS}/${id}`);
    expect((await api('DELETE', `${CONTACTS}/${id}`)).status).toBe(204);
    expect(await sim.effects()).toHaveLength(before + 1);
    expect((await api('DELETE', `${CONTACTS}/999`)).status).toBe(404);
  });

  it('merges two contacts into one that answers for both', async () => {
    const primary = await newContact({ firstname: 'Kept' });
    const other = await newContact({ firstname: 'Lost', jobtitle: 'Smith' });
    await api('POST', `${OBJECTS}/notes`, noteOn(other, 'travels along'));
    const body = { primaryObjectId: primary, objectIdToMerge: other };
    const merged = await api('POST', `${CONTACTS}/merge`, body);
    expect(merged.status).toBe(200);
    expect(merged.body.properties).toMatchObject({ firstname: 'Kept', jobtitle: 'Smith' });
    expect((await api('GET', `${CONTACTS}/${other}`)).body.id).toBe(primary);
    const notes = await api('GET', `${CONTACTS}/${primary}/associations/notes`);
    expect(notes.body.results).toHaveLength(1);
    expect((await sim.effects()).at(-1)).toMatchObject({ effect: 'merge', object_id: primary });
  });

  it('erases for good on gdpr-delete and keeps no personal value in the ledger', async () => {
    const id = await newContact();
    const reply = await api('POST', `${CONTACTS}/gdpr-delete`, { objectId: id });
    expect(reply.status).toBe(204);
    expect((await api('GET', `${CONTACTS}/${id}?archived=true`)).status).toBe(404);
    expect((await sim.effects()).at(-1)).toMatchObject({ effect: 'gdpr_delete', properties: {} });
  });
});

describe('the effects ledger', () => {
  it('holds who, what and the hash of the bytes that arrived', async () => {
    const body = JSON.stringify(noteOn(DANA, 'for the ledger'));
    const reply = await api('POST', `${OBJECTS}/notes`, body);
    const entry = (await sim.effects()).at(-1);
    expect(entry).toMatchObject({
      method: 'POST',
      path: `${OBJECTS}/notes`,
      object_type: 'notes',
      object_id: reply.body.id,
      effect: 'create',
      properties: { hs_note_body: 'for the ledger', hs_timestamp: '2026-11-22T10:00:00Z' },
      app_id: Number(appId),
      source: 'api',
      body_sha256: createHash('sha256').update(body).digest('hex'),
    });
    expect(entry?.token_sha256).toMatch(/^[0-9a-f]{12}$/u);
    expect(entry?.associations).toEqual(noteOn(DANA, '').associations);
  });

  it('marks what people did, and can be read from a point on', async () => {
    const before = (await sim.effects()).at(-1)?.seq ?? 0;
    const made = await sim.control<{ id: string }>('POST', '/edits', {
      object_type: 'companies',
      create: { name: 'Made by hand' },
    });
    const { id } = made.body;
    await sim.control('POST', '/edits', { object_type: 'companies', id, archive: true });
    const after = await sim.effects(before);
    expect(after.map((entry) => [entry.source, entry.effect, entry.object_id])).toEqual([
      ['ui', 'create', id],
      ['ui', 'archive', id],
    ]);
    expect(after[0]).toMatchObject({ token_sha256: null, app_id: null, user_id: 70_002 });
  });
});
