import { inspect } from 'node:util';
import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { installEgress } from '../../../src/adapters/hubspot/egress.ts';
import { createHubSpotCrm } from '../../../src/adapters/hubspot/hubspot-crm.ts';
import type { Operation } from '../../../src/contracts/plan.ts';
import { GatewayError } from '../../../src/core/gateway-error.ts';
import type { CrmAnswer } from '../../../src/ports/crm.ts';
import { bytesOf, type RawServer, startHttpServer, startSocketServer } from './raw-server.ts';

const CANARY = 'pat-eu1-c4n4ry00-dead-beef-cafe-000000000000';
const DEADLINE_MS = 400;
const MAIN = { connection: 'main', version: 1 };

const READ: Operation = {
  kind: 'read',
  object_type: 'contacts',
  method: 'GET',
  path: '/crm/objects/2026-09/contacts/20001',
  query: { properties: 'firstname,email' },
  body: null,
};
const WRITE: Operation = {
  kind: 'create',
  object_type: 'notes',
  method: 'POST',
  path: '/crm/objects/2026-09/notes',
  query: {},
  // Neither the order nor the blanks that JSON.stringify would give: these bytes were approved.
  body: '{ "z":1,\n  "a":"é ☎️ \\u2028",  "properties":{"n":"01"} }',
};

let server: RawServer | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const crmAt = (baseUrl: string, deadlineMs = DEADLINE_MS) =>
  createHubSpotCrm({ baseUrl, deadlineMs, readToken: () => Promise.resolve(CANARY) });

async function callAt(url: string, operation: Operation): Promise<CrmAnswer> {
  installEgress({ allowedOrigins: [url], deadlineMs: DEADLINE_MS });
  const answer = await crmAt(url).call(operation, MAIN);
  expect(inspect(answer, { depth: 10 }) + JSON.stringify(answer)).not.toContain('c4n4ry');
  return answer;
}

/** Calls a server that answers as given; `hits` counts the requests it got. */
async function callOnce(
  listener: RequestListener,
  operation: Operation = WRITE,
): Promise<{ answer: CrmAnswer; hits: number; ms: number }> {
  let hits = 0;
  server = await startHttpServer((request, response) => {
    hits += 1;
    listener(request, response);
  });
  const start = performance.now();
  const answer = await callAt(server.url, operation);
  const ms = performance.now() - start;
  // A second request, by a retry or a redirect, would come within this time.
  await sleep(100);
  return { answer, hits, ms };
}

