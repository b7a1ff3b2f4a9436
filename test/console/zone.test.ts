import { describe, expect, it } from 'vitest';
import { dayOf, dayStart, zoneOf } from '../../src/console/zone.ts';

const told = (cookie?: string): string =>
  zoneOf({ headers: cookie === undefined ? {} : { cookie } });

describe('the reader’s time zone', () => {
  it('is what their browser says', () => {
    expect(told('sallyport-zone=Europe/Berlin')).toBe('Europe/Berlin');
    expect(told('sallyport=x; sallyport-zone=America/Port-au-Prince; y=z')).toBe(
      'America/Port-au-Prince',
    );
    expect(told('sallyport-zone=Etc/GMT+5')).toBe('Etc/GMT+5');
  });

  it.each([
    undefined,
    '',
    'sallyport-zone=',
    'sallyport-zone=Mars/Olympus',
    'sallyport-zone=Europe/Berlin%00',
    'not-sallyport-zone=Europe/Berlin',
    `sallyport-zone=${'a'.repeat(65)}`,
  ])('is UTC where it says none that there is: %j', (cookie) => {
    expect(told(cookie)).toBe('UTC');
  });
});

describe('a day of the reader’s', () => {
  it.each([
    ['2026-12-04', 'UTC', '2026-12-04T00:00:00.000Z'],
    ['2026-12-04', 'Europe/Berlin', '2026-12-03T23:00:00.000Z'],
    ['2026-07-04', 'Europe/Berlin', '2026-07-03T22:00:00.000Z'],
    ['2026-12-04', 'Pacific/Auckland', '2026-12-03T11:00:00.000Z'],
    ['2026-12-04', 'America/Los_Angeles', '2026-12-04T08:00:00.000Z'],
    ['2026-12-04', 'Asia/Kathmandu', '2026-12-03T18:15:00.000Z'],
    // The day on which the clocks change, at another hour than midnight.
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z'],
    ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00.000Z'],
    // Where they leap from 00:00 to 01:00, and where 00:00 comes twice.
    ['2026-04-24', 'Africa/Cairo', '2026-04-23T22:00:00.000Z'],
    ['2026-03-08', 'America/Havana', '2026-03-08T05:00:00.000Z'],
    ['2026-11-01', 'America/Havana', '2026-11-01T04:00:00.000Z'],
  ])('%s in %s begins at %s', (day, zone, begins) => {
    const start = dayStart(day, zone);
    expect(start.toISOString()).toBe(begins);
    expect(dayOf(start, zone)).toBe(day);
    expect(dayOf(new Date(start.getTime() - 1), zone)).not.toBe(day);
  });
});
