import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCourier } from '../../src/courier.ts';
import type { Card } from '../../src/contracts/card.ts';
import type { NoticeKind } from '../../src/core/notices.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import { closeRequest } from '../../src/gate/close.ts';
import { placeFreeze } from '../../src/gate/freezes.ts';
import { type NoticePlace, oweAsked, owe, oweFurther } from '../../src/gate/notices.ts';
import { ensureOwnAgent, OWN_AGENT_ID } from '../../src/gate/own-agent.ts';
import type { Notifier, RequestTelling, Told } from '../../src/ports/notifier.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, decision, person, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { logEntries } from '../support/log-entries.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SLACK: NoticePlace = { channel: 'slack', recipient: 'C0APPROVALS' };
const MAIL: NoticePlace = { channel: 'email', recipient: null };
const HOOK: NoticePlace = { channel: 'webhook', recipient: 'https://hooks.acme.test' };
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

let place: SqlitePlace;
let store: Store;
let now: number;
let told: RequestTelling[];
let answer: () => Told | Promise<Told>;

beforeEach(async () => {
  now = START.getTime();
  told = [];
  answer = () => ({ kind: 'sent', reference: `r${told.length}` });
  place = await sqlitePlace();
  store = await place.open({ clock: () => new Date(now) });
  await store.commit(async (tx) => {
    await tx.agents.insert(agent(1, { id: 'agt_00000000001' }));
    await tx.agents.insert(agent(2));
    await tx.people.insert(person(1));
  });
});
afterEach(() => place.close());

interface Asking {
  readonly places?: readonly NoticePlace[];
  readonly card?: Partial<Card>;
  readonly agentId?: string;
  readonly waitsMs?: number;
}

async function ask(number: number, of: Asking = {}): Promise<void> {
  const { places = [SLACK], card = {}, agentId, waitsMs = DAY } = of;
  const waiting = waitingRequest(number, {
    expiresAt: new Date(now + waitsMs),
    ...(agentId === undefined ? {} : { agentId }),
    card,
  });
  await store.commit(async (tx) => {
    await insertWaiting(tx, waiting);
    await oweAsked(tx, waiting.id, places);
  });
}

async function askMany(from: number, to: number, of: Asking = {}): Promise<void> {
  for (let number = from; number <= to; number += 1) await ask(number, of);
}

const notifierFor = (channel: Notifier['channel']): Notifier => ({
  channel,
  tell: (telling) => {
    told.push(telling as RequestTelling);
    return Promise.resolve(answer());
  },
});

/** Until nothing is due: a courier that was started anew each time, as after a death. */
async function deliver(promptsPerHour = 4): Promise<void> {
  const notifiers = (['slack', 'email', 'webhook'] as const).map(notifierFor);
  const deps = { store, notifiers, origin: 'https://gate.test', logger, promptsPerHour };
  for (;;) {
    const tried = await createCourier({
      ...deps,
      cargo: 'requests',
      clock: () => new Date(now),
    }).deliver();
    if (tried === 0) return;
  }
}

const said = (): unknown[] =>
  told.map(({ group, notice }) => (group === undefined ? notice.subject : group.count));
const ids = (...numbers: number[]): string[] => numbers.map((number) => requestId(number));
const sorted = (some: readonly unknown[]): unknown[] => some.toSorted();

const end = (number: number) =>
  store.commit(async (tx) => {
    const request = await tx.requests.get(requestId(number));
    await closeRequest(
      tx,
      request!,
      { status: 'rejected', code: 'approval.rejected' },
      { event: 'approval.rejected', actor: 'person:x' },
    );
  });

