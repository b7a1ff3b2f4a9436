import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { JSONToPayload, payloadToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CodecRequestServed,
  createCodecHandler,
} from '../../../src/adapters/temporal/codec-server.ts';
import {
  decodeOne,
  encodeOne,
  fromPayload,
  inActivity,
  inWorkflow,
  makeCodec,
  NAMESPACE,
  toPayload,
} from './codec-fixtures.ts';

const UI = 'http://127.0.0.1:8233';
const PATH = `/${randomBytes(32).toString('base64url')}`;

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string | undefined>;
  readonly body?: string;
}

const good = { origin: UI, 'x-namespace': NAMESPACE, 'content-type': 'application/json' };
const bodyOf = (...payloads: Payload[]): string =>
  JSON.stringify({ payloads: payloads.map((payload) => payloadToJSON(payload)) });

describe('The codec server', () => {
  let codec: PayloadCodec;
  let server: Server;
  let served: CodecRequestServed[];

  beforeEach(async () => {
    codec = makeCodec();
    served = [];
    const handler = createCodecHandler({
      codec,
      namespace: NAMESPACE,
      uiOrigin: UI,
      path: PATH,
      onServed: (entry) => served.push(entry),
    });
    server = createServer((request, response) => void handler(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  // Not fetch: it does not let a test set the Origin header.
  const ask = async ({ method = 'POST', path = `${PATH}/decode`, headers = {}, body }: Asked) => {
    const { port } = server.address() as AddressInfo;
    const all: Record<string, string | undefined> = { ...good, ...headers };
    const request = httpRequest({ host: '127.0.0.1', port, method, path });
    for (const [name, value] of Object.entries(all)) {
      if (value !== undefined) request.setHeader(name, value);
    }
    request.end(body);
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return {
      status: response.statusCode!,
      headers: new Headers(response.headers as Record<string, string>),
      text: Buffer.concat(chunks).toString(),
    } satisfies Answer;
  };

  const payloadsOf = ({ text }: Answer): Payload[] =>
    (JSON.parse(text) as { payloads: Record<string, never>[] }).payloads.map((json) =>
      JSONToPayload(json),
    );

  it('answers the UI, which says in the query how it wants things, and no other path with a query', async () => {
    const headers = { 'access-control-request-method': 'POST' };
    const path = `${PATH}/decode?preserveStorageRefs=true`;
    expect((await ask({ method: 'OPTIONS', path, headers })).status).toBe(204);
    const sealed = await encodeOne(codec, toPayload('a secret'), inWorkflow('action/act_1'));
    const answer = await ask({ path, body: bodyOf(sealed) });
    expect(answer.status).toBe(200);
    for (const other of ['/decode?x=1', `${PATH}/other?x=1`, `/?${PATH}/decode`])
      expect((await ask({ path: other, body: bodyOf(sealed) })).status).toBe(404);
  });

  it('decodes for the UI what any workflow encrypted', async () => {
    const [a, b] = [
      await encodeOne(codec, { card: 'žluť' }, inWorkflow('w1')),
      await encodeOne(codec, 'result', inActivity('w2')),
    ];
    const answer = await ask({ body: bodyOf(a, b) });
    expect(answer.status).toBe(200);
    expect(payloadsOf(answer).map(fromPayload)).toEqual([{ card: 'žluť' }, 'result']);
    expect(answer.headers.get('access-control-allow-origin')).toBe(UI);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(served).toEqual([{ operation: 'decode', status: 200, payloads: 2 }]);
  });

  it('encodes a signal from the UI so that a workflow, but no activity, accepts it', async () => {
    const answer = await ask({
      path: `${PATH}/encode`,
      body: bodyOf(toPayload({ person: 'dana' })),
    });
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('dana');
    const [encoded] = payloadsOf(answer);
    expect(await decodeOne(codec, encoded!, inWorkflow('w1'))).toEqual({ person: 'dana' });
    await expect(codec.decode([encoded!], inActivity('w1'))).rejects.toThrow('wrong_workflow');
  });

  it('gives back unchanged what was never encrypted, such as marker bookkeeping', async () => {
    const marker = {
      metadata: { encoding: btoa('json/plain') },
      data: btoa('{"seq":1}'),
      extra: 7,
    };
    const answer = await ask({ body: JSON.stringify({ payloads: [marker] }) });
    expect(JSON.parse(answer.text)).toEqual({ payloads: [marker] });
  });

  it('takes the empty list that proto JSON leaves out', async () => {
    const answer = await ask({ body: '{}' });
    expect([answer.status, answer.text]).toEqual([200, '{"payloads":[]}']);
  });

  it('allows the preflight of the UI and of nobody else', async () => {
    const preflight = { method: 'OPTIONS', headers: { 'x-namespace': undefined } };
    const allowed = await ask(preflight);
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get('access-control-allow-origin')).toBe(UI);
    expect(allowed.headers.get('access-control-allow-headers')?.toLowerCase().split(', ')).toEqual(
      expect.arrayContaining(['content-type', 'x-namespace', 'authorization']),
    );
    const refused = await ask({ ...preflight, headers: { origin: 'http://evil.test' } });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
  });

  it.each([
    undefined,
    'null',
    'http://evil.test',
    'http://127.0.0.1',
    'http://127.0.0.1:8234',
    'https://127.0.0.1:8233',
    'http://127.0.0.1:8233.evil.test',
    'http://localhost:8233',
  ])('refuses the origin %s before it reads anything', async (origin) => {
    const body = bodyOf(await encodeOne(codec, 'canary-88', inWorkflow('w1')));
    for (const path of [`${PATH}/decode`, `${PATH}/encode`]) {
      const answer = await ask({ path, headers: { origin }, body });
      expect(answer.status).toBe(403);
      expect(answer.text).toBe('{}');
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('answers under no path but its own', async () => {
    const body = bodyOf(await encodeOne(codec, 'canary-88', inWorkflow('w1')));
    const other = `/${randomBytes(32).toString('base64url')}`;
    for (const path of ['/decode', '/', PATH, `${other}/decode`, `${PATH}/decode/`, `${PATH}/x`]) {
      expect((await ask({ path, body })).status, path).toBe(404);
    }
    expect((await ask({ path: `${PATH}/decode`, body })).status).toBe(200);
  });

  it('refuses another namespace, method and media type', async () => {
    const body = bodyOf(await encodeOne(codec, 'x', inWorkflow('w1')));
    for (const namespace of [undefined, 'elsewhere']) {
      expect((await ask({ headers: { 'x-namespace': namespace }, body })).status).toBe(403);
    }
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await ask({ method })).status).toBe(405);
    }
    expect((await ask({ headers: { 'content-type': 'text/plain' }, body })).status).toBe(415);
  });

  it('refuses bodies of another shape or size without saying why', async () => {
    const bodies = [
      '',
      '{',
      '[]',
      '{"payloads":{}}',
      '{"payloads":[1]}',
      '{"payloads":[{"data":"not base64!"}]}',
      '{"payloads":[{"metadata":{"encoding":7}}]}',
      JSON.stringify({ payloads: Array.from({ length: 1_001 }, () => ({})) }),
    ];
    for (const body of bodies) {
      const answer = await ask({ body });
      expect([answer.status, answer.text], body.slice(0, 60)).toEqual([400, '{}']);
    }
    const large = JSON.stringify({ payloads: [{ data: 'A'.repeat(7 * 1024 * 1024) }] });
    expect((await ask({ body: large })).status).toBe(413);
  });

  it('refuses what the codec refuses, whole and without detail', async () => {
    const fine = await encodeOne(codec, 'canary-88', inWorkflow('w1'));
    const foreign = await encodeOne(makeCodec(), 'x', inWorkflow('w1'));
    const answer = await ask({ body: bodyOf(fine, foreign) });
    expect([answer.status, answer.text]).toEqual([400, '{}']);
    const twice = await ask({ path: `${PATH}/encode`, body: bodyOf(fine) });
    expect([twice.status, twice.text]).toEqual([400, '{}']);
    expect(served).toEqual([
      { operation: 'decode', status: 400, payloads: 0 },
      { operation: 'encode', status: 400, payloads: 0 },
    ]);
  });

  it('limits how fast it can be asked', async () => {
    const body = JSON.stringify({ payloads: [] });
    const statuses = new Set<number>();
    for (let round = 0; round < 42; round += 1) {
      const answers = await Promise.all(Array.from({ length: 50 }, () => ask({ body })));
      for (const { status } of answers) statuses.add(status);
    }
    expect([...statuses].sort()).toEqual([200, 429]);
  });

  it('is not made with a path that could be guessed', () => {
    for (const path of ['', '/', '/codec', PATH.slice(1), `/${'a'.repeat(42)}`]) {
      const deps = { codec, namespace: NAMESPACE, uiOrigin: UI, path };
      expect(() => createCodecHandler(deps), path).toThrow('32 random bytes');
    }
  });
});
