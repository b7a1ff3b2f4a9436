import { afterEach, beforeEach, expect, it } from 'vitest';
import { createVerifyDecision } from '../../src/activities/verify-decision.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, later, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const waiting = waitingRequest(1);
const MINUTE_MS = 60_000;

let place: SqlitePlace;
let store: Store;

beforeEach(async () => {
  place = await sqlitePlace();
  store = await place.open({ clock: () => START });
  await store.commit(async (tx) => {
    await tx.agents.insert(agent(1));
    await insertWaiting(tx, waiting);
  });
});
afterEach(() => place.close());

const look = () => {
  const timing = { approvalValidMs: MINUTE_MS };
  const deps: any = { store, clock: () => START, timing, policy: () => undefined };
  return createVerifyDecision(deps)(waiting.id, []);
};

it('a workflow that was started again for what still waits is not woken for ever', async () => {
  // As the sweep has left it, which has just started that workflow.
  await store.commit((tx) => tx.requests.setWake(waiting.id, later(MINUTE_MS)));
  expect((await look()).kind).toBe('waiting');
  expect(await store.requests.overdue(later(10 * MINUTE_MS), 10)).toEqual([]);
});