describe('a place that is asked about ordinary writes', () => {
  it('is asked four times in an hour; what is beyond is told as one when a slot is free', async () => {
    await askMany(1, 11);
    await deliver();
    expect(said()).toEqual(ids(1, 2, 3, 4));
    now += HOUR - 1;
    await deliver();
    expect(told).toHaveLength(4);
    now += 1;
    await deliver();
    expect(said().slice(4)).toEqual([7]);
    expect(told[4]).toMatchObject({
      group: {
        count: 7,
        lines: [{ count: 7, action: 'create_note', agent: 'Helper' }],
        link: 'https://gate.test/console/groups/agt_00000000001/create_note',
      },
    });
    now += HOUR;
    await deliver();
    expect(told).toHaveLength(5);
  });

  it('is led to the queue where not all of them can be decided together', async () => {
    await askMany(1, 5);
    await ask(6, { card: { signals: ['reads like an order'] } });
    await deliver();
    now += HOUR;
    await deliver();
    expect(told[4]?.group?.link).toBe('https://gate.test/console');
  });

  it('is led to the queue where it is who asked, who decides on none of them together with others', async () => {
    const { id, email } = person(1);
    for (let number = 1; number <= 6; number += 1)
      await store.commit(async (tx) => {
        const base = waitingRequest(number, {});
        const own = { ...base, submission: { ...base.submission, userId: email } };
        await insertWaiting(tx, own);
        await owe(tx, { subject: own.id, channel: 'email', recipient: id, kind: 'asked' });
      });
    await deliver();
    now += HOUR;
    await deliver();
    expect(told.at(-1)?.group?.link).toBe('https://gate.test/console');
  });

  it('is asked more rarely once the day has had six, and as before after a rest of twelve hours', async () => {
    let asked = 0;
    const day = async (hours: number): Promise<number> => {
      const before = told.length;
      for (let minute = 0; minute < hours * 60; minute += 5) {
        await ask((asked += 1), { waitsMs: 2 * DAY });
        await deliver();
        now += 5 * MINUTE;
      }
      return told.length - before;
    };
    // Four in the first hour, two in the second, one in each of the others.
    expect(await day(9)).toBe(4 + 2 + 7);
    now += 15 * HOUR;
    expect(await day(1)).toBe(4);
  });

  it('is told in the log which were told together', async () => {
    await askMany(1, 6);
    await deliver();
    now += HOUR;
    await deliver();
    const entries = await logEntries(store);
    const lead = entries.findLast(({ event }) => event === 'notice.sent');
    expect(lead).toMatchObject({ request_id: requestId(5), facts: { grouped: 2 } });
    expect(entries.at(-1)).toMatchObject({
      event: 'notice.grouped',
      request_id: requestId(6),
      facts: { with: lead.facts.notice },
    });
  });

  it('does not hear of what has ended while it was held back, nor how it ended', async () => {
    await askMany(1, 7);
    await deliver();
    await end(5);
    await end(6);
    now += HOUR;
    await deliver();
    expect(said().slice(4)).toEqual([requestId(7)]);
  });

  it('hears how it went on of what it was asked alone, and not of what was in a group', async () => {
    await askMany(1, 6);
    await deliver();
    now += HOUR;
    await deliver();
    const before = told.length;
    await end(1);
    await end(5);
    await end(6);
    await deliver();
    expect(said().slice(before)).toEqual([requestId(1)]);
  });

  it('has a budget of its own, and a system none', async () => {
    await askMany(1, 8, { places: [SLACK, MAIL, HOOK] });
    await deliver();
    const count = (channel: string) =>
      told.filter(({ notice }) => notice.channel === channel).length;
    expect([count('slack'), count('email'), count('webhook')]).toEqual([4, 4, 8]);
  });

  it('is reminded and asked by escalation within the same budget', async () => {
    await askMany(1, 2);
    await deliver(2);
    for (const [number, kind] of [
      [1, 'reminded'],
      [2, 'reminded'],
    ] as [number, NoticeKind][])
      await store.commit((tx) =>
        owe(tx, {
          ...{ subject: requestId(number), channel: 'slack', recipient: 'C0APPROVALS' },
          ...{ kind, occasion: 'half' },
        }),
      );
    await ask(3, { places: [SLACK] });
    await deliver(2);
    expect(told).toHaveLength(2);
    now += HOUR;
    await deliver(2);
    expect(said().slice(2)).toEqual([3]);
  });

  it('who has decided is not asked in a group', async () => {
    await askMany(1, 6, { places: [MAIL] });
    await deliver();
    const { id: personId } = person(1);
    await store.commit((tx) => tx.decisions.insert(decision(requestId(5), { personId })));
    now += HOUR;
    await deliver();
    expect(said().slice(4)).toEqual([requestId(6)]);
  });
});

