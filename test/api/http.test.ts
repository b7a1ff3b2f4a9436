import { Agent, fetch } from 'undici';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway({ temporalAddress: inject('temporalAddress') });
});
afterAll(() => gateway.close());

const envelope = (action: unknown): string =>
  JSON.stringify({ user_id: 'dana@acme.test', agent_prompt: 'Find it.', action });

describe('the door', () => {
  it.each([
    ['no key', undefined],
    ['a key of nobody', 'spa_0123456789abcdef_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
    ['something else', 'let-me-in'],
  ])('refuses %s with the same answer', async (_what, key) => {
    const answer = await gateway.caller(key)('GET', '/v1/actions');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    expect(answer.body).toMatchObject({ code: 'agent.unauthenticated', retryable: false });
  });

  it('refuses a person’s key where an agent’s is needed, and the other way round', async () => {
    expect((await gateway.approver.call('GET', '/v1/actions')).status).toBe(401);
    expect((await gateway.agent.call('GET', '/v1/approvals')).status).toBe(401);
  });

  it('refuses a revoked agent at once', async () => {
    const agent = await gateway.addAgent('short-lived');
    expect((await agent.call('GET', '/v1/actions')).status).toBe(200);
    const { revokeAgent } = await import('../../src/gate/roster.ts');
    await gateway.context.store.commit((tx) =>
      revokeAgent(tx, { id: agent.record.id, by: 'test' }),
    );
    expect((await agent.call('GET', '/v1/actions')).status).toBe(401);
  });

  it('answers another agent’s request exactly as one that never was', async () => {
    const mine = await gateway.submit({ action: 'search_contact', company: 'Acme Corp' });
    const other = await gateway.addAgent('other');
    const theirs = await other.call('GET', `/v1/actions/${mine.body.id}`);
    const missing = await other.call('GET', `/v1/actions/act_${'0'.repeat(26)}`);
    const strip = (body: Record<string, unknown>): unknown => ({ ...body, request_id: '' });
    expect(theirs.status).toBe(404);
    expect(strip(theirs.body)).toEqual(strip(missing.body));
  });
});

describe('the body', () => {
  it.each([
    ['text that is no JSON', '{"user_id": ', 'request.malformed', 400],
    [
      'a key that comes twice',
      '{"user_id":"a","user_id":"b","agent_prompt":"p","action":{"action":"search_contact"}}',
      'request.malformed',
      400,
    ],
    [
      'a key that comes twice by another spelling',
      '{"user_id":"a","user_\\u0069d":"b","agent_prompt":"p","action":{"action":"search_contact"}}',
      'request.malformed',
      400,
    ],
    [
      '__proto__',
      '{"user_id":"a","agent_prompt":"p","action":{"action":"search_contact","__proto__":{"x":1}}}',
      'request.malformed',
      400,
    ],
    [
      'deep nesting',
      envelope({ action: 'search_contact', x: [[[[[[[[[[1]]]]]]]]]] }),
      'request.malformed',
      400,
    ],
    [
      'a lone surrogate',
      '{"user_id":"a","agent_prompt":"\\ud800","action":{"action":"search_contact"}}',
      'request.malformed',
      400,
    ],
    [
      'a number that is none',
      '{"user_id":"a","agent_prompt":"p","action":{"action":"search_contact","x":[-1e400]}}',
      'request.malformed',
      400,
    ],
    [
      'a field too many',
      '{"user_id":"a","agent_prompt":"p","admin":true,"action":{"action":"search_contact"}}',
      'request.malformed',
      400,
    ],
    [
      'a missing field',
      '{"agent_prompt":"p","action":{"action":"search_contact"}}',
      'request.malformed',
      400,
    ],
    [
      'more than the limit',
      JSON.stringify({
        user_id: 'a',
        agent_prompt: 'x'.repeat(200_000),
        action: { action: 'search_contact' },
      }),
      'request.too_large',
      413,
    ],
  ])('with %s is refused', async (_what, body, code, status) => {
    const answer = await gateway.agent.call('POST', '/v1/actions', { body });
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBe(code);
  });

  it('with more than the limit is told the limit', async () => {
    const body = ' '.repeat(131_073);
    const answer = await gateway.agent.call('POST', '/v1/actions', { body });
    expect(answer.body).toMatchObject({
      code: 'request.too_large',
      detail: 'at most 131072 bytes are taken',
    });
  });

  it('with an action that does not exist is told those that do', async () => {
    const body = envelope({ action: 'make_coffee' });
    const answer = await gateway.agent.call('POST', '/v1/actions', { body });
    expect(answer.body.code).toBe('action.unknown');
    expect(answer.body.detail).toMatch(/^the actions are search_contact, .*, write_several$/);
  });

  it('with a number that has no canonical form is refused in the log too', async () => {
    const agent = await gateway.addAgent('counts-high');
    const body = envelope({ action: 'search_deal' }).replace('}', ',"amount_min":1e400}');
    const answer = await agent.call('POST', '/v1/actions', { body });
    expect(answer.body).toMatchObject({
      code: 'request.malformed',
      detail: 'a number is too large',
    });
    const { log } = gateway.context.store;
    const leaves = await log.leaves(0, await log.size());
    const last = JSON.parse(new TextDecoder().decode(leaves.at(-1))) as unknown;
    const actor = `agent:${agent.record.id}`;
    expect(last).toMatchObject({ event: 'request.refused', code: 'request.malformed', actor });
  });

  it('of another media type or compressed is refused', async () => {
    const body = envelope({ action: 'search_contact', company: 'Acme Corp' });
    const text = await gateway.agent.call('POST', '/v1/actions', {
      body,
      headers: { 'content-type': 'text/plain' },
    });
    expect(text.body.code).toBe('request.unsupported_media');
    const zipped = await gateway.agent.call('POST', '/v1/actions', {
      body,
      headers: { 'content-encoding': 'gzip' },
    });
    expect(zipped.status).toBe(415);
  });
});

describe('every answer', () => {
  it('has a request id, no-store and helmet’s headers', async () => {
    const answer = await gateway.caller(undefined)('GET', '/healthz');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-request-id')).toMatch(/^req_/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.headers.get('x-powered-by')).toBeNull();
  });

  it('to a wrong method is 405 with Allow, to an unknown path 404', async () => {
    const wrong = await gateway.agent.call('PUT', '/v1/actions');
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('POST, GET');
    expect((await gateway.agent.call('GET', '/v1/nothing')).status).toBe(404);
    expect((await gateway.agent.call('GET', '/v1/actions/%E0%A4%A')).status).toBe(404);
  });
});

/** Not the process's global one, which lets the gateway reach HubSpot alone. */
const dispatcher = new Agent();

describe('the bare address', () => {
  const ask = (accept: string, method = 'GET') =>
    fetch(`http://127.0.0.1:${gateway.config.ports.api}/`, {
      ...{ method, redirect: 'manual', headers: { accept } },
      dispatcher,
    });

  it('leads a browser to the console', async () => {
    const answer = await ask('text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8');
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/console']);
  });

  it('is not found for a program, as any other path is', async () => {
    for (const accept of ['*/*', 'application/json', 'application/problem+json']) {
      const answer = await ask(accept);
      expect(answer.status).toBe(404);
      expect(((await answer.json()) as { code: string }).code).toBe('request.not_found');
    }
    expect((await ask('text/html', 'POST')).status).toBe(404);
  });
});

describe('readiness', () => {
  it('names every part', async () => {
    const answer = await gateway.caller(undefined)('GET', '/readyz');
    expect(answer.status).toBe(200);
    expect(answer.body.parts.map(({ name }: { name: string }) => name)).toEqual([
      'store',
      'engine',
      'secrets',
      'log',
    ]);
  });
});

describe('tools', () => {
  it('are strict functions of exactly what the agent may do', async () => {
    const { body } = await gateway.agent.call('GET', '/v1/tools?format=openai');
    const names = body.tools.map(({ name }: { name: string }) => name);
    expect(names).toContain('create_note');
    for (const tool of body.tools) {
      expect(tool).toMatchObject({
        type: 'function',
        strict: true,
        parameters: { additionalProperties: false },
      });
      expect(tool.parameters.required).toEqual(Object.keys(tool.parameters.properties));
    }
    const reader = await gateway.addAgent('reader', ['readers']);
    const readable = (await reader.call('GET', '/v1/tools')).body.tools.map(
      ({ name }: { name: string }) => name,
    );
    expect(readable).toContain('search_contact');
    expect(readable).not.toContain('create_note');
    expect((await gateway.agent.call('GET', '/v1/tools?format=xml')).status).toBe(400);
  });
});

describe('rate limits', () => {
  it('hold one agent back, say when to come again, and survive a restart', async () => {
    const limited = await startTestGateway({
      temporalAddress: inject('temporalAddress'),
      env: { SALLYPORT_AGENT_REQUESTS_PER_MINUTE: '3' },
    });
    const read = { action: 'search_contact', company: 'Acme Corp' };
    for (let i = 0; i < 3; i += 1) expect((await limited.submit(read)).status).toBe(200);
    const refused = await limited.submit(read);
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    await limited.stopGateway();
    await limited.startGateway();
    expect((await limited.submit(read)).status).toBe(429);
    const other = await limited.addAgent('other');
    expect((await limited.submit(read, { call: other.call })).status).toBe(200);
    await limited.close();
  });
});
