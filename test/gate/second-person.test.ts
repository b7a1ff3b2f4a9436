import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { IncidentRecord } from '../../src/core/incident.ts';
import { declareFalseAlarm, resumeIncident, supplyKey } from '../../src/gate/incident-steps.ts';
import { openIncident } from '../../src/gate/incidents.ts';
import type { Store } from '../../src/ports/store.ts';
import { person } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';

/** One stolen session must not both say that nothing is wrong and open the door again. */
const lena = person(1, { roles: ['operator'] });
const omar = person(2, { roles: ['operator'] });
const by = (one: typeof lena) => `person:${one.id}`;

let place: SqlitePlace;
let store: Store;

beforeEach(async () => {
  place = await sqlitePlace();
  store = await place.open();
  await store.commit(async (tx) => {
    for (const one of [lena, omar]) await tx.people.insert(one);
  });
});
afterEach(() => place.close());

async function rotatingBy(opener: string): Promise<IncidentRecord> {
  const of = { connection: 'main', reason: 'Somebody has our key.', by: opener };
  const { id } = await store.commit((tx) => openIncident(tx, of));
  return store.commit((tx) => tx.incidents.update(id, { stage: 'rotating' }));
}

const falseAlarm = (incidentId: string, one: typeof lena) =>
  store.commit((tx) => declareFalseAlarm(tx, { incidentId, by: by(one), reason: 'A test.' }));

async function newKey(incidentId: string, one: typeof lena): Promise<void> {
  const of = { incidentId, version: 2, fingerprint: 'f'.repeat(12), by: by(one) };
  await store.commit((tx) => supplyKey(tx, of));
  for (const stage of ['assessing', 'reverting', 'resuming'] as const)
    await store.commit((tx) => tx.incidents.update(incidentId, { stage }));
}

const resume = (incidentId: string, one: typeof lena) =>
  store.commit((tx) => resumeIncident(tx, { incidentId, by: by(one), personId: one.id }));

const SAME = { code: 'incident.same_person' };

describe('the second person of an incident', () => {
  it.each(['gateway', 'operator'])(
    'that was opened by %s is not who said that it is a false alarm',
    async (opener) => {
      const { id } = await rotatingBy(opener);
      await falseAlarm(id, lena);
      await expect(resume(id, lena)).rejects.toMatchObject(SAME);
      expect(await resume(id, omar)).toMatchObject({ stage: 'closed' });
    },
  );

  it.each(['gateway', 'operator'])(
    'that was opened by %s is not who gave the key',
    async (opener) => {
      const { id } = await rotatingBy(opener);
      await newKey(id, lena);
      await expect(resume(id, lena)).rejects.toMatchObject(SAME);
      expect(await resume(id, omar)).toMatchObject({ stage: 'closed' });
    },
  );

  it('is not who gave the key that was taken, whoever gave another before', async () => {
    const { id } = await rotatingBy('gateway');
    const of = { incidentId: id, version: 2, fingerprint: 'f'.repeat(12), by: 'operator' };
    await store.commit((tx) => supplyKey(tx, of));
    await store.commit((tx) => tx.incidents.update(id, { stage: 'rotating', newVersion: null }));
    await newKey(id, lena);
    await expect(resume(id, lena)).rejects.toMatchObject(SAME);
    expect(await resume(id, omar)).toMatchObject({ stage: 'closed' });
  });

  it('that a person opened is anybody else, also who gave the key', async () => {
    const { id } = await rotatingBy(by(lena));
    await newKey(id, omar);
    await expect(resume(id, lena)).rejects.toMatchObject(SAME);
    expect(await resume(id, omar)).toMatchObject({ stage: 'closed' });
  });
});