describe('never held back is', () => {
  const two = { approvals: 2, passkey: false, roles: [], reasons: [] };
  it.each<[string, Asking]>([
    ['what removes something', { card: { risk: 'destructive' } }],
    ['what takes two people', { card: { requires: two } }],
    ['what takes a passkey', { card: { requires: { ...two, approvals: 1, passkey: true } } }],
    ['what the gateway takes back', { agentId: OWN_AGENT_ID }],
    ['what ends within the hour', { waitsMs: HOUR }],
  ])('%s, and it takes no slot', async (_what, of) => {
    await store.commit(ensureOwnAgent);
    await askMany(1, 5);
    await deliver();
    await askMany(6, 12, of);
    await deliver();
    expect(sorted(said().slice(4))).toEqual(ids(6, 7, 8, 9, 10, 11, 12));
    now += HOUR;
    await ask(13);
    await deliver();
    expect(said().slice(11)).toEqual(ids(5, 13));
  });

  it('a reminder of it only once it presses: until then it waits like any other, and holds nothing back', async () => {
    const remind = (number: number, occasion: string) =>
      store.commit((tx) =>
        owe(tx, {
          ...{ subject: requestId(number), channel: 'slack', recipient: 'C0APPROVALS' },
          ...{ kind: 'reminded', occasion },
        }),
      );
    await ask(1, { card: { requires: two } });
    await askMany(2, 5);
    await deliver();
    await remind(1, 'half');
    await deliver();
    expect(told).toHaveLength(5);
    await store.commit((tx) => oweFurther(tx, requestId(1), 'decided', 'per_x'));
    await deliver();
    expect(told.at(-1)?.notice.kind).toBe('decided');
    now += DAY - HOUR;
    await remind(1, 'nine_tenths');
    await deliver();
    expect(told.at(-1)?.notice.occasion).toBe('nine_tenths');
  });

  it('anything during a freeze', async () => {
    const target = { kind: 'connection', id: 'main' } as const;
    const of = { target, reason: 'r', by: 'operator', configured: 'main' };
    await store.commit((tx) => placeFreeze(tx, of));
    await askMany(1, 9);
    await deliver();
    expect(told).toHaveLength(9);
  });

  it('what was held and has come within an hour of its end: all of it, as one', async () => {
    await askMany(1, 9, { waitsMs: HOUR + 30 * MINUTE });
    await deliver();
    now += 30 * MINUTE;
    await deliver();
    expect(said().slice(4)).toEqual([5]);
  });
});

describe('a group', () => {
  it('whose message is lost is told once more, with all that wait, and no one by itself', async () => {
    await askMany(1, 7);
    await deliver();
    now += HOUR;
    answer = () => ({ kind: 'later', error: 'down' });
    await deliver();
    expect(said().slice(4)).toEqual([3]);
    answer = () => ({ kind: 'sent', reference: 'r' });
    await ask(8);
    now += MINUTE;
    await deliver();
    expect(said().slice(5)).toEqual([requestId(8), 3]);
    expect(told[6]?.notice.id).toBe(told[4]?.notice.id);
  });

  it('whose leader can never be told is led by another', async () => {
    await askMany(1, 7);
    await deliver();
    now += HOUR;
    answer = () => ({ kind: 'refused', error: 'gone' });
    await deliver();
    answer = () => ({ kind: 'sent', reference: 'r' });
    now += 10 * MINUTE;
    await deliver();
    expect(said().slice(4)).toEqual([3, 2]);
  });

  it('is told of the others where what waits beside them does not open', async () => {
    await askMany(1, 6, { places: [MAIL] });
    await deliver();
    const broken = requestId(6);
    const whole = store;
    const of: Store['decisions']['of'] = (id) =>
      id === broken ? Promise.reject(new GatewayError('plan.tampered')) : whole.decisions.of(id);
    store = {
      ...whole,
      commit: (work) => whole.commit((tx) => work({ ...tx, decisions: { ...tx.decisions, of } })),
    };
    now += HOUR;
    await deliver();
    expect(told.at(-1)).toMatchObject({ group: { count: 2 }, notice: { subject: requestId(5) } });
  });

  it('costs no other place its notice when one cannot be prepared', async () => {
    await ask(1);
    await ask(2, { places: [HOOK] });
    const whole = store;
    const prompts = (): Promise<never> => Promise.reject(new Error('broken'));
    store = {
      ...whole,
      commit: (work) => whole.commit((tx) => work({ ...tx, notices: { ...tx.notices, prompts } })),
    };
    await deliver();
    expect(said()).toEqual(ids(2));
  });
});
