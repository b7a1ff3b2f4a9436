import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { POLICY_ACTIONS } from '../../src/actions/catalogue.ts';
import { recordDecision } from '../../src/gate/decisions.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, person, request, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const file = 'policy/default.cedar';
const policy = loadPolicy({ text: readFileSync(file, 'utf8'), file, actions: POLICY_ACTIONS });
const rules = { policy, approvalValidMs: 60_000 };
const lena = person(1, { roles: ['approver'] });
const omar = person(2, { roles: ['approver'] });

let place: SqlitePlace;
let store: Store;

beforeEach(async () => {
  place = await sqlitePlace();
  store = await place.open({ clock: () => START });
  await store.commit(async (tx) => {
    for (const one of [lena, omar]) await tx.people.insert(one);
    await tx.agents.insert(agent(1, { groups: ['assistants'], id: request(1).agentId }));
  });
});
afterEach(() => place.close());

/** A change of a deal that holds `amount` now, as its card has it. */
const waiting = (change: Record<string, unknown>, amount: string | null) =>
  waitingRequest(1, {
    action: 'update_deal',
    submission: {
      userId: 'dana@acme.test',
      prompt: 'p',
      action: { action: 'update_deal', deal_id: '40001', ...change },
    },
    card: {
      action: 'update_deal',
      seen: [{ object_type: 'deals', id: '40001', properties: { dealname: 'Yard', amount } }],
    },
  });

let digest: string;

async function waitFor(change: Record<string, unknown>, amount: string | null): Promise<void> {
  const request = waiting(change, amount);
  digest = request.digest ?? '';
  await store.commit((tx) => insertWaiting(tx, request));
}

const approve = (by: typeof lena) =>
  store.commit((tx) =>
    recordDecision(
      tx,
      { requestId: requestId(1), person: by, proof: 'key', decision: 'approve', digest },
      rules,
    ),
  );

describe('the money a change of a deal touches', () => {
  it.each([
    ['its name', { dealname: 'New name' }],
    ['its stage', { dealstage: 'closedlost' }],
    ['its amount, to little', { amount: 1 }],
  ])('is what the deal holds, though only %s changes', async (_what, change) => {
    await waitFor(change, '48000');
    expect(await approve(lena)).toEqual({ kind: 'decided', status: 'awaiting_approval' });
    expect(await approve(omar)).toEqual({ kind: 'decided', status: 'approved' });
  });

  it.each([['3500'], [null], [''], ['10000']])(
    'is small when the deal holds %j',
    async (amount) => {
      await waitFor({ dealname: 'New name' }, amount);
      expect(await approve(lena)).toEqual({ kind: 'decided', status: 'approved' });
    },
  );

  it('is what the change makes of it when that is more', async () => {
    await waitFor({ amount: 10_001 }, '3500');
    expect(await approve(lena)).toEqual({ kind: 'decided', status: 'awaiting_approval' });
  });

  it('is taken for large when HubSpot holds no number we can read', async () => {
    await waitFor({ dealname: 'New name' }, 'much');
    expect(await approve(lena)).toEqual({ kind: 'decided', status: 'awaiting_approval' });
  });
});

describe('a decision by somebody who was revoked after a door knew them', () => {
  it.each(['approve', 'reject'] as const)('does not count: %s', async (decision) => {
    await waitFor({ dealname: 'New name' }, '3500');
    await store.commit((tx) => tx.people.revoke(lena.id));
    const made = { requestId: requestId(1), person: lena, proof: 'key', decision, digest } as const;
    expect(await store.commit((tx) => recordDecision(tx, made, rules))).toMatchObject({
      kind: 'refused',
      code: 'approval.not_eligible',
    });
    expect(await store.requests.status(requestId(1))).toBe('awaiting_approval');
  });
});
