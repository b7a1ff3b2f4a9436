import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertAllowed } from '../../../src/adapters/hubspot/operations.ts';
import type { Operation } from '../../../src/contracts/plan.ts';
import type { CallPurpose } from '../../../src/ports/crm.ts';

const OBJECTS = '/crm/objects/2026-09';

const read = (path: string, change: Partial<Operation> = {}): Operation => ({
  kind: 'read',
  object_type: 'contacts',
  method: 'GET',
  path,
  query: {},
  body: null,
  ...change,
});
const post = (path: string, change: Partial<Operation> = {}): Operation =>
  read(path, { kind: 'create', method: 'POST', body: '{}', ...change });

const remove = (path: string, change: Partial<Operation> = {}): Operation =>
  read(path, { kind: 'archive', method: 'DELETE', ...change });

const isAllowed = (operation: Operation, purpose?: CallPurpose): boolean => {
  try {
    assertAllowed(operation, purpose);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'internal.unexpected' });
    return false;
  }
};

describe('the closed table', () => {
  it.each([
    ['a read by id', read(`${OBJECTS}/contacts/20001`, { query: { properties: 'email' } })],
    [
      'a read by e-mail',
      read(`${OBJECTS}/contacts/a%2Bb%40acme.test`, { query: { idProperty: 'email' } }),
    ],
    ['a list of associations', read(`${OBJECTS}/contacts/1/associations/notes`)],
    ['a batch read', post(`${OBJECTS}/notes/batch/read`, { kind: 'read', object_type: 'notes' })],
    ['a search', post(`${OBJECTS}/emails/search`, { kind: 'search', object_type: 'emails' })],
    [
      'a read by the id of a request',
      read(`${OBJECTS}/deals/act_01k8s6q0w3v7m2c5x9t4r1b8ha`, {
        object_type: 'deals',
        query: { idProperty: 'sallyport_request', properties: 'dealname' },
      }),
    ],
    ['a new deal', post(`${OBJECTS}/deals`, { object_type: 'deals' })],
    ['a new call', post(`${OBJECTS}/calls`, { object_type: 'calls' })],
    [
      'an association of two records',
      post(`${OBJECTS}/contacts/1/associations/default/companies/2`, {
        kind: 'associate',
        method: 'PUT',
        body: null,
      }),
    ],
    ['a new note', post(`${OBJECTS}/notes`, { object_type: 'notes' })],
    [
      'an update of a company',
      post(`${OBJECTS}/companies/9`, { kind: 'update', method: 'PATCH', object_type: 'companies' }),
    ],
    [
      'an update of a deal',
      post(`${OBJECTS}/deals/9`, { kind: 'update', method: 'PATCH', object_type: 'deals' }),
    ],
    ['an archive of a contact', remove(`${OBJECTS}/contacts/1`)],
    ['an archive of a note', remove(`${OBJECTS}/notes/1`, { object_type: 'notes' })],
    [
      'the end of an association of two records',
      remove(`${OBJECTS}/contacts/1/associations/companies/2`, { kind: 'dissociate' }),
    ],
  ])('allows %s', (_what, operation) => {
    expect(isAllowed(operation)).toBe(true);
  });

  it.each([
    ['a merge', post(`${OBJECTS}/contacts/merge`)],
    ['a GDPR delete', post(`${OBJECTS}/contacts/gdpr-delete`)],
    ['a batch archive', post(`${OBJECTS}/contacts/batch/archive`)],
    ['a batch update', post(`${OBJECTS}/contacts/batch/update`)],
    ['a batch upsert called a read', post(`${OBJECTS}/contacts/batch/upsert`, { kind: 'read' })],
    ['a delete', read(`${OBJECTS}/contacts/1`, { method: 'DELETE' as 'GET' })],
    [
      'an association with a note',
      post(`${OBJECTS}/contacts/1/associations/default/notes/2`, {
        kind: 'associate',
        method: 'PUT',
        body: null,
      }),
    ],
    [
      'an association with a label',
      post(`${OBJECTS}/contacts/1/associations/companies/2`, {
        kind: 'associate',
        method: 'PUT',
        body: '[]',
      }),
    ],
    [
      'the end of an association',
      read(`${OBJECTS}/contacts/1/associations/companies/2`, { method: 'DELETE' as 'GET' }),
    ],
    [
      'the end of an association that is called a read',
      read(`${OBJECTS}/contacts/1/associations/companies/2`, { method: 'DELETE' }),
    ],
    ['an archive that is called an update', remove(`${OBJECTS}/contacts/1`, { kind: 'update' })],
    ['an archive of an e-mail', remove(`${OBJECTS}/emails/1`, { object_type: 'emails' })],
    ['an archive by another word', remove(`${OBJECTS}/contacts/dana%40acme.test`)],
    ['an archive of many', post(`${OBJECTS}/contacts/batch/archive`, { kind: 'archive' })],
    ['an archive with a body', remove(`${OBJECTS}/contacts/1`, { body: '{}' })],
    ['an archive with a query', remove(`${OBJECTS}/contacts/1`, { query: { archived: 'true' } })],
    [
      'the end of one label',
      remove(`${OBJECTS}/contacts/1/associations/companies/2/labels`, { kind: 'dissociate' }),
    ],
    [
      'the end of all associations of a kind',
      remove(`${OBJECTS}/contacts/1/associations/companies`, { kind: 'dissociate' }),
    ],
    ['a new property', post('/crm/properties/2026-09/contacts')],
    ['a new company', post(`${OBJECTS}/companies`, { object_type: 'companies' })],
    [
      'an update of a ticket',
      post(`${OBJECTS}/tickets/1`, { kind: 'update', method: 'PATCH', object_type: 'tickets' }),
    ],
    ['an older version of the API', read('/crm/v3/objects/contacts/1')],
    ['the token endpoint', post('/oauth/2026-09/token')],
    ['account details', read('/account-info/2026-09/details')],
    ['another object type than declared', read(`${OBJECTS}/deals/1`)],
    ['an unknown object type', read(`${OBJECTS}/0-1/1`)],
    ['a read by any other word', read(`${OBJECTS}/deals/act_x`, { object_type: 'deals' })],
    ['a new mail', post(`${OBJECTS}/emails`, { object_type: 'emails' })],
    ['a write called a read', post(`${OBJECTS}/contacts`, { kind: 'read' })],
    ['a dot segment', read(`${OBJECTS}/contacts/..`)],
    ['an escaped dot segment', read(`${OBJECTS}/contacts/%2e%2e`)],
    ['an escaped slash', read(`${OBJECTS}/contacts/1%2Fassociations`)],
    ['an escaped slash in an e-mail', read(`${OBJECTS}/contacts/a%2F..%2Fb%40acme.test`)],
    ['a query in the path', read(`${OBJECTS}/contacts/1?archived=true`)],
    ['a fragment in the path', read(`${OBJECTS}/contacts/1#x`)],
    ['a line feed after the path', read(`${OBJECTS}/contacts/1\n`)],
    ['another host before the path', read(`//evil.test${OBJECTS}/contacts/1`)],
    ['user information before the path', read(`@evil.test${OBJECTS}/contacts/1`)],
    ['an unknown query parameter', read(`${OBJECTS}/contacts/1`, { query: { hapikey: 'x' } })],
    [
      'an update by another property than the id',
      post(`${OBJECTS}/contacts/1`, {
        kind: 'update',
        method: 'PATCH',
        query: { idProperty: 'phone' },
      }),
    ],
    ['a read with a body', read(`${OBJECTS}/contacts/1`, { body: '{}' })],
    ['a write without a body', post(`${OBJECTS}/contacts`, { body: null })],
  ])('refuses %s', (_what, operation) => {
    expect(isAllowed(operation)).toBe(false);
  });

  it.each([
    ['the list of archived records', read(`${OBJECTS}/contacts`, { query: { archived: 'true' } })],
    [
      'a batch read of archived records',
      post(`${OBJECTS}/contacts/batch/read`, { kind: 'read', query: { archived: 'true' } }),
    ],
    [
      'what people did in the account',
      read('/account-info/2026-09/activity/audit-logs', { query: { limit: '100' } }),
    ],
  ])('allows %s to the radar and to an incident alone', (_what, operation) => {
    expect(isAllowed(operation)).toBe(false);
    const purposes = ['card', 'compare', 'execute', 'reconcile', 'connect'] as const;
    for (const purpose of purposes) expect(isAllowed(operation, purpose)).toBe(false);
    expect(isAllowed(operation, 'radar')).toBe(true);
    expect(isAllowed(operation, 'incident')).toBe(true);
  });

  const others = ['read', 'compare', 'execute', 'reconcile', 'connect'] as const;

  it('allows the definitions of properties to the radar, to an incident, and by name to a card', () => {
    const all = read('/crm/properties/2026-09/contacts');
    const named = { ...all, query: { properties: 'lifecyclestage,tier' } };
    for (const purpose of others) expect(isAllowed(all, purpose)).toBe(false);
    for (const purpose of ['radar', 'incident'] as const) {
      expect(isAllowed(all, purpose)).toBe(true);
      expect(isAllowed(named, purpose)).toBe(false);
    }
    expect(isAllowed(named, 'card')).toBe(true);
  });

  const deal = (path: string, more: Partial<Operation> = {}): Operation =>
    read(path, { object_type: 'deals', ...more });

  it.each([
    ['pipelines of deals', deal('/crm/pipelines/2026-09/deals')],
    ['one owner', deal('/crm/owners/2026-09/7001')],
    ['one who has left', deal('/crm/owners/2026-09/7001', { query: { archived: 'true' } })],
  ])('allows %s to a card alone', (_what, operation) => {
    for (const purpose of [...others, 'radar', 'incident'] as const)
      expect(isAllowed(operation, purpose)).toBe(false);
    expect(isAllowed(operation, 'card')).toBe(true);
  });

  it.each([
    ['the list of owners', deal('/crm/owners/2026-09')],
    ['an owner by address', deal('/crm/owners/2026-09/a%40acme.test')],
    ['owners by mail', deal('/crm/owners/2026-09/7001', { query: { email: 'a@acme.test' } })],
    ['what belongs to an owner', deal('/crm/owners/2026-09/7001/x')],
    ['an owner that is changed', deal('/crm/owners/2026-09/7001', { method: 'PATCH', body: '{}' })],
    ['one pipeline', deal('/crm/pipelines/2026-09/deals/default')],
    ['pipelines of contacts', read('/crm/pipelines/2026-09/contacts')],
    ['pipelines of another type', read('/crm/pipelines/2026-09/deals')],
    ['a new pipeline', deal('/crm/pipelines/2026-09/deals', { method: 'POST', body: '{}' })],
    [
      'sensitive properties',
      deal('/crm/properties/2026-09/deals', { query: { dataSensitivity: 'x' } }),
    ],
    ['the bin', deal(`${OBJECTS}/deals`, { query: { archived: 'true' } })],
  ])('refuses %s to a card too', (_what, operation) => {
    expect(isAllowed(operation, 'card')).toBe(false);
  });

  it.each([
    ['a new contact called a list', read(`${OBJECTS}/contacts`, { method: 'POST' })],
    ['a list with a body', read(`${OBJECTS}/contacts`, { body: '{}' })],
    ['one property', read('/crm/properties/2026-09/contacts/email')],
    ['properties of another type', read('/crm/properties/2026-09/deals')],
    ['security events', read('/account-info/2026-09/activity/security')],
    ['a path below it', read('/account-info/2026-09/activity/audit-logs/1')],
  ])('refuses %s to the radar too', (_what, operation) => {
    expect(isAllowed(operation, 'radar')).toBe(false);
  });

  it('allows no path that a URL would read as another one', () => {
    const segment = fc.oneof(
      fc.constantFrom('.', '..', '%2e', '%2E%2e', '%2f', '\\', '?', '#', '@', '%40', '1', 'search'),
      fc.string({ unit: 'binary', maxLength: 12 }),
    );
    const tail = fc.array(segment, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(tail, fc.constantFrom('/', ''), (parts, joint) => {
        const path = `${OBJECTS}/contacts/${parts.join(joint)}`;
        if (!isAllowed(read(path))) return;
        expect(new URL(`https://api.hubapi.com${path}`).pathname).toBe(path);
      }),
      { numRuns: 2_000 },
    );
  });

  it('does not repeat the path, which may hold an e-mail address, in its error', () => {
    expect(() => {
      assertAllowed(read(`${OBJECTS}/deals/dana%40acme.test`));
    }).toThrow(
      expect.objectContaining({
        cause: expect.objectContaining({
          message: 'not in the table of operations: read GET contacts',
        }) as unknown,
      }),
    );
  });
});
