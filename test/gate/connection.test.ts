import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { installEgress } from '../../src/adapters/hubspot/egress.ts';
import { createHubSpotCrm } from '../../src/adapters/hubspot/hubspot-crm.ts';
import { createHubSpotSetup } from '../../src/adapters/hubspot/hubspot-setup.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import { connectAccount } from '../../src/gate/connection.ts';
import type { ConnectDependencies } from '../../src/gate/connection-calls.ts';
import type { Store } from '../../src/ports/store.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { type SimulatorProcess, startSimulator } from '../support/simulator.ts';
import { logEntries } from '../support/log-entries.ts';

const DEADLINE_MS = 3_000;
const OPTIONS = { connection: 'main', by: 'operator', isPortalForced: false };

let simulator: SimulatorProcess;
let place: SqlitePlace;
let store: Store;
let token: string;
beforeAll(async () => {
  simulator = await startSimulator();
  installEgress({ allowedOrigins: [simulator.url], deadlineMs: DEADLINE_MS });
});
afterAll(() => simulator.stop());
beforeEach(async () => {
  await simulator.control('POST', '/reset', {});
  await simulator.control('POST', '/limits', { enabled: false });
  token = await simulator.token('all');
  place = await sqlitePlace();
  store = await place.open();
  const of = { connection: 'main', version: 1, fingerprint: 'test' };
  await store.commit((tx) => tx.credentials.activate(of));
});
afterEach(() => place.close());

function depsOn(on: Store): ConnectDependencies {
  const options = {
    baseUrl: simulator.url,
    readToken: () => Promise.resolve(token),
    deadlineMs: DEADLINE_MS,
  };
  return { store: on, crm: createHubSpotCrm(options), setup: createHubSpotSetup(options) };
}

/** The store with a disk that is full from its n-th commit on. */
function fullAfter(commits: number): Store {
  let left = commits;
  const commit: Store['commit'] = (work) => {
    left -= 1;
    return left < 0 ? Promise.reject(new GatewayError('store.unavailable')) : store.commit(work);
  };
  return { ...store, commit };
}

const eventsOf = async (name: string): Promise<number> =>
  (await logEntries(store)).filter(({ event }) => event === name).length;

async function callsMade(): Promise<number> {
  return (await simulator.control<{ count: number }>('GET', '/requests')).body.count;
}

describe('connecting on a disk that is full', () => {
  it('calls HubSpot only with the intent on disk, wherever it stops, and goes on from there', async () => {
    for (let commits = 0; ; commits += 1) {
      const failed = await connectAccount(depsOn(fullAfter(commits)), OPTIONS).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(await callsMade()).toBe(await eventsOf('hubspot.intended'));
      if (failed === undefined) break;
      expect(failed).toMatchObject({ code: 'store.unavailable' });
      expect(await store.connections.get('main')).toBeUndefined();
    }
    expect((await store.connections.get('main'))?.uniqueProperties).toHaveProperty('tickets');
    expect(await simulator.effects()).toHaveLength(4);
    expect(await eventsOf('connection.checked')).toBe(1);
  });

  it('lets nothing out once a freeze stands, in the middle too', async () => {
    const deps = depsOn(store);
    let calls = 0;
    const setup: ConnectDependencies['setup'] = {
      call: async (call, credential) => {
        calls += 1;
        const answer = await deps.setup.call(call, credential);
        if (calls === 3)
          await store.commit((tx) =>
            tx.freezes.insert({
              ...{ id: 'frz_1', target: { kind: 'connection', id: 'main' }, reason: 'Stop.' },
              ...{ placedBy: 'operator', placedAt: tx.now, liftedAt: null },
            }),
          );
        return answer;
      },
    };
    await expect(connectAccount({ ...deps, setup }, OPTIONS)).rejects.toMatchObject({
      code: 'freeze.active',
    });
    expect(calls).toBe(3);
  });
});

describe('notes, tasks and calls, of which HubSpot does not say what they take', () => {
  const ACTIVITIES = ['notes', 'tasks', 'calls'];
  const statesOf = async () =>
    (await connectAccount(depsOn(store), OPTIONS)).properties
      .filter(({ objectType }) => ACTIVITIES.includes(objectType))
      .map(({ state }) => state);

  it('get the property where HubSpot takes it, in the group of their own text', async () => {
    await simulator.control('POST', '/unique-on-activities', { enabled: true });
    expect(await statesOf()).toEqual(['prepared', 'prepared', 'prepared']);
    const made = (await simulator.effects()).map(({ properties }) => properties);
    const group = await fetch(`${simulator.url}/crm/properties/2026-09/notes/hs_note_body`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { groupName } = (await group.json()) as { groupName: string };
    expect(made.map((each) => (each as any).groupName)).toContain(groupName);
    expect((await store.connections.get('main'))?.uniqueProperties).toMatchObject({
      notes: 'sallyport_request_id',
      calls: 'sallyport_request_id',
    });
    expect(await statesOf()).toEqual(['already_there', 'already_there', 'already_there']);
  });
});

describe('a property that somebody else has made', () => {
  it.each([
    ['of numbers', { type: 'number', fieldType: 'number', hasUniqueValue: true }, 'no text'],
    ['without unique values', { type: 'string', fieldType: 'text' }, 'not unique'],
  ])('%s is not counted on', async (_which, made, why) => {
    const response = await fetch(`${simulator.url}/crm/properties/2026-09/deals`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ name: 'sallyport_request_id', label: 'Theirs', groupName: 'dealinformation' },
        ...made,
      }),
    });
    expect(response.status).toBe(201);
    const { properties } = await connectAccount(depsOn(store), OPTIONS);
    const deals = properties.find(({ objectType }) => objectType === 'deals');
    expect(deals).toMatchObject({ state: 'could_not', reason: expect.stringContaining(why) });
    const known = await store.connections.get('main');
    expect(Object.keys(known?.uniqueProperties ?? {})).not.toContain('deals');
  });
});
