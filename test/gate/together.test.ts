import { describe, expect, it } from 'vitest';
import { createAttester } from '../../src/gate/attest.ts';
import { sampleOf } from '../../src/gate/together.ts';
import { person, requestId } from '../adapters/store/fixtures.ts';

const attester = createAttester(new Uint8Array(32).fill(1));
const other = createAttester(new Uint8Array(32).fill(2));
const ids = Array.from({ length: 25 }, (_, nth) => requestId(nth));

describe('what is drawn to be looked at', () => {
  it('are three of the group, the same whatever their order and however often they are named', () => {
    const drawn = sampleOf(attester, person(1), ids);
    expect(new Set(drawn).size).toBe(3);
    for (const named of [ids.toReversed(), [...ids, ...ids]])
      expect(sampleOf(attester, person(1), named)).toEqual(drawn);
    expect(sampleOf(attester, person(1), ids.slice(0, 2))).toHaveLength(2);
  });

  it('are others for another person, and foreseen by nobody without the gateway’s key', () => {
    const drawn = sampleOf(attester, person(1), ids);
    expect(sampleOf(attester, person(2), ids)).not.toEqual(drawn);
    expect(sampleOf(other, person(1), ids)).not.toEqual(drawn);
  });

  it('is any of them, wherever it stands', () => {
    const places = new Set<number>();
    for (let nth = 0; nth < 200; nth += 1)
      for (const id of sampleOf(attester, person(nth + 1), ids)) places.add(ids.indexOf(id));
    expect(places.size).toBe(ids.length);
  });
});
