import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dueFor } from '../../src/prove/run.ts';
import { scaled } from '../faults/scale.ts';
import { SABOTAGES, sabotagedProduct } from './sabotage.ts';
import { makePlace, type Place, proveAt } from './support.ts';

const RUN_MAX_MS = 240_000;
const WHOLE_RUN_MAX_MS = 900_000;
/** Who runs as root may write into any folder, and is told so. */
const NOT_FOR_ROOT = process.getuid?.() === 0 ? ['L11.7 not_applicable'] : [];
/** All in the long form; each starts an installation of its own. */
const TRIED = SABOTAGES.slice(0, scaled(4, SABOTAGES.length));
let place: Place;

beforeAll(async () => {
  place = await makePlace();
  const { SALLYPORT_DATA_DIR: data = '' } = place.env;
  mkdirSync(data);
  writeFileSync(join(data, 'something'), 'that is not to be touched');
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
    'and shows every guarantee where nothing was changed, with the policy that comes with it',
    async () => {
      const ids = dueFor({ laws: [] }).map(({ guarantee }) => guarantee.id);
      const { results } = await proveAt(place, { ids });
      const tried = results.reduce((sum, result) => sum + result.tried, 0);
      console.info(`prove: ${results.length} guarantees, ${tried} tries`);
      expect(results.map(({ id }) => id).sort()).toEqual(ids.sort());
      const others = results.filter(({ verdict }) => verdict !== 'shown');
      const why = others.flatMap(({ id, reasons }) => reasons.map((reason) => `${id}: ${reason}`));
      expect(
        others.map(({ id, verdict }) => `${id} ${verdict}`),
        why.join('\n'),
      ).toEqual(NOT_FOR_ROOT);
    },
    WHOLE_RUN_MAX_MS,
  );
});
