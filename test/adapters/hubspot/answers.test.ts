import { describe, expect, it } from 'vitest';
import { answerOf, answerOfFailure } from '../../../src/adapters/hubspot/answers.ts';

const JSON_TYPE = 'application/json;charset=utf-8';
const body = (fields: Record<string, unknown>): string =>
  JSON.stringify({ status: 'error', message: 'dana.fox@acme.test is secret', ...fields });

describe('an HTTP answer of HubSpot', () => {
  it('is an answer when it is a success in JSON', () => {
    expect(answerOf(201, JSON_TYPE, '{"id":"1"}')).toEqual({
      kind: 'answered',
      status: 201,
      json: { id: '1' },
    });
  });

  it.each([
    ['cut', 201, JSON_TYPE, '{"id": "1"'],
    ['HTML', 200, 'text/html', '<html>'],
    ['without a content type', 200, '', '{}'],
  ])('is lost when a success is %s: it may have happened', (_what, status, type, text) => {
    expect(answerOf(status, type, text)).toEqual({
      kind: 'lost',
      status,
      code: 'hubspot.bad_answer',
    });
  });

  it.each([
    [400, 'VALIDATION_ERROR', 'record.invalid'],
    [401, 'INVALID_AUTHENTICATION', 'hubspot.unauthorized'],
    [401, 'EXPIRED_AUTHENTICATION', 'hubspot.unauthorized'],
    [403, 'MISSING_SCOPES', 'hubspot.missing_scope'],
    [404, 'OBJECT_NOT_FOUND', 'record.not_found'],
    [409, 'CONFLICT', 'record.conflict'],
  ])('%i %s is a refusal: %s', (status, category, code) => {
    expect(answerOf(status, JSON_TYPE, body({ category }))).toMatchObject({
      kind: 'refused',
      status,
      code,
    });
  });

  it.each([
    [423, 'hubspot.unavailable'],
    [429, 'hubspot.rate_limited'],
    [477, 'hubspot.unavailable'],
    [500, 'hubspot.unavailable'],
    [502, 'hubspot.unavailable'],
    [521, 'hubspot.unavailable'],
    [524, 'hubspot.unavailable'],
  ])('%i is lost: %s', (status, code) => {
    expect(answerOf(status, JSON_TYPE, body({}))).toEqual({ kind: 'lost', status, code });
  });

  it.each([
    ['TEN_SECONDLY_ROLLING', false, 'hubspot.rate_limited'],
    ['SECONDLY', true, 'hubspot.search_limited'],
    ['DAILY', true, 'hubspot.daily_limited'],
    ['DAILY', false, 'hubspot.daily_limited'],
    // Recorded search refusals name no policy.
    [undefined, true, 'hubspot.search_limited'],
    ['A_NEW_ONE', false, 'hubspot.rate_limited'],
  ])('429 names its limit: %s, search %s, is %s', (policyName, isSearch, code) => {
    const text = body({ errorType: 'RATE_LIMIT', policyName });
    expect(answerOf(429, JSON_TYPE, text, isSearch)).toEqual({ kind: 'lost', status: 429, code });
  });

  it('says that a token has expired', () => {
    const refused = (category: string) => answerOf(401, JSON_TYPE, body({ category }));
    expect(refused('EXPIRED_AUTHENTICATION')).toMatchObject({ detail: 'the token has expired' });
    expect(refused('INVALID_AUTHENTICATION')).not.toHaveProperty('detail', expect.any(String));
  });

  it.each([400, 401, 403, 404, 409])(
    "is lost when %i is a proxy's page, not HubSpot's",
    (status) => {
      expect(answerOf(status, 'text/html', '<h1>no</h1>')).toMatchObject({ kind: 'lost' });
    },
  );

  it('names the properties that HubSpot refused, and only them', () => {
    const text = body({
      category: 'VALIDATION_ERROR',
      errors: [
        {
          message: 'dana.fox@acme.test was bad',
          in: 'email',
          context: { propertyName: ['phone'] },
        },
        { message: 'x', context: { propertyName: ['dana fox <dana@acme.test>'] } },
      ],
    });
    expect(answerOf(400, JSON_TYPE, text)).toMatchObject({ detail: 'properties: email, phone' });
  });

  it('names the scopes of which one is missing', () => {
    const text = body({
      category: 'MISSING_SCOPES',
      errors: [{ context: { requiredGranularScopes: ['crm.objects.contacts.write'] } }],
    });
    expect(answerOf(403, JSON_TYPE, text)).toMatchObject({
      detail: 'one of these scopes is needed: crm.objects.contacts.write',
    });
  });

  it.each([400, 401, 403, 404, 409, 429, 500])(
    'carries nothing of the body of a %i but names',
    (status) => {
      const text = body({ context: { id: ['dana.fox@acme.test'] }, correlationId: 'dana' });
      expect(JSON.stringify(answerOf(status, JSON_TYPE, text))).not.toMatch(/dana|secret/);
    },
  );
});

const systemError = (code: string, syscall: string): Error =>
  Object.assign(new Error(code), { code, syscall });
const fetchFailed = (cause: unknown): Error => new TypeError('fetch failed', { cause });

describe('a failed exchange', () => {
  it.each([
    ['a refused connection', systemError('ECONNREFUSED', 'connect')],
    ['a host that cannot be reached', systemError('EHOSTUNREACH', 'connect')],
    ['an unknown host', systemError('ENOTFOUND', 'getaddrinfo')],
    ['a name server that is away', systemError('EAI_AGAIN', 'getaddrinfo')],
    [
      'a connection that took too long',
      Object.assign(new Error(), { code: 'UND_ERR_CONNECT_TIMEOUT' }),
    ],
    [
      'both addresses of a host refused',
      new AggregateError([
        systemError('ECONNREFUSED', 'connect'),
        systemError('ENETUNREACH', 'connect'),
      ]),
    ],
  ])('is unsent after %s', (_what, cause) => {
    expect(answerOfFailure(fetchFailed(cause))).toEqual({
      kind: 'unsent',
      code: 'hubspot.unavailable',
    });
  });

  it.each([
    ['a reset', systemError('ECONNRESET', 'read')],
    ['a broken pipe', systemError('EPIPE', 'write')],
    // What Linux reports for an established connection whose peer went away.
    ['a host unreachable while reading', systemError('EHOSTUNREACH', 'read')],
    ['a time-out while reading', systemError('ETIMEDOUT', 'read')],
    ['a socket closed by the other side', Object.assign(new Error(), { code: 'UND_ERR_SOCKET' })],
    [
      'one address refused and one reset',
      new AggregateError([
        systemError('ECONNREFUSED', 'connect'),
        systemError('ECONNRESET', 'read'),
      ]),
    ],
    ['something unheard of', new Error('?')],
    ['something that is no error', 'x'],
  ])('is lost after %s', (_what, cause) => {
    expect(answerOfFailure(fetchFailed(cause))).toEqual({
      kind: 'lost',
      code: 'hubspot.unavailable',
    });
  });

  it.each(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])('is a time-out after %s', (code) => {
    expect(answerOfFailure(fetchFailed(Object.assign(new Error(), { code })))).toEqual({
      kind: 'lost',
      code: 'hubspot.timeout',
    });
  });
});
