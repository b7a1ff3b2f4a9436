import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameValue } from '../../src/core/same-value.ts';

describe('two texts of one value', () => {
  it.each([
    ['amount', '5000', '5000.00'],
    ['amount', '5000', '5000.'],
    ['amount', '05000.50', '5000.5'],
    ['amount', '0', '-0.00'],
    ['amount', '999999999999.99', '999999999999.990'],
    ['hs_call_duration', '90000', '90000.0'],
    ['closedate', '2026-12-31T00:00:00.000Z', '2026-12-31'],
    ['closedate', '2026-12-31T00:00:00.000Z', '1798675200000'],
    ['closedate', '2026-12-31T10:00:00Z', '2026-12-31T12:00:00.000+02:00'],
    ['hs_timestamp', '2026-11-20T09:00:00.000Z', '1795165200000'],
    ['email', 'Dana.Fox@Acme.test', 'dana.fox@acme.test'],
    ['domain', 'Acme.test', 'acme.test'],
    ['phone', '+1 419 555 0142', '+14195550142'],
    ['hubspot_owner_id', '7001', ' 7001'],
    ['jobtitle', '', null],
    ['jobtitle', null, undefined],
    ['jobtitle', 'Head of Tests', 'Head of Tests'],
  ])('%s: %j is %j', (property, one, other) => {
    expect(isSameValue(property, one, other)).toBe(true);
    expect(isSameValue(property, other, one)).toBe(true);
  });

  it.each([
    ['amount', '5000', '5000.01'],
    ['amount', '5000', '-5000'],
    ['amount', '5000', '5,000'],
    ['amount', '5000', '5e3'],
    ['amount', '0x10', '16'],
    ['amount', '9007199254740993', '9007199254740992'],
    ['amount', 'much', 'MUCH'],
    ['amount', '0', ''],
    ['closedate', '2026-12-31T10:00:00Z', '2026-12-31'],
    ['closedate', '2026-12-31T10:00:00', '2026-12-31T10:00:00Z'],
    ['closedate', '12/31/2026', '2026-12-31'],
    ['email', 'a@acme.test', 'b@acme.test'],
    ['phone', '+1 419 555 0142', '419 555 0142'],
    ['hubspot_owner_id', '7001', '07001'],
    ['dealname', 'Yard', 'yard'],
    ['dealname', '5000', '5000.00'],
    ['hs_note_body', 'a<br>b', 'a<br/>b'],
    ['jobtitle', 'x', null],
  ])('%s: %j is not %j', (property, one, other) => {
    expect(isSameValue(property, one, other)).toBe(false);
    expect(isSameValue(property, other, one)).toBe(false);
  });

  it('agrees with arithmetic on decimals, and never throws', () => {
    const decimal = fc
      .tuple(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 4 }))
      .map(([units, zeros]) => ({
        cents: units,
        text: (units / 100).toFixed(2) + '0'.repeat(zeros),
      }));
    fc.assert(
      fc.property(decimal, decimal, (one, other) => {
        expect(isSameValue('amount', one.text, other.text)).toBe(one.cents === other.cents);
      }),
    );
    const property = fc.constantFrom('amount', 'closedate', 'email', 'phone', 'hubspot_owner_id');
    fc.assert(
      fc.property(property, fc.string({ unit: 'binary' }), fc.string(), (name, one, other) => {
        expect(isSameValue(name, one, one)).toBe(true);
        expect(isSameValue(name, one, other)).toBe(isSameValue(name, other, one));
      }),
    );
  });
});
