import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';

describe('a setting that is none', () => {
  it.each(['SALLYPORT_PUBLIC_URL', 'SALLYPORT_PORTS'])('stops the start: %s', (name) => {
    expect(() => readConfig({ [name]: 'http://127.0.0.1:8480' })).toThrow(
      expect.objectContaining({ code: 'config.invalid', detail: expect.stringContaining(name) }),
    );
  });
});
