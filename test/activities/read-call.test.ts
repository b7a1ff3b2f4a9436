import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReadCall } from '../../src/activities/read-call.ts';
import { associateOperation } from '../../src/actions/association.ts';
import { createHubSpotCrm } from '../../src/adapters/hubspot/hubspot-crm.ts';
import type { Operation, Plan } from '../../src/contracts/plan.ts';
import { createAttester } from '../../src/gate/attest.ts';
import { planDigest } from '../../src/gate/digest.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, plan as writePlan, request } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';

const CREDENTIAL = { connection: 'main', version: 1, fingerprint: 'test' };
const attester = createAttester(new Uint8Array(32));
/** Nobody listens there: a call that was begun would end in another way. */
const crm = createHubSpotCrm({
  baseUrl: 'http://127.0.0.1:9',
  readToken: () => Promise.resolve('token'),
  deadlineMs: 1_000,
});

let place: SqlitePlace;
let store: Store;
beforeAll(async () => {
  place = await sqlitePlace();
  store = await place.open();
  await store.commit(async (tx) => {
    await tx.credentials.activate(CREDENTIAL);
    await tx.agents.insert(agent(1));
  });
});
afterAll(() => place.close());

const [create] = writePlan.operations as [Operation];
const WRITES: readonly (readonly [Operation['kind'], Operation])[] = [
  ['create', create],
  ['update', { ...create, kind: 'update', method: 'PATCH', path: `${create.path}/77` }],
  [
    'associate',
    associateOperation({ object_type: 'contacts', id: '1' }, { object_type: 'deals', id: '2' }),
  ],
];

describe('a plan in the place of a read', () => {
  it.each(WRITES)('is refused when it holds a write: %s', async (kind, operation) => {
    const of = request(WRITES.findIndex(([name]) => name === kind) + 1, {
      action: 'get_contact',
      risk: 'read',
      status: 'executing',
    });
    await store.commit((tx) => tx.requests.insert(of));
    const plan: Plan = { ...writePlan, operations: [operation], steps: [] };
    const { id: requestId, agentId, connection } = of;
    const digest = planDigest({ requestId, agentId, connection, plan });
    const read = { plan, digest, mac: attester.plan(digest) };
    const deps = { store, crm, attester } as Parameters<typeof createReadCall>[0];
    const input = { requestId };
    await createReadCall(deps)({ kind: 'read', input, read, credential: CREDENTIAL });
    expect(await store.requests.get(requestId)).toMatchObject({
      status: 'refused',
      code: 'plan.tampered',
    });
  });
});