describe('what goes over the wire', () => {
  it("is the plan's very bytes, its path and the token, in one request", async () => {
    let seen: Record<string, unknown> = {};
    const { answer, hits } = await callOnce((request, response) => {
      void bytesOf(request).then((bytes) => {
        const { method, url, headers } = request;
        seen = { method, url, bytes, type: headers['content-type'], auth: headers.authorization };
        response.writeHead(201, { 'content-type': 'application/json' }).end('{"id":"9"}');
      });
    });
    expect(answer).toEqual({ kind: 'answered', status: 201, json: { id: '9' } });
    expect(hits).toBe(1);
    expect(seen).toEqual({
      method: 'POST',
      url: WRITE.path,
      bytes: WRITE.body,
      type: 'application/json',
      auth: `Bearer ${CANARY}`,
    });
  });

  it('is path and query of a read, without a body', async () => {
    let seen = '';
    const { answer } = await callOnce((request, response) => {
      void bytesOf(request).then((bytes) => {
        seen = `${request.method ?? ''} ${request.url ?? ''} ${bytes}`;
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    }, READ);
    expect(answer.kind).toBe('answered');
    expect(new URL(seen.split(' ')[1] ?? '', 'http://x').searchParams.get('properties')).toBe(
      'firstname,email',
    );
    expect(seen.endsWith(' ')).toBe(true);
  });

  it('is on the token of the version that is named, for every call anew', async () => {
    const seen: (string | undefined)[] = [];
    server = await startHttpServer((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    installEgress({ allowedOrigins: [server.url], deadlineMs: DEADLINE_MS });
    const crm = createHubSpotCrm({
      baseUrl: server.url,
      deadlineMs: DEADLINE_MS,
      readToken: ({ version }) => Promise.resolve(`token-${version}`),
    });
    await Promise.all([1, 2, 1].map((version) => crm.call(READ, { connection: 'main', version })));
    expect(seen.toSorted()).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-2']);
  });

  it('is nothing when the operation is not in the table, or the token cannot be read', async () => {
    let hits = 0;
    server = await startHttpServer((_request, response) => {
      hits += 1;
      response.end();
    });
    installEgress({ allowedOrigins: [server.url], deadlineMs: DEADLINE_MS });
    const merge = { ...WRITE, object_type: 'contacts', path: `${READ.path}/merge` } as const;
    await expect(crmAt(server.url).call(merge, MAIN)).rejects.toMatchObject({
      code: 'internal.unexpected',
    });
    const locked = createHubSpotCrm({
      baseUrl: server.url,
      deadlineMs: DEADLINE_MS,
      readToken: () => Promise.reject(new GatewayError('secret.unavailable')),
    });
    await expect(locked.call(READ, MAIN)).rejects.toMatchObject({ code: 'secret.unavailable' });
    expect(hits).toBe(0);
  });

  it('is nothing when reading the token took so long that the caller may have given the call up', async () => {
    let hits = 0;
    server = await startHttpServer((_request, response) => {
      hits += 1;
      response.writeHead(201, { 'Content-Type': 'application/json' }).end('{}');
    });
    installEgress({ allowedOrigins: [server.url], deadlineMs: DEADLINE_MS });
    const readToken = async () => {
      await sleep(2 * DEADLINE_MS);
      return CANARY;
    };
    const crm = createHubSpotCrm({ baseUrl: server.url, deadlineMs: DEADLINE_MS, readToken });
    expect(await crm.call(WRITE, MAIN)).toEqual({ kind: 'unsent', code: 'secret.unavailable' });
    await sleep(DEADLINE_MS);
    expect(hits).toBe(0);
  });

  it('waits for a turn that the rate plan does not have: it says when to come back', async () => {
    let hits = 0;
    server = await startHttpServer((_request, response) => {
      hits += 1;
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
    installEgress({ allowedOrigins: [server.url], deadlineMs: DEADLINE_MS });
    const crm = createHubSpotCrm({
      baseUrl: server.url,
      deadlineMs: DEADLINE_MS,
      readToken: () => Promise.resolve(CANARY),
      ratePlan: { callsPerTenSeconds: 1, searchesPerSecond: 1, waitMaxMs: 0 },
    });
    expect(await crm.takeTurns([READ], MAIN)).toBeUndefined();
    expect(await crm.takeTurns([READ], MAIN)).toEqual({
      code: 'hubspot.rate_limited',
      retryAfterSeconds: 11,
    });
    expect(hits).toBe(0);
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('%i is not followed', async (status) => {
    const { answer, hits } = await callOnce((_request, response) => {
      response.writeHead(status, { location: '/crm/objects/2026-09/contacts' }).end();
    });
    expect(hits).toBe(1);
    expect(answer).toEqual({ kind: 'lost', code: 'hubspot.bad_answer' });
  });

  it('to another origin does not carry the token there', async () => {
    const stolen: unknown[] = [];
    const thief = await startHttpServer((request, response) => {
      stolen.push(request.headers);
      response.end();
    });
    await callOnce((_request, response) => {
      response.writeHead(307, { location: `${thief.url}/` }).end();
    });
    await thief.stop();
    expect(stolen).toEqual([]);
  });
});

describe('an answer that does not come', () => {
  it.each([READ, WRITE])('is lost as a time-out at the deadline: $method', async (operation) => {
    const { answer, ms, hits } = await callOnce(() => undefined, operation);
    expect(answer).toEqual({ kind: 'lost', code: 'hubspot.timeout' });
    expect(hits).toBe(1);
    expect(ms).toBeGreaterThanOrEqual(DEADLINE_MS - 20);
    expect(ms).toBeLessThan(DEADLINE_MS + 400);
  });

  it('is lost at the deadline also when bytes keep trickling, and the socket is given up', async () => {
    let closedAfterMs = 0;
    const start = performance.now();
    const { answer, ms } = await callOnce((_request, response) => {
      response.writeHead(201, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 50);
      response.on('close', () => {
        clearInterval(drip);
        closedAfterMs = performance.now() - start;
      });
    });
    expect(answer).toEqual({ kind: 'lost', code: 'hubspot.timeout' });
    expect(ms).toBeLessThan(DEADLINE_MS + 400);
    await sleep(DEADLINE_MS);
    expect(closedAfterMs).toBeGreaterThan(0);
  });

  it('is lost when the connection breaks off after the request', async () => {
    const { answer, hits } = await callOnce((request) => request.socket.destroy());
    expect(answer).toEqual({ kind: 'lost', code: 'hubspot.unavailable' });
    expect(hits).toBe(1);
  });

  it('is lost when the body breaks off', async () => {
    const { answer } = await callOnce((request, response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'content-length': '900' });
      response.write('{"id":"1"');
      setTimeout(() => request.socket.destroy(), 50);
    });
    expect(answer).toMatchObject({ kind: 'lost' });
  });

  it('is unsent when nobody listens', async () => {
    const gone = await startHttpServer(() => undefined);
    await gone.stop();
    expect(await callAt(gone.url, WRITE)).toEqual({ kind: 'unsent', code: 'hubspot.unavailable' });
  });
});

describe('an answer that cannot be used', () => {
  it.each([
    ['HTML', 502, 'text/html', '<h1>Bad gateway</h1>', 'hubspot.unavailable'],
    ['HTML with a success', 200, 'text/html', '<h1>Login</h1>', 'hubspot.bad_answer'],
    ['JSON that is cut', 201, 'application/json', '{"id":', 'hubspot.bad_answer'],
  ])('is lost: %s', async (_what, status, type, text, code) => {
    const { answer } = await callOnce((_request, response) => {
      response.writeHead(status, { 'content-type': type }).end(text);
    });
    expect(answer).toEqual({ kind: 'lost', status, code });
  });

  it('is lost when it is larger than 4 MiB, and is not read to its end', async () => {
    let written = 0;
    const chunk = Buffer.alloc(1024 * 1024, 0x20);
    const { answer } = await callOnce((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = (): void => {
        while (written < 64 && response.writable) {
          written += 1;
          if (!response.write(chunk)) {
            response.once('drain', more);
            return;
          }
        }
      };
      more();
    }, READ);
    expect(answer).toEqual({ kind: 'lost', code: 'hubspot.bad_answer' });
    expect(written).toBeLessThan(64);
  });

  it.each([
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['endless headers', `HTTP/1.1 200 OK\r\nx: ${'a'.repeat(100_000)}\r\n\r\n`],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}'],
  ])('is lost: %s', async (_what, bytes) => {
    server = await startSocketServer((socket) => {
      socket.once('data', () => socket.write(bytes));
    });
    expect(await callAt(server.url, READ)).toMatchObject({ kind: 'lost' });
  });
});

describe('the token', () => {
  it.each([
    ['an error', 500, 'application/json', CANARY],
    ['a refusal', 401, 'application/json', JSON.stringify({ message: CANARY, category: CANARY })],
    [
      'the names of a refusal',
      400,
      'application/json',
      JSON.stringify({ errors: [{ in: `Bearer ${CANARY}` }] }),
    ],
    ['a success that is no JSON', 200, 'text/plain', CANARY],
  ])('is not passed on when %s repeats it', async (_what, status, type, text) => {
    // `callAt` looks for it in every answer.
    const { answer } = await callOnce((_request, response) => {
      response.writeHead(status, { 'content-type': type }).end(text);
    });
    expect(['lost', 'refused']).toContain(answer.kind);
  });

  it('is in nothing that is thrown', async () => {
    const thrown: unknown = await crmAt('http://127.0.0.1:1')
      .call({ ...WRITE, path: '/nope' }, MAIN)
      .catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(GatewayError);
    expect(inspect(thrown, { depth: 10, showHidden: true })).not.toContain('c4n4ry');
  });
});

describe('egress', () => {
  it('lets nothing out to another origin, in this whole process', async () => {
    let hits = 0;
    server = await startHttpServer((_request, response) => {
      hits += 1;
      response.end();
    });
    installEgress({ allowedOrigins: ['https://api.hubapi.com'], deadlineMs: DEADLINE_MS });
    await expect(fetch(`${server.url}/exfiltrate?data=x`)).rejects.toThrow();
    expect(await crmAt(server.url).call(WRITE, MAIN)).toEqual({
      kind: 'unsent',
      code: 'hubspot.unavailable',
    });
    expect(hits).toBe(0);
  });
});
