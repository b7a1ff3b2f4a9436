import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { installEgress } from '../../../src/adapters/hubspot/egress.ts';
import { createHubSpotCrm } from '../../../src/adapters/hubspot/hubspot-crm.ts';
import type { Operation } from '../../../src/contracts/plan.ts';
import { freePort } from '../../../src/embedded/ports.ts';
import type { Crm } from '../../../src/ports/crm.ts';

const TOKEN = 'pat-na1-canary00-0000-4000-8000-000000000000';
const CREDENTIAL = { connection: 'main', version: 1 };
const DEADLINE_MS = 400;

let server: Server;
let baseUrl: string;
let crm: Crm;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let received: { method: string; url: string; headers: IncomingMessage['headers']; body: Buffer }[];

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({
        method: request.method!,
        url: request.url!,
        headers: request.headers,
        body: Buffer.concat(chunks),
      });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  installEgress({ allowedOrigins: [baseUrl], deadlineMs: DEADLINE_MS });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  received = [];
  crm = createHubSpotCrm({
    baseUrl,
    readToken: () => Promise.resolve(TOKEN),
    deadlineMs: DEADLINE_MS,
  });
});

const note: Operation = {
  kind: 'create',
  object_type: 'notes',
  method: 'POST',
  path: '/crm/objects/2026-09/notes',
  query: {},
  body: '{"properties":{"hs_note_body":"é  <br>"},"associations":[]}',
};

const respond =
  (status: number, body: string, type: string | undefined = 'application/json') =>
  (_: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(status, type === undefined ? {} : { 'content-type': type });
    response.end(body);
  };

