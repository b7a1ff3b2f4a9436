import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCourier } from '../../src/courier.ts';
import { oweAsked, oweFurther, resendNotice } from '../../src/gate/notices.ts';
import type { Notifier, RequestTelling, Telling, Told } from '../../src/ports/notifier.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, person, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { runInFile } from '../support/store-file.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const HANGING = fileURLToPath(new URL('./hanging-courier.ts', import.meta.url));
const HOOK = 'https://hooks.acme.test/approvals';
const HOUR_MS = 3_600_000;
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

let place: SqlitePlace;
let store: Store;
let now: Date;

beforeEach(async () => {
  now = START;
  place = await sqlitePlace();
  store = await place.open({ clock: () => now });
  const request = waitingRequest(1, {});
  await store.commit(async (tx) => {
    await tx.agents.insert(agent(1, { id: request.agentId }));
    await tx.people.insert(person(1));
    await tx.people.insert(person(2, { email: 'dana@acme.test' }));
    await tx.people.insert(person(3, { roles: ['intern'] }));
    await insertWaiting(tx, request);
    await oweAsked(tx, request.id, [{ channel: 'webhook', recipient: HOOK }]);
  });
});
afterEach(() => place.close());

const after = (ms: number): void => {
  now = new Date(now.getTime() + ms);
};

/** A channel that answers as it is told to. */
function channelThat(answer: (telling: Telling) => Told | Promise<Told>) {
  const told: RequestTelling[] = [];
  const notifier: Notifier = {
    channel: 'webhook',
    tell: async (telling) => {
      told.push(telling as RequestTelling);
      return answer(telling);
    },
  };
  const deps = { store, notifiers: [notifier], origin: 'https://gate.test', logger };
  return { told, courier: createCourier({ ...deps, cargo: 'requests', clock: () => now }) };
}

const eventsOf = async (): Promise<any[]> =>
  (await store.log.ofRequest(requestId(1)))
    .map(({ leaf }) => JSON.parse(Buffer.from(leaf).toString()))
    .filter(({ event }) => event.startsWith('notice.'));

const sent = { kind: 'sent', reference: 'r1' } as const;

