import { describe, expect, it } from 'vitest';
import { hear } from '../../../src/adapters/hubspot/rate-heard.ts';

const NOW = new Date('2026-11-25T12:00:00Z');
const at = (status: number, headers: Record<string, string>, code?: Parameters<typeof hear>[2]) =>
  hear(status, new Headers(headers), code, NOW);

describe('what an answer says about limits', () => {
  it("is in HubSpot's headers", () => {
    const headers = {
      'X-HubSpot-RateLimit-Max': '100',
      'X-HubSpot-RateLimit-Remaining': '17',
      'X-HubSpot-RateLimit-Interval-Milliseconds': '10000',
      'X-HubSpot-RateLimit-Daily': '250000',
      'X-HubSpot-RateLimit-Daily-Remaining': '249000',
    };
    expect(at(200, headers)).toEqual({
      burst: { remaining: 17, intervalMs: 10_000 },
      daily: { max: 250_000, remaining: 249_000 },
    });
  });

  it('is nothing on search, and no day on OAuth calls', () => {
    expect(at(200, {})).toEqual({});
    expect(at(200, { 'x-hubspot-ratelimit-remaining': '4' })).toEqual({
      burst: { remaining: 4, intervalMs: 10_000 },
    });
  });

  it.each(['-1', '1e9', 'many', '', '9'.repeat(40)])('is not read from %j', (value) => {
    expect(at(200, { 'X-HubSpot-RateLimit-Remaining': value })).toEqual({});
  });

  it.each([
    ['7', 7_000],
    ['0', 0],
    ['Wed, 25 Nov 2026 12:00:30 GMT', 30_000],
    ['Wed, 25 Nov 2026 11:00:00 GMT', 0],
    // Nobody stops us for longer than HubSpot announces: an hour.
    ['999999999', 3_600_000],
  ])('is when to come again: Retry-After %s', (value, retryAfterMs) => {
    expect(at(429, { 'Retry-After': value }, 'hubspot.rate_limited').stop).toEqual({
      code: 'hubspot.rate_limited',
      retryAfterMs,
    });
  });

  it.each([{}, { 'Retry-After': 'soon' }])('may be the limit alone', (headers) => {
    const code = 'hubspot.search_limited';
    expect(at(429, headers, code).stop).toEqual({ code });
  });

  it('is about the account for a migration, and about nothing for a failure of one call', () => {
    const later = { 'Retry-After': '600' };
    expect(at(477, later, 'hubspot.unavailable').stop).toMatchObject({ retryAfterMs: 600_000 });
    expect(at(503, later, 'hubspot.unavailable').stop).toMatchObject({ retryAfterMs: 600_000 });
    expect(at(503, {}, 'hubspot.unavailable').stop).toBeUndefined();
    expect(at(423, later, 'hubspot.unavailable').stop).toBeUndefined();
  });
});
