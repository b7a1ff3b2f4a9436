import { describe, expect, it } from 'vitest';
import { createQuietWatch } from '../../src/gate/quiet-watch.ts';

describe('the watch over the quiet time', () => {
  it('counts each attempt from where it first hears of it', () => {
    let now = 5;
    const watch = createQuietWatch(() => now);
    expect(watch.knownForMs(1)).toBe(0);
    now = 8;
    expect([watch.knownForMs(1), watch.knownForMs(2)]).toEqual([3, 0]);
  });

  it('counts what this process is sending from when it has left, whatever is heard of it before', () => {
    let now = 0;
    const watch = createQuietWatch(() => now);
    watch.knownForMs(1);
    const arrived = watch.sending(1);
    now = 25;
    expect(watch.knownForMs(1)).toBe(0);
    now = 30;
    arrived();
    now = 31;
    expect(watch.knownForMs(1)).toBe(1);
  });

  it('forgets the one known longest beyond ten thousand, which is then counted anew', () => {
    let now = 0;
    const watch = createQuietWatch(() => now);
    for (let attempt = 0; attempt < 10_000; attempt += 1) watch.knownForMs(attempt);
    now = 9;
    expect([watch.knownForMs(0), watch.knownForMs(10_000), watch.knownForMs(1)]).toEqual([9, 0, 9]);
    expect(watch.knownForMs(0)).toBe(0);
  });

  it('goes by no clock that can be set', () => {
    const real = Date.now.bind(Date);
    const watch = createQuietWatch();
    watch.knownForMs(1);
    Date.now = () => real() + 3_600_000;
    try {
      expect(watch.knownForMs(1)).toBeLessThan(60_000);
    } finally {
      Date.now = real;
    }
  });
});
