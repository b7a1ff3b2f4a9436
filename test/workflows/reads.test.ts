import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());

describe('the article’s request, word for word', () => {
  it('answers with the granted fields of the company’s contacts and nothing else', async () => {
    const answer = await gateway.agent.call('POST', '/v1/actions', {
      body: {
        user_id: 'dana@acme.test',
        agent_prompt: 'Find the last email interaction for Acme Corp.',
        action: { action: 'search_contact', company: 'Acme Corp' },
      },
    });
    expect(answer.status).toBe(200);
    expect(answer.body.status).toBe('succeeded');
    const { contacts, total } = answer.body.result;
    expect(total).toBe(contacts.length);
    expect(total).toBeGreaterThan(1);
    for (const contact of contacts) {
      expect(Object.keys(contact).sort()).toEqual([
        'email',
        'firstname',
        'id',
        'last_contacted',
        'lastname',
      ]);
      expect(contact.email).toMatch(/@acme\.test$/);
    }
  });

  it('leads to the last e-mail with two reads', async () => {
    const companies = await gateway.submit({ action: 'search_company', name: 'Acme Corp' });
    const [acme] = companies.body.result.companies;
    const found = await gateway.submit({
      action: 'list_interactions',
      company_id: acme.id,
      kind: 'email',
      limit: 1,
    });
    expect(found.status).toBe(200);
    expect(found.body.result.interactions).toHaveLength(1);
    expect(found.body.result.interactions[0]).toMatchObject({ kind: 'email' });
  });
});

describe('what a read answers', () => {
  it('is an empty list when nothing is found', async () => {
    const answer = await gateway.submit({ action: 'search_contact', company: 'No Such Company' });
    expect(answer.status).toBe(200);
    expect(answer.body.result).toEqual({ contacts: [], total: 0 });
  });

  it('says when there is more than a page, and goes on from there', async () => {
    const first = await gateway.submit({
      action: 'search_contact',
      company: 'Acme Corp',
      limit: 1,
    });
    expect(first.body.result).toMatchObject({ more: true });
    const after = first.body.result.next_after;
    const second = await gateway.submit({
      action: 'search_contact',
      company: 'Acme Corp',
      limit: 1,
      after,
    });
    expect(second.body.result.contacts[0].id).not.toBe(first.body.result.contacts[0].id);
  });

  it('is record.not_found for an id that HubSpot does not have', async () => {
    const answer = await gateway.submit({ action: 'get_contact', contact_id: '99999999' });
    expect(answer.status).toBe(404);
    expect(answer.body).toMatchObject({ code: 'record.not_found', retryable: false });
  });

  it('stays the same for the same key, also when the CRM changed since', async () => {
    const key = 'a-read-with-a-key';
    const first = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' }, { key });
    const [contact] = first.body.result.contacts;
    await gateway.simulator.control('POST', '/edits', {
      object_type: 'contacts',
      id: contact.id,
      properties: { firstname: 'Changed' },
    });
    const again = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' }, { key });
    expect(again.body).toEqual(first.body);
  });

  it('can be tried again on the same key after HubSpot failed it for a passing reason', async () => {
    const key = 'a-read-that-fails-first';
    await gateway.simulator.control('POST', '/faults', { mode: '502', times: 1 });
    const failed = await gateway.submit(
      { action: 'search_contact', company: 'Acme Corp' },
      { key },
    );
    expect(failed.status).toBe(503);
    expect(Number(failed.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(failed.body).toMatchObject({ code: 'hubspot.unavailable', retryable: true });
    const again = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' }, { key });
    expect(again.status).toBe(200);
  });

  it('refuses the same key with another body', async () => {
    const key = 'one-key-two-bodies';
    await gateway.submit({ action: 'search_contact', company: 'Acme Corp' }, { key });
    const other = await gateway.submit({ action: 'search_contact', company: 'Globex' }, { key });
    expect(other.status).toBe(422);
    expect(other.body.code).toBe('idempotency.mismatch');
  });
});

describe('what is refused before any call', () => {
  it.each([
    [
      'an action that does not exist',
      { action: 'merge_contacts', primary: '1' },
      'action.unknown',
      422,
    ],
    ['a prototype’s name as action', { action: 'constructor' }, 'action.unknown', 422],
    [
      'a field the action does not have',
      { action: 'search_contact', company: 'Acme Corp', x: 1 },
      'action.invalid',
      422,
    ],
    [
      'a token in the prompt’s place',
      { action: 'search_contact', name: 'pat-na1-12345678-1234-1234-1234-123456789012' },
      'prompt.refused',
      422,
    ],
  ])('%s', async (_what, action, code, status) => {
    const before = await gateway.simulator.control<{ requests: unknown[] }>('GET', '/requests');
    const answer = await gateway.submit(action);
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBe(code);
    const after = await gateway.simulator.control<{ requests: unknown[] }>('GET', '/requests');
    expect(after.body.requests.length).toBe(before.body.requests.length);
  });

  it('a field the action does not have is answered with those it has', async () => {
    const { body } = await gateway.submit({ action: 'get_contact', contact_ident: '20001' });
    expect(body.detail).toMatch(/"contact_ident".*; get_contact has contact_id(, \w+)*$/);
  });
});
