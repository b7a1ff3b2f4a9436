import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import {
  LIMITS,
  canonicalBytes,
  commit,
  isCanonical,
  leafBytes,
  opens,
} from '../../src/audit/leaf.ts';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8');

describe('canonicalBytes', () => {
  it('writes the example of RFC 8785 section 3.2.2 as section 3.2.4 prints it', () => {
    const value: unknown = JSON.parse(
      String.raw`{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],` +
        String.raw`"string":"\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/","literals":[null,true,false]}`,
    );
    expect(text(canonicalBytes(value))).toBe(
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],` +
        String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  it('does not depend on the order in which keys were set', () => {
    expect(canonicalBytes({ b: 1, a: { d: 2, c: 3 } })).toEqual(
      canonicalBytes({ a: { c: 3, d: 2 }, b: 1 }),
    );
  });

  const refused: [string, unknown][] = [
    ['undefined', undefined],
    ['an undefined member', { a: undefined }],
    ['an undefined element', [undefined]],
    ['a hole in an array', Object.assign([], { length: 1 })],
    ['NaN', { a: NaN }],
    ['infinity', [-Infinity]],
    ['a lone surrogate', { a: '\ud800' }],
    ['a lone surrogate in a key', { '\udc00': 1 }],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a symbol key', { [Symbol('s')]: 1 }],
    ['a date', new Date(0)],
    ['a map', new Map([['a', 1]])],
    ['bytes', new Uint8Array(2)],
    ['an object that writes itself', { toJSON: () => 'other' }],
    ['a boxed number', Object(1)],
  ];
  it.each(refused)('refuses %s', (_name, value) => {
    expect(() => canonicalBytes(value)).toThrow(TypeError);
  });

  it('refuses cycles and nesting without end', () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    expect(() => canonicalBytes(cycle)).toThrow('nested too deeply');
    const deep: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    expect(() => canonicalBytes(deep)).toThrow('nested too deeply');
  });

  it('names the place and never the value', () => {
    const place = { person: { phones: ['555', Infinity] } };
    expect(() => canonicalBytes(place)).toThrow('not JSON at $.person.phones[1]');
    expect(() => canonicalBytes(place)).not.toThrow(/555/);
  });

  it('reads back as the same value, and is canonical, for any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const bytes = canonicalBytes(value);
        expect(isCanonical(bytes)).toBe(true);
        expect(canonicalBytes(JSON.parse(text(bytes)))).toEqual(bytes);
      }),
    );
  });
});

describe('isCanonical', () => {
  it.each([
    '{"a":1,"a":1}',
    '{"b":1,"a":1}',
    '{"a": 1}',
    '{"a":1}\n',
    '{"a":1.0}',
    '{"a":-0}',
    '{"a":1e400}',
    String.raw`{"a":"\u0041"}`,
    String.raw`{"a":"\ud800"}`,
    '\ufeff{"a":1}',
    '{"a":1',
    '',
  ])('is false for %j', (json) => {
    expect(isCanonical(Buffer.from(json))).toBe(false);
  });

  it('is false for bytes that are not UTF-8', () => {
    expect(isCanonical(Uint8Array.of(0x22, 0xff, 0x22))).toBe(false);
    expect(isCanonical(Uint8Array.of(0x22, 0xc0, 0x80, 0x22))).toBe(false);
  });
});

describe('leafBytes', () => {
  it('takes a leaf of exactly 65,535 bytes and refuses one more', () => {
    expect(leafBytes('x'.repeat(LIMITS.leafMaxBytes - 2))).toHaveLength(65_535);
    expect(() => leafBytes('x'.repeat(LIMITS.leafMaxBytes - 1))).toThrow(RangeError);
  });
});

describe('commit', () => {
  const salt = Buffer.alloc(32, 7);

  it('has one stable form, because logs outlive versions', () => {
    expect(commit(salt, { prompt: 'Find Acme', amount: 10 })).toBe(
      'sha256:8e0c5f19df0799631a180017758ac3f942130f1364951f0c761fe8b6128d7323',
    );
  });

  it('opens with its salt and value and with nothing else', () => {
    const commitment = commit(salt, { amount: 1 });
    expect(opens(commitment, salt, { amount: 1 })).toBe(true);
    expect(opens(commitment, salt, { amount: 2 })).toBe(false);
    expect(opens(commitment, salt, { amount: '1' })).toBe(false);
    expect(opens(commitment, Buffer.alloc(32, 8), { amount: 1 })).toBe(false);
    expect(opens(commitment.toUpperCase(), salt, { amount: 1 })).toBe(false);
    expect(opens('', salt, { amount: 1 })).toBe(false);
  });

  it('refuses a salt of another length, so that salt and value cannot trade bytes', () => {
    expect(() => commit(Buffer.alloc(31), 1)).toThrow(RangeError);
    expect(() => commit(Buffer.alloc(33), 1)).toThrow(RangeError);
    expect(opens(commit(salt, 1), Buffer.alloc(31), 1)).toBe(false);
  });

  it('never gives two values one commitment', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const isSame = text(canonicalBytes(a)) === text(canonicalBytes(b));
        expect(commit(salt, a) === commit(salt, b)).toBe(isSame);
      }),
    );
  });
});
