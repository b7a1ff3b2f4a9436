import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCourier } from '../../src/courier.ts';
import { closeRequest } from '../../src/gate/close.ts';
import { oweAsked } from '../../src/gate/notices.ts';
import { createSweep } from '../../src/gate/sweep.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { Notifier, Telling, Told } from '../../src/ports/notifier.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, decision, later, person, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { runInFile } from '../support/store-file.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const HOOK = 'https://hooks.acme.test/approvals';
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
const engine = {} as Engine;

let place: SqlitePlace;
let store: Store;
let now: Date;
let told: Telling[];
let answer: Told;

const requestOf = (number: number) => waitingRequest(number, { expiresAt: later(HOUR_MS) });

async function ask(number: number): Promise<void> {
  await store.commit(async (tx) => {
    await insertWaiting(tx, requestOf(number));
    await oweAsked(tx, requestId(number), [{ channel: 'webhook', recipient: HOOK }]);
  });
}

beforeEach(async () => {
  now = START;
  told = [];
  answer = { kind: 'sent', reference: 'r1' };
  place = await sqlitePlace();
  store = await place.open({ clock: () => now });
  await store.commit(async (tx) => {
    await tx.agents.insert(agent(1));
    await tx.people.insert(person(1));
    await tx.people.insert(person(2));
  });
  await ask(1);
});
afterEach(() => place.close());

const at = (ms: number): void => {
  now = later(ms);
};

const sweep = (on = store) =>
  createSweep({
    store: on,
    engine,
    logger,
    clock: () => now,
    rules: { approvalValidMs: MINUTE_MS },
  });

function courier() {
  const tell = (telling: Telling): Promise<Told> => {
    told.push(telling);
    return Promise.resolve(answer);
  };
  const notifiers: Notifier[] = (['webhook', 'email'] as const).map((channel) => ({
    channel,
    tell,
  }));
  return createCourier({
    cargo: 'requests',
    store,
    notifiers,
    origin: 'https://gate.test',
    clock: () => now,
    logger,
  });
}

/** As the gateway does it: the sweep, then the courier until nothing is due. */
async function turn(): Promise<void> {
  await sweep().remind();
  while ((await courier().deliver()) > 0);
}

const kinds = () => told.map(({ notice }) => `${notice.kind} ${notice.occasion}`.trim());

describe('reminders', () => {
  it('come at half and at nine tenths of the time, once each, in the thread', async () => {
    const when: [number, number][] = [];
    for (let minute = 0; minute < 60; minute += 1) {
      at(minute * MINUTE_MS);
      await turn();
      when.push([minute, told.length]);
    }
    expect(kinds()).toEqual(['asked', 'reminded half', 'reminded nine_tenths']);
    const firstWith = (count: number) => when.find(([, n]) => n === count)?.[0];
    expect([1, 2, 3].map(firstWith)).toEqual([0, 30, 54]);
    expect(told.slice(1).map(({ thread }) => thread)).toEqual(['r1', 'r1']);
    const entries = (await store.log.ofRequest(requestId(1))).map(({ leaf }) =>
      JSON.parse(Buffer.from(leaf).toString()),
    );
    const sent = entries.filter(({ event }) => event === 'notice.sent');
    expect(sent.map(({ facts }) => facts.kind)).toEqual(['asked', 'reminded', 'reminded']);
  });

  it('are told once also across restarts, and by two gateways on one store', async () => {
    await turn();
    at(31 * MINUTE_MS);
    const other = await place.open({ clock: () => now });
    await Promise.all([sweep(), sweep(other)].map((one) => one.remind()));
    await store.close();
    store = await place.open({ clock: () => now });
    await turn();
    expect(kinds()).toEqual(['asked', 'reminded half']);
  });

  it('that were missed while the gateway was down are told once', async () => {
    await turn();
    at(55 * MINUTE_MS);
    await turn();
    await turn();
    expect(kinds()).toEqual(['asked', 'reminded nine_tenths']);
  });

  it('that could not be delivered in time are told once, too', async () => {
    await turn();
    answer = { kind: 'later', error: 'down' };
    at(31 * MINUTE_MS);
    await turn();
    at(55 * MINUTE_MS);
    await sweep().remind();
    answer = { kind: 'sent', reference: 'r2' };
    told.length = 0;
    await turn();
    expect(kinds()).toEqual(['reminded nine_tenths']);
    const states = (await store.notices.of(requestId(1))).map(({ state }) => state);
    expect(states).toEqual(['sent', 'moot', 'sent']);
  });

  it('are not owed once the request has ended, and not told when it ends before they are', async () => {
    await turn();
    at(31 * MINUTE_MS);
    await sweep().remind();
    const ending = { status: 'withdrawn', code: 'approval.withdrawn' } as const;
    const cause = { event: 'request.withdrawn', actor: 'agent:x' } as const;
    await store.commit((tx) => closeRequest(tx, requestOf(1), ending, cause));
    await turn();
    at(55 * MINUTE_MS);
    await turn();
    expect(kinds()).toEqual(['asked', 'withdrawn']);
  });

  it('are not owed after the deadline, though nobody has ended the request yet', async () => {
    await turn();
    at(HOUR_MS);
    await turn();
    expect(kinds()).toEqual(['asked']);
  });

  it('do not go to a person who has decided, while others are still waited for', async () => {
    await store.commit((tx) => oweAsked(tx, requestId(1), [{ channel: 'email', recipient: null }]));
    await turn();
    await store.commit((tx) => tx.decisions.insert(decision(requestId(1))));
    at(31 * MINUTE_MS);
    await turn();
    const reminded = told.filter(({ notice }) => notice.kind === 'reminded');
    expect(reminded.map(({ notice }) => notice.recipient).toSorted()).toEqual([HOOK, person(2).id]);
  });

  it('of one request are not held up by another whose row was changed by hand, which ends as tampered', async () => {
    await ask(2);
    await turn();
    const sql = 'update requests set digest = ? where id = ?';
    runInFile(place.file, sql, '0'.repeat(64), requestId(1));
    at(31 * MINUTE_MS);
    await turn();
    const about = (number: number) =>
      told.filter(({ notice }) => notice.subject === requestId(number));
    expect(about(1).map(({ notice }) => notice.kind)).toEqual(['asked', 'settled']);
    expect(about(2).map(({ notice }) => notice.kind)).toEqual(['asked', 'reminded']);
  });

  it('cost one look for all that waits: 300 requests at once, each reminded once', async () => {
    await store.commit(async (tx) => {
      for (let number = 2; number <= 301; number += 1) {
        await insertWaiting(tx, requestOf(number));
        await oweAsked(tx, requestId(number), [{ channel: 'webhook', recipient: HOOK }]);
      }
    });
    at(31 * MINUTE_MS);
    for (let i = 0; i < 3; i += 1) await sweep().remind();
    const due = await store.notices.list({ states: ['due'], limit: 1_000 });
    expect(due.filter(({ kind }) => kind === 'reminded')).toHaveLength(301);
    const since = performance.now();
    await sweep().remind();
    console.log('a sweep with nothing to remind of', { ms: performance.now() - since });
  });
});
