import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createHubSpotSetup } from '../../../src/adapters/hubspot/hubspot-setup.ts';
import { assertAllowed } from '../../../src/adapters/hubspot/operations.ts';
import { OBJECT_TYPES, type Operation, OPERATION_KINDS } from '../../../src/contracts/plan.ts';
import { PREPARED_TYPES, type SetupCall, setupRequest } from '../../../src/core/setup-calls.ts';

const CALLS: readonly SetupCall[] = [
  { kind: 'read_account' },
  { kind: 'read_token' },
  ...PREPARED_TYPES.flatMap((objectType): SetupCall[] => [
    { kind: 'read_property', objectType },
    { kind: 'create_property', objectType },
  ]),
];

describe('the calls of setting up a connection', () => {
  it.each(CALLS)('no plan can hold one: $kind $objectType', (call) => {
    const { method, path, body } = setupRequest(call);
    for (const kind of OPERATION_KINDS) {
      for (const type of OBJECT_TYPES) {
        const operation: Operation = { kind, object_type: type, method, path, query: {}, body };
        expect(() => {
          assertAllowed(operation);
        }).toThrow(/internal/);
        expect(() => {
          assertAllowed({ ...operation, path: `/crm/objects/2026-09/${type}/..${path}` });
        }).toThrow(/internal/);
      }
    }
  });

  it('are reached from connecting alone: nobody else holds the port', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .filter((name) => /CrmSetup|createHubSpotSetup/.test(readFileSync(join('src', name), 'utf8')))
      .filter((name) => !name.startsWith('ports/') && !name.startsWith('adapters/'));
    expect(files.toSorted()).toEqual(['dependencies.ts', 'gate/connection-calls.ts']);
    const callers = readdirSync('src', { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .filter((name) => /connectAccount\(/.test(readFileSync(join('src', name), 'utf8')));
    expect(callers.toSorted()).toEqual([
      ...['cli/connect.ts', 'cli/secret.ts', 'demo.ts', 'gate/connection.ts'],
    ]);
  });

  it('write one property, whose every field is fixed', () => {
    for (const objectType of PREPARED_TYPES) {
      const { path, body } = setupRequest({ kind: 'create_property', objectType });
      expect(path).toBe(`/crm/properties/2026-09/${objectType}`);
      expect(JSON.parse(body ?? '')).toMatchObject({
        name: 'sallyport_request_id',
        hasUniqueValue: true,
      });
    }
    expect(CALLS.map(setupRequest).filter(({ method }) => method !== 'GET')).toHaveLength(5);
  });

  it.each(['notes', '../objects', 'contacts/gdpr-delete', '__proto__', 'constructor'])(
    'are made for no other object type: %s',
    async (objectType) => {
      const setup = createHubSpotSetup({
        baseUrl: 'http://127.0.0.1:9',
        readToken: () => Promise.reject(new Error('the token was read')),
        deadlineMs: 100,
      });
      const call = { kind: 'create_property', objectType } as unknown as SetupCall;
      await expect(setup.call(call, { connection: 'main', version: 1 })).rejects.toThrow(
        /no such object type/,
      );
    },
  );
});
