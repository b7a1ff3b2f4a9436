import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type CallFor, guardedReads } from '../../src/gate/request-calls.ts';
import { installEgress } from '../../src/adapters/hubspot/egress.ts';
import { createHubSpotCrm } from '../../src/adapters/hubspot/hubspot-crm.ts';
import type { Operation } from '../../src/contracts/plan.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { DANA } from '../simulator/api.ts';
import { type SimulatorProcess, startSimulator } from '../support/simulator.ts';

const DEADLINE_MS = 3_000;
const CREDENTIAL = { connection: 'main', version: 1 };
const READ: Operation = {
  kind: 'read',
  object_type: 'contacts',
  method: 'GET',
  path: `/crm/objects/2026-09/contacts/${DANA}`,
  query: { properties: 'firstname' },
  body: null,
};

let simulator: SimulatorProcess;
let place: SqlitePlace;
let store: Store;
beforeAll(async () => {
  simulator = await startSimulator();
  installEgress({ allowedOrigins: [simulator.url], deadlineMs: DEADLINE_MS });
  place = await sqlitePlace();
  store = await place.open();
  await store.commit(async (tx) => {
    await tx.credentials.activate({ ...CREDENTIAL, fingerprint: 'test' });
    await tx.agents.insert(agent(1));
  });
});
afterAll(async () => {
  await place.close();
  await simulator.stop();
});

describe('reads when agents have used up their turns', () => {
  it('of a lost write still go: reconciling has turns of its own', async () => {
    const token = await simulator.token('all');
    // All turns are taken in one moment, so that the wait for the next is the whole window.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    onTestFinished(() => {
      clock.mockRestore();
    });
    const crm = createHubSpotCrm({
      baseUrl: simulator.url,
      readToken: () => Promise.resolve(token),
      deadlineMs: DEADLINE_MS,
      ratePlan: { callsPerTenSeconds: 10, searchesPerSecond: 4, waitMaxMs: 0 },
    });
    const readFor = (purpose: CallFor['purpose']) => {
      const of = { requestId: 'act_1', agentId: agent(1).id, credential: CREDENTIAL, purpose };
      return guardedReads({ store, crm }, of, [READ]);
    };
    while ((await readFor('read')).answers[0]?.kind === 'answered');
    const size = await store.log.size();
    for (const purpose of ['read', 'card', 'compare'] as const) {
      const { answers, entries } = await readFor(purpose);
      expect(answers).toEqual([
        { kind: 'unsent', code: 'hubspot.rate_limited', retryAfterSeconds: 11 },
      ]);
      expect(entries).toEqual([]);
    }
    // What had no turn was not begun either.
    expect(await store.log.size()).toBe(size);
    expect((await readFor('reconcile')).answers).toMatchObject([{ kind: 'answered' }]);
  });
});
