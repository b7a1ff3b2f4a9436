import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dueFor } from '../../src/prove/run.ts';
import { makePlace, type Place, proveAt } from './support.ts';

const RUN_MAX_MS = 900_000;
/** Who runs as root may write into any folder, and is told so. */
const NOT_FOR_ROOT = process.getuid?.() === 0 ? ['L11.7'] : [];
let place: Place;

beforeAll(async () => {
  place = await makePlace();
  const { SALLYPORT_DATA_DIR: data = '' } = place.env;
  mkdirSync(data);
  writeFileSync(join(data, 'something'), 'that is not to be touched');
});
afterAll(() => {
  place.remove();
});

it(
  'sallyport prove shows every guarantee on an installation with the policy that comes with it',
  async () => {
    const ids = dueFor({ laws: [] }).map(({ guarantee }) => guarantee.id);
    const { results } = await proveAt(place, { ids });
    const tried = results.reduce((sum, result) => sum + result.tried, 0);
    console.info(`prove: ${results.length} guarantees, ${tried} tries`);
    expect(results.map(({ id }) => id).sort()).toEqual(ids.sort());
    expect(results.filter(({ verdict }) => verdict === 'failed')).toEqual([]);
    expect(results.filter(({ verdict }) => verdict === 'not_shown')).toEqual([]);
    const others = results.filter(({ verdict }) => verdict === 'not_applicable');
    expect(others.map(({ id }) => id)).toEqual(NOT_FOR_ROOT);
  },
  RUN_MAX_MS,
);
