import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCourier } from '../../src/courier.ts';
import { noteAbsence } from '../../src/gate/absences.ts';
import { oweAsked } from '../../src/gate/notices.ts';
import { createSweep } from '../../src/gate/sweep.ts';
import { revokePerson } from '../../src/gate/roster.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { Telling, Told } from '../../src/ports/notifier.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, later, person, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const HOUR_MS = 3_600_000;
const CHANNEL = 'C0GATE';
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
const omar = person(1);
const ines = person(2);
const vera = person(3, { roles: ['viewer'] });

let place: SqlitePlace;
let store: Store;
let now: Date;
let told: Telling[];

beforeEach(async () => {
  now = START;
  told = [];
  place = await sqlitePlace();
  store = await place.open({ clock: () => now });
  await store.commit(async (tx) => {
    await tx.agents.insert(agent(1));
    for (const one of [omar, ines, vera]) await tx.people.insert(one);
  });
});
afterEach(() => place.close());

const away = (personId: string, delegateId: string | null = null, ms = 24 * HOUR_MS) =>
  store.commit((tx) => noteAbsence(tx, { personId, delegateId, until: later(ms), by: 'operator' }));

const ask = (more: Parameters<typeof waitingRequest>[1] = {}) =>
  store.commit(async (tx) => {
    await insertWaiting(tx, waitingRequest(1, { expiresAt: later(HOUR_MS), ...more }));
    const places = [
      { channel: 'email', recipient: null },
      { channel: 'slack', recipient: CHANNEL },
    ] as const;
    return oweAsked(tx, requestId(1), places);
  });

async function turn(): Promise<string[]> {
  told = [];
  const tell = (telling: Telling): Promise<Told> => {
    told.push(telling);
    return Promise.resolve({ kind: 'sent', reference: 'r1' });
  };
  const notifiers = (['slack', 'email'] as const).map((channel) => ({ channel, tell }));
  const of = { store, notifiers, origin: 'https://gate.test', clock: () => now, logger };
  const engine = {} as Engine;
  const rules = { approvalValidMs: 60_000 };
  await createSweep({ store, engine, logger, clock: () => now, rules }).remind();
  while ((await createCourier({ ...of, cargo: 'requests' }).deliver()) > 0);
  return told.map(({ notice }) => `${notice.kind} ${notice.recipient}`).toSorted();
}

const half = (): void => {
  now = later(HOUR_MS / 2);
};

describe('who is away', () => {
  it('is not asked by mail: whom they named is, once, and shared places are asked as ever', async () => {
    await away(omar.id, vera.id);
    await away(ines.id, vera.id);
    expect(await ask()).toEqual([`email ${vera.id}`, `slack ${CHANNEL}`]);
    expect(await turn()).toEqual([`asked ${CHANNEL}`, `asked ${vera.id}`].toSorted());
  });

  it.each([
    ['they have named nobody', () => Promise.resolve()],
    ['whom they named is away, too', () => away(vera.id)],
    [
      'whom they named was revoked',
      () => store.commit((tx) => revokePerson(tx, { id: vera.id, by: 'test' })),
    ],
  ])('leaves the asking to the others where %s', async (_why, more) => {
    await away(omar.id, _why.includes('nobody') ? null : vera.id);
    await more();
    expect(await ask()).toEqual([`email ${ines.id}`, `slack ${CHANNEL}`]);
  });

  it('is reminded when they are back, where there was nobody else to ask', async () => {
    await away(omar.id, null, HOUR_MS / 4);
    await away(ines.id);
    expect(await ask()).toEqual([`slack ${CHANNEL}`]);
    expect(await turn()).toEqual([`asked ${CHANNEL}`]);
    half();
    expect(await turn()).toEqual([`reminded ${CHANNEL}`, `reminded ${omar.id}`].toSorted());
  });

  it('is not reminded of what they were asked before they went: whom they named is asked then', async () => {
    await ask();
    await turn();
    await away(omar.id, vera.id);
    half();
    expect(await turn()).toEqual(
      [`asked ${vera.id}`, `reminded ${CHANNEL}`, `reminded ${ines.id}`].toSorted(),
    );
    // Noted as told: no later look has to think of it again.
    expect(await turn()).toEqual([]);
    const at = { share: 0.5, occasions: ['nine_tenths', 'half'], at: now, limit: 10 };
    expect(await store.notices.unreminded(at)).toEqual([]);
  });
});

describe('who asked', () => {
  const submission = { userId: omar.email, prompt: 'p', action: { action: 'create_note' } };

  it('gets no mail where somebody else may decide', async () => {
    expect(await ask({ submission })).toEqual([`email ${ines.id}`, `slack ${CHANNEL}`]);
  });

  it('is told where nobody else may: that somebody asks in their name', async () => {
    await store.commit((tx) => revokePerson(tx, { id: ines.id, by: 'test' }));
    expect(await ask({ submission })).toEqual([`email ${omar.id}`, `slack ${CHANNEL}`]);
  });
});
