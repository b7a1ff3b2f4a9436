import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expireRequest } from '../../src/gate/expiry.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { logEntries } from '../support/log-entries.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const HOUR_MS = 3_600_000;
const RULES = { approvalValidMs: 60_000 };

let place: SqlitePlace;
let store: Store;
let now: number;
const submission = {
  ...{ userId: 'dana@acme.test', prompt: 'Please.' },
  action: { action: 'create_note', contact_id: '20001', note: 'Called.' },
};
const waiting = waitingRequest(1, { submission, expiresAt: new Date(START.getTime() + HOUR_MS) });

beforeEach(async () => {
  now = START.getTime();
  place = await sqlitePlace();
  store = await place.open({ clock: () => new Date(now) });
  await store.commit(async (tx) => {
    await tx.agents.insert(agent(1));
    await insertWaiting(tx, waiting);
  });
});
afterEach(() => place.close());

const places = async () =>
  (await logEntries(store))
    .filter(({ event }) => event === 'store.tampered')
    .map(({ facts }) => facts.place);

describe('the end of what nobody decided on', () => {
  it('comes with the time that its card says', async () => {
    now += HOUR_MS - 1;
    await expireRequest(store, waiting.id, RULES);
    expect(await store.requests.status(waiting.id)).toBe('awaiting_approval');
    now += 1;
    await expireRequest(store, waiting.id, RULES);
    expect(await store.requests.status(waiting.id)).toBe('expired');
    expect(await places()).toEqual([]);
  });

  it('is none of a deadline that somebody with the payload key moved: people are told of the place', async () => {
    await store.commit((tx) => tx.requests.update(waiting.id, { expiresAt: new Date(now - 1) }));
    await expireRequest(store, waiting.id, RULES);
    expect(await store.requests.get(waiting.id)).toMatchObject({
      status: 'failed',
      code: 'plan.tampered',
    });
    expect(await places()).toEqual(['the time at which it expires is not the one in the log']);
  });

  it('is none of what the log says was approved: its row was put back to before that', async () => {
    await store.commit((tx) =>
      tx.log.append({
        ...{ event: 'approval.matured', requestId: waiting.id, agentId: waiting.agentId },
        ...{ actor: 'gateway', digest: waiting.digest ?? undefined },
      }),
    );
    now += HOUR_MS;
    await expireRequest(store, waiting.id, RULES);
    expect(await store.requests.status(waiting.id)).toBe('failed');
    expect(await places()).toEqual(['the log says that it was approved']);
  });
});