describe('what goes over the wire', () => {
  it('is the plan’s very bytes, once, with the token in its header', async () => {
    answer = respond(201, '{"id":"1","properties":{}}');
    const result = await crm.call(note, CREDENTIAL);
    expect(result).toMatchObject({ kind: 'answered', status: 201 });
    expect(received).toHaveLength(1);
    expect(received[0]!.body.toString()).toBe(note.body);
    expect(received[0]!.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });

  it.each<[string, Partial<Operation>]>([
    ['merge', { path: '/crm/objects/2026-09/contacts/merge', object_type: 'contacts' }],
    ['erase', { path: '/crm/objects/2026-09/contacts/gdpr-delete', object_type: 'contacts' }],
    ['batch create', { path: '/crm/objects/2026-09/notes/batch/create' }],
    ['an object type that is not its own', { path: '/crm/objects/2026-09/contacts' }],
    ['another version', { path: '/crm/v3/objects/notes' }],
    [
      'a path with dots',
      {
        kind: 'update',
        method: 'PATCH',
        path: '/crm/objects/2026-09/contacts/1/../merge',
        object_type: 'contacts',
      },
    ],
    ['a property', { path: '/crm/properties/2026-09/contacts' }],
  ])('never is %s', async (_what, change) => {
    await expect(crm.call({ ...note, ...change }, CREDENTIAL)).rejects.toMatchObject({
      code: 'internal.unexpected',
    });
    expect(received).toEqual([]);
  });

  it('waits for its turn in the rate plan and is unsent when that would take too long', async () => {
    answer = respond(200, '{"total":0,"results":[]}');
    const ratePlan = { callsPerTenSeconds: 90, searchesPerSecond: 1, waitMaxMs: 0 };
    const slow = createHubSpotCrm({
      baseUrl,
      readToken: () => Promise.resolve(TOKEN),
      deadlineMs: DEADLINE_MS,
      ratePlan,
    });
    const search: Operation = {
      ...note,
      kind: 'search',
      object_type: 'contacts',
      path: '/crm/objects/2026-09/contacts/search',
      body: '{}',
    };
    expect((await slow.call(search, CREDENTIAL)).kind).toBe('answered');
    expect(await slow.call(search, CREDENTIAL)).toMatchObject({
      kind: 'unsent',
      code: 'hubspot.rate_limited',
      retryAfterSeconds: 1,
    });
    expect(received).toHaveLength(1);
  });
});

describe('what an answer means', () => {
  const scopes =
    '{"category":"MISSING_SCOPES","errors":[{"message":"m","context":{"requiredGranularScopes":["crm.objects.contacts.write"]}}]}';
  it.each([
    [
      '400',
      respond(
        400,
        '{"category":"VALIDATION_ERROR","message":"dana@acme.test is bad","errors":[{"message":"m","in":"email"}]}',
      ),
      { kind: 'refused', code: 'record.invalid', detail: 'properties: email' },
    ],
    [
      '401',
      respond(401, '{"category":"INVALID_AUTHENTICATION"}'),
      { kind: 'refused', code: 'hubspot.unauthorized' },
    ],
    [
      '403',
      respond(403, scopes),
      {
        kind: 'refused',
        code: 'hubspot.missing_scope',
        detail: 'one of these scopes is needed: crm.objects.contacts.write',
      },
    ],
    [
      '404',
      respond(404, '{"category":"OBJECT_NOT_FOUND"}'),
      { kind: 'refused', code: 'record.not_found' },
    ],
    [
      '409',
      respond(409, '{"category":"CONFLICT","message":"Existing ID: 6001"}'),
      { kind: 'refused', code: 'record.conflict' },
    ],
    ['423', respond(423, '{}'), { kind: 'lost' }],
    [
      '429',
      respond(429, '{"errorType":"RATE_LIMIT"}'),
      { kind: 'lost', code: 'hubspot.rate_limited' },
    ],
    ['477', respond(477, '{}'), { kind: 'lost' }],
    ['500', respond(500, '{}'), { kind: 'lost', code: 'hubspot.unavailable' }],
    ['a proxy’s HTML with a 4xx', respond(404, '<html>no</html>', 'text/html'), { kind: 'lost' }],
    ['no content type', respond(502, 'oops', undefined), { kind: 'lost' }],
    [
      'a success that is no JSON',
      respond(201, '<html>', 'text/html'),
      { kind: 'lost', code: 'hubspot.bad_answer' },
    ],
    [
      'a success that is cut',
      respond(201, '{"id":"1"'),
      { kind: 'lost', code: 'hubspot.bad_answer' },
    ],
  ] as const)('%s', async (_what, respondWith, expected) => {
    answer = respondWith;
    const result = await crm.call(note, CREDENTIAL);
    expect(result).toMatchObject(expected);
    expect(JSON.stringify(result)).not.toContain('acme.test');
    expect(received).toHaveLength(1);
  });

  it('no answer in time is lost, and not asked again', async () => {
    answer = () => undefined;
    expect(await crm.call(note, CREDENTIAL)).toMatchObject({
      kind: 'lost',
      code: 'hubspot.timeout',
    });
    expect(received).toHaveLength(1);
  });

  it('a reset is lost; a server that is not there is certain not to have it', async () => {
    answer = (request) => request.socket.destroy();
    expect((await crm.call(note, CREDENTIAL)).kind).toBe('lost');
    const gone = `http://127.0.0.1:${await freePort()}`;
    installEgress({ allowedOrigins: [baseUrl, gone], deadlineMs: DEADLINE_MS });
    const nobody = createHubSpotCrm({
      baseUrl: gone,
      readToken: () => Promise.resolve(TOKEN),
      deadlineMs: DEADLINE_MS,
    });
    expect(await nobody.call(note, CREDENTIAL)).toMatchObject({
      kind: 'unsent',
      code: 'hubspot.unavailable',
    });
  });

  it.each([301, 302, 307])(
    'a redirect (%i) is not followed: the token would go along',
    async (status) => {
      answer = (_, response) => {
        response.writeHead(status, { location: '/elsewhere' });
        response.end();
      };
      expect((await crm.call(note, CREDENTIAL)).kind).toBe('lost');
      expect(received.map(({ url }) => url)).toEqual([note.path]);
    },
  );

  it('more than the size limit is lost', async () => {
    answer = respond(200, `"${'x'.repeat(5 * 1024 * 1024)}"`);
    expect((await crm.call(note, CREDENTIAL)).kind).toBe('lost');
  });
});

describe('the token', () => {
  it('is in no answer and no error, however it is looked at', async () => {
    const seen: unknown[] = [];
    for (const respondWith of [
      respond(500, TOKEN),
      respond(401, `{"message":"${TOKEN}"}`),
      respond(200, TOKEN, 'text/plain'),
    ]) {
      answer = respondWith;
      seen.push(await crm.call(note, CREDENTIAL).catch((error: unknown) => error));
    }
    seen.push(
      await crm.call({ ...note, path: '/nope' }, CREDENTIAL).catch((error: unknown) => error),
    );
    expect(inspect(seen, { depth: 10 }) + JSON.stringify(seen)).not.toContain('canary');
  });

  it('goes to no origin but the allowed one', async () => {
    const other = createHubSpotCrm({
      baseUrl: 'http://127.0.0.1:1',
      readToken: () => Promise.resolve(TOKEN),
      deadlineMs: DEADLINE_MS,
    });
    installEgress({ allowedOrigins: [baseUrl], deadlineMs: DEADLINE_MS });
    expect((await other.call(note, CREDENTIAL)).kind).not.toBe('answered');
  });
});
