import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createAllowance } from '../../../src/adapters/hubspot/allowance.ts';
import { installEgress } from '../../../src/adapters/hubspot/egress.ts';
import { createHubSpotCrm } from '../../../src/adapters/hubspot/hubspot-crm.ts';
import { createHubSpotSetup } from '../../../src/adapters/hubspot/hubspot-setup.ts';
import { assertAllowed } from '../../../src/adapters/hubspot/operations.ts';
import { OBJECT_TYPES, type Operation, OPERATION_KINDS } from '../../../src/contracts/plan.ts';
import { PREPARED_TYPES, type SetupCall, setupRequest } from '../../../src/core/setup-calls.ts';

const CALLS: readonly SetupCall[] = [
  { kind: 'read_account' },
  { kind: 'read_token' },
  ...PREPARED_TYPES.flatMap((objectType): SetupCall[] => [
    { kind: 'read_property', objectType },
    { kind: 'read_neighbour', objectType },
    { kind: 'create_property', objectType, groupName: 'a_group' },
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

  it('write one property, whose every field but its group is fixed', () => {
    for (const objectType of PREPARED_TYPES) {
      const { path, body } = setupRequest({
        kind: 'create_property',
        objectType,
        groupName: 'a_group',
      });
      expect(path).toBe(`/crm/properties/2026-09/${objectType}`);
      expect(JSON.parse(body ?? '')).toMatchObject({
        name: 'sallyport_request_id',
        groupName: 'a_group',
        hasUniqueValue: true,
      });
    }
    expect(CALLS.map(setupRequest).filter(({ method }) => method !== 'GET')).toHaveLength(
      PREPARED_TYPES.length + 1,
    );
  });

  it.each(['emails', '../objects', 'contacts/gdpr-delete', '__proto__', 'constructor'])(
    'are made for no other object type: %s',
    async (objectType) => {
      const setup = createHubSpotSetup({
        baseUrl: 'http://127.0.0.1:9',
        readToken: () => Promise.reject(new Error('the token was read')),
        deadlineMs: 100,
      });
      for (const kind of ['create_property', 'read_neighbour']) {
        const call = { kind, objectType } as unknown as SetupCall;
        await expect(setup.call(call, { connection: 'main', version: 1 })).rejects.toThrow(
          /no such object type/,
        );
      }
    },
  );

  it('hear what HubSpot says of its limits, for every other call of the process too', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(429, { 'Retry-After': '7', 'Content-Type': 'application/json' });
      response.end(
        '{"status":"error","category":"RATE_LIMITS","policyName":"TEN_SECONDLY_ROLLING"}',
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const baseUrl = `http://127.0.0.1:${port}`;
    installEgress({ allowedOrigins: [baseUrl], deadlineMs: 2_000 });
    const readToken = () => Promise.resolve('pat-test');
    const options = { baseUrl, readToken, deadlineMs: 2_000 };
    const allowance = createAllowance({});
    const credential = { connection: 'main', version: 1 };
    const said = await createHubSpotSetup(options, allowance).call(
      { kind: 'read_account' },
      credential,
    );
    expect(said).toMatchObject({ kind: 'lost', status: 429, retryAfterSeconds: 7 });
    const crm = createHubSpotCrm(options, allowance);
    const stopped = { code: 'hubspot.rate_limited', retryAfterSeconds: 7 };
    expect(await crm.takeTurns([{ kind: 'read_account' }], credential, 'connect')).toEqual(stopped);
    expect(await crm.takeTurns([{ kind: 'read' }], credential)).toEqual(stopped);
    server.close();
  });
});
