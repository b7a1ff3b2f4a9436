import { describe, expect, it } from 'vitest';
import { retryHeaders } from '../../src/api/problem.ts';
import { type ErrorCode, ERRORS } from '../../src/core/errors.ts';

const TOLD_TO_WAIT = (Object.keys(ERRORS) as ErrorCode[]).filter((code) =>
  ERRORS[code].remedy.includes('Retry-After'),
);

describe('an answer', () => {
  it.each(TOLD_TO_WAIT)('%s, whose remedy is to wait for Retry-After, has one', (code) => {
    expect(Number(retryHeaders(code)['Retry-After'])).toBeGreaterThan(0);
    expect(retryHeaders(code, 7)).toEqual({ 'Retry-After': '7' });
  });

  it('that will not change has none', () => {
    expect(retryHeaders('policy.denied')).toEqual({});
  });
});
