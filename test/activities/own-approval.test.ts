import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { createVerifyDecision } from '../../src/activities/verify-decision.ts';
import { person } from '../adapters/store/fixtures.ts';
import {
  DEFAULT_POLICY,
  type Deciding,
  deciding,
  policyOf,
  WAITS_MS,
} from '../support/deciding.ts';

const DELAY_MS = 600_000;
const solo = person(1, { email: 'solo@acme.test', roles: ['approver'] });
const policy = policyOf(DEFAULT_POLICY);

let desk: Deciding;

beforeEach(async () => {
  desk = await deciding([solo]);
  desk.setDial(DELAY_MS);
});
afterEach(() => desk.close());

const verify = (requestId: string) => {
  const timing = { approvalValidMs: 900_000, selfApprovalMs: DELAY_MS };
  const deps = { store: desk.store, policy: () => policy, clock: desk.now, timing };
  return createVerifyDecision(deps as unknown as ActivityDependencies)(requestId, []);
};

describe('the step that looks at what was decided', () => {
  it('waits for the delay of an own approval, not for the deadline, and then goes on', async () => {
    const { id } = await desk.wait({ userId: solo.email });
    expect(await verify(id)).toMatchObject({ kind: 'waiting', forMs: WAITS_MS });
    await desk.approve(solo, { ...(await desk.store.requests.get(id))! });
    desk.pass(1);
    expect(await verify(id)).toMatchObject({ kind: 'waiting', forMs: DELAY_MS - 1 });
    desk.pass(DELAY_MS - 1);
    expect(await verify(id)).toMatchObject({ kind: 'approved' });
  });

  it('ends it at its deadline where the own approval counts no more', async () => {
    const waiting = await desk.wait({ userId: solo.email });
    await desk.approve(solo, waiting);
    await desk.store.commit((tx) => tx.people.insert(person(2, { roles: ['approver'] })));
    desk.pass(DELAY_MS);
    expect(await verify(waiting.id)).toMatchObject({ kind: 'waiting' });
    desk.pass(WAITS_MS);
    expect(await verify(waiting.id)).toMatchObject({ kind: 'ended' });
    expect(await desk.store.requests.status(waiting.id)).toBe('expired');
  });
});