describe('the courier', () => {
  it('tells what is owed once, keeps the reference, and says in the log whom it told', async () => {
    const { told, courier } = channelThat(() => sent);
    expect(await courier.deliver()).toBe(1);
    expect(await courier.deliver()).toBe(0);
    expect(told.map(({ about }) => about.link)).toEqual([
      `https://gate.test/console/approvals/${requestId(1)}`,
    ]);
    expect(await store.notices.of(requestId(1))).toMatchObject([
      { state: 'sent', reference: 'r1', attempts: 1 },
    ]);
    const [entry] = await eventsOf();
    expect(entry).toMatchObject({
      event: 'notice.sent',
      facts: { channel: 'webhook', kind: 'asked', to: 'https://hooks.acme.test' },
    });
  });

  it('owes nothing twice, whoever repeats the step', async () => {
    await store.commit((tx) =>
      oweAsked(tx, requestId(1), [{ channel: 'webhook', recipient: HOOK }]),
    );
    expect(await store.notices.of(requestId(1))).toHaveLength(1);
  });

  it('tells by e-mail those who may decide, and never the requester', async () => {
    await store.commit((tx) => oweAsked(tx, requestId(1), [{ channel: 'email', recipient: null }]));
    const mails = (await store.notices.of(requestId(1))).filter(
      ({ channel }) => channel === 'email',
    );
    expect(mails.map(({ recipient }) => recipient)).toEqual([person(1).id]);
  });

  it('knows where to mail somebody whose own row is whole, whatever was done to another’s', async () => {
    await store.commit((tx) => oweAsked(tx, requestId(1), [{ channel: 'email', recipient: null }]));
    const sql = "update people set email = 'eve@evil.test' where id = ?";
    runInFile(place.file, sql, person(3).id);
    const addresses: (string | null)[] = [];
    const notifier: Notifier = {
      channel: 'email',
      tell: (telling) => {
        addresses.push(telling.address);
        return Promise.resolve(sent);
      },
    };
    const deps = { store, notifiers: [notifier], origin: 'https://gate.test', logger };
    await createCourier({ ...deps, cargo: 'requests', clock: () => now }).deliver();
    expect(addresses).toEqual([person(1).email]);
  });

  it('tries again after a second, then two, four, up to ten minutes', async () => {
    const { told, courier } = channelThat(() => ({ kind: 'later', error: 'down' }));
    const waits: number[] = [];
    for (let i = 0; i < 13; i += 1) {
      expect(await courier.deliver()).toBe(1);
      const [notice] = await store.notices.of(requestId(1));
      waits.push((notice!.dueAt.getTime() - now.getTime()) / 1_000);
      now = new Date(notice!.dueAt.getTime() - 1);
      expect(await courier.deliver()).toBe(0);
      after(1);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]);
    expect(told).toHaveLength(13);
  });

  it('waits as long as the channel asks', async () => {
    const { courier } = channelThat(() => ({ kind: 'later', error: 'busy', afterMs: 30_000 }));
    await courier.deliver();
    const [notice] = await store.notices.of(requestId(1));
    expect(notice!.dueAt.getTime() - now.getTime()).toBe(30_000);
  });

  it('gives up after a day, says so in the log, and tries again when it is told to', async () => {
    let answer: Told = { kind: 'later', error: 'down' };
    const { courier } = channelThat(() => answer);
    for (let i = 0; i < 400; i += 1) {
      await courier.deliver();
      after(10 * 60_000);
    }
    const [dead] = await store.notices.list({ states: ['dead'], limit: 10 });
    expect(dead).toMatchObject({ state: 'dead', error: 'down' });
    expect(now.getTime() - START.getTime()).toBeGreaterThan(24 * HOUR_MS);
    expect((await eventsOf()).map(({ event }) => event)).toEqual(['notice.dead']);
    answer = sent;
    const resend = () => store.commit((tx) => resendNotice(tx, { id: dead!.id, by: 'operator' }));
    expect(await resend()).toBe(true);
    expect(await courier.deliver()).toBe(1);
    expect((await store.notices.get(dead!.id))?.state).toBe('sent');
    expect((await eventsOf()).map(({ event, actor }) => [event, actor])).toEqual([
      ['notice.dead', 'gateway'],
      ['notice.resent', 'operator'],
      ['notice.sent', 'gateway'],
    ]);
    expect(await resend()).toBe(false);
  });

  it('gives up at once where the channel refuses for good', async () => {
    const { courier } = channelThat(() => ({ kind: 'refused', error: 'invalid_auth' }));
    await courier.deliver();
    expect(await store.notices.of(requestId(1))).toMatchObject([
      { state: 'dead', error: 'invalid_auth', attempts: 1 },
    ]);
  });

  it('takes what a channel throws for a passing failure, without its words', async () => {
    const { courier } = channelThat(() => {
      throw new TypeError('token xoxb-secret');
    });
    await courier.deliver();
    expect(await store.notices.of(requestId(1))).toMatchObject([
      { state: 'due', error: 'unexpected: TypeError' },
    ]);
  });

  it('never tells the end before the beginning', async () => {
    let answer: Told = { kind: 'later', error: 'down' };
    const { told, courier } = channelThat(() => answer);
    await courier.deliver();
    await store.commit((tx) => oweFurther(tx, requestId(1), 'decided', 'per_1'));
    await courier.deliver();
    expect(told).toHaveLength(1);
    after(1_000);
    answer = sent;
    await courier.deliver();
    await courier.deliver();
    expect(told.map(({ notice }) => notice.kind)).toEqual(['asked', 'asked', 'decided']);
    expect(told.at(-1)?.thread).toBe('r1');
  });

  it('owes nothing about a request that nobody was asked about', async () => {
    const request = waitingRequest(2, {});
    await store.commit((tx) => insertWaiting(tx, request));
    await store.commit((tx) => oweFurther(tx, request.id, 'settled'));
    expect(await store.notices.of(request.id)).toEqual([]);
  });

  it('of two couriers one takes a notice', async () => {
    const other = await place.open({ clock: () => now });
    const of = { cargo: 'requests', leaseMs: 60_000, limit: 10 } as const;
    const taken = await Promise.all(
      [store, other].map((one) => one.commit((tx) => tx.notices.take(of))),
    );
    expect(taken.flat()).toHaveLength(1);
  });

  it('does not count what a courier says whose lease had run out', async () => {
    const of = { cargo: 'requests', leaseMs: 1_000, limit: 10 } as const;
    const [mine] = await store.commit((tx) => tx.notices.take(of));
    after(1_001);
    const [theirs] = await store.commit((tx) => tx.notices.take(of));
    expect(theirs?.id).toBe(mine?.id);
    const settle = (notice: typeof mine) =>
      store.commit((tx) => tx.notices.settle(notice!, { state: 'sent' }));
    expect(await settle(mine)).toBe(false);
    expect(await settle(theirs)).toBe(true);
  });

  it('sends nothing to an address that was written into the file by hand', async () => {
    runInFile(place.file, "update notices set recipient = 'https://evil.test/'");
    const { told, courier } = channelThat(() => sent);
    expect(await courier.deliver()).toBe(0);
    expect(told).toEqual([]);
  });

  it('is killed while it sends, and what it took is sent by the next, under the same id', async () => {
    now = new Date();
    const child = spawn(process.execPath, [HANGING, place.file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    child.kill('SIGKILL');
    await once(child, 'close');
    await store.close();
    store = await place.open();
    const { told, courier } = channelThat(() => sent);
    expect(await courier.deliver()).toBe(0);
    await sleep(800);
    expect(await courier.deliver()).toBe(1);
    expect(`sent ${told[0]?.notice.id}\n`).toBe(chunk.toString());
    expect(told[0]?.notice.attempts).toBe(2);
    expect((await eventsOf()).map(({ facts }) => facts.attempts)).toEqual([2]);
  });
});
