import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVersionCache, VERSION_CACHE } from '../../../src/adapters/secrets/version-cache.ts';

describe('What was read by its number', () => {
  const secret = { name: 'a', version: 1, value: 'value', createdAt: new Date(0) };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  it('is kept for half a minute, and a thousand of them at most', () => {
    const cache = createVersionCache();
    cache.keep(secret, cache.mark());
    vi.advanceTimersByTime(VERSION_CACHE.ageMs - 1);
    expect(cache.get('a', 1)).toBe(secret);
    vi.advanceTimersByTime(1);
    expect(cache.get('a', 1)).toBeUndefined();
    expect(vi.getTimerCount()).toBe(0);
    for (let version = 1; version <= VERSION_CACHE.entriesMax + 1; version += 1)
      cache.keep({ ...secret, version }, cache.mark());
    expect(cache.get('a', 1)).toBeUndefined();
    expect(cache.get('a', 2)?.version).toBe(2);
  });

  it('is not kept when something was destroyed while it was read', () => {
    const cache = createVersionCache();
    const mark = cache.mark();
    cache.forget('a', 1);
    cache.keep(secret, mark);
    expect(cache.get('a', 1)).toBeUndefined();
  });
});
