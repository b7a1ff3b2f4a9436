import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rotationSeen } from '../../src/activities/incident-checks.ts';
import type { IncidentRecord } from '../../src/core/incident.ts';
import { activateCredential } from '../../src/gate/credentials.ts';
import { openIncident } from '../../src/gate/incidents.ts';
import type { CrmAnswer } from '../../src/ports/crm.ts';
import type { Store } from '../../src/ports/store.ts';
import { START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';

/** Longer than HubSpot is given to show the event. */
const LATE_MS = 60_000;

let place: SqlitePlace;
let store: Store;
let incident: IncidentRecord;

beforeEach(async () => {
  place = await sqlitePlace();
  store = await place.open({ clock: () => START });
  incident = await store.commit(async (tx) => {
    const of = { connection: 'main', version: 1, fingerprint: 'f'.repeat(12), by: 'test' };
    await activateCredential(tx, of);
    return openIncident(tx, { connection: 'main', reason: 'Stolen.', by: 'operator', cause: null });
  });
});
afterEach(() => place.close());

function looked(answer: CrmAnswer) {
  const deps = { store, probe: { call: () => Promise.resolve(answer) } } as any;
  const of = { incidentId: incident.id, connection: 'main', version: 1 };
  const reached = { ...incident.reached, supplied: START };
  return rotationSeen(deps, { ...incident, reached }, of, new Date(START.getTime() + LATE_MS));
}

describe('whether HubSpot’s security log shows the rotation', () => {
  it.each<CrmAnswer>([
    { kind: 'lost', code: 'hubspot.timeout' },
    { kind: 'unsent', code: 'hubspot.unavailable' },
  ])('is asked again after an answer that is none ($kind), and not given up', async (answer) => {
    expect(await looked(answer)).toMatchObject({ state: 'waiting' });
  });

  it.each<[string, CrmAnswer, string]>([
    ['it shows it', rows([{ type: 'SERVICE_KEY_ROTATE', createdAt: 'then' }]), 'passed'],
    ['it shows nothing in time', rows([]), 'not_possible'],
    ['the key may not read it', refused(), 'not_possible'],
  ])('is told where %s', async (_where, answer, state) => {
    expect(await looked(answer)).toMatchObject({ state });
  });
});

function rows(results: readonly object[]): CrmAnswer {
  return { kind: 'answered', status: 200, json: { results } };
}

function refused(): CrmAnswer {
  return { kind: 'refused', status: 403, code: 'hubspot.missing_scope' };
}
