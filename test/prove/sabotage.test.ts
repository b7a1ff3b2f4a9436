import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scaled } from '../faults/scale.ts';
import { SABOTAGES, sabotagedProduct } from './sabotage.ts';
import { makePlace, type Place, proveAt } from './support.ts';

const RUN_MAX_MS = 240_000;
/** All in the long form; each starts an installation of its own. */
const TRIED = SABOTAGES.slice(0, scaled(4, SABOTAGES.length));
let place: Place;

beforeAll(async () => {
  place = await makePlace();
});
afterAll(() => {
  expect(place.left()).toEqual([]);
  place.remove();
});

/** Some can only be seen once something was called. */
const idsFor = (found: string): string[] => [...(found === 'L01.1' ? ['L08.1'] : []), found];

describe('sallyport prove can fail', () => {
  it.each(TRIED)(
    'it finds $what ($found)',
    async (sabotage) => {
      const product = sabotagedProduct(sabotage);
      try {
        const { results } = await proveAt(place, {
          ids: idsFor(sabotage.found),
          product: product.folder,
        });
        const result = results.find(({ id }) => id === sabotage.found);
        expect(result, result?.reasons.join('; ')).toMatchObject({ verdict: 'failed' });
        expect(result?.held).toBeLessThan(result?.tried ?? 0);
        expect(result?.reasons).not.toEqual([]);
      } finally {
        product.remove();
      }
    },
    RUN_MAX_MS,
  );

  it(
    'and says of each of these that it holds when nothing was changed',
    async () => {
      const ids = [...new Set(SABOTAGES.flatMap(({ found }) => idsFor(found)))];
      const { results } = await proveAt(place, { ids });
      expect(results).toHaveLength(ids.length);
      expect(results.filter(({ verdict }) => verdict !== 'shown')).toEqual([]);
    },
    RUN_MAX_MS,
  );
});
