import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSlackDoor } from '../../src/adapters/notify/slack/slack-door.ts';
import { readConfig } from '../../src/config.ts';
import { createCourier } from '../../src/courier.ts';
import { closeRequest } from '../../src/gate/close.ts';
import { type NoticePlace, oweAsked } from '../../src/gate/notices.ts';
import { createSweep } from '../../src/gate/sweep.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { PersonRecord } from '../../src/core/records.ts';
import type { Telling } from '../../src/ports/notifier.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, later, person, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { press, signedForm, SIGNING_SECRET } from '../support/slack.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const HOUR_MS = 3_600_000;
const FIRST = 'C0FIRST';
const SECOND = 'C0SECOND';
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

let place: SqlitePlace;
let store: Store;
let now: Date;
let told: Telling[];

const waiting = () => waitingRequest(1, { expiresAt: later(HOUR_MS) });

beforeEach(async () => {
  now = START;
  told = [];
  place = await sqlitePlace();
  store = await place.open({ clock: () => now });
  await store.commit(async (tx) => {
    await tx.agents.insert(agent(1));
    await tx.people.insert(person(1));
    await insertWaiting(tx, waiting());
    await oweAsked(tx, requestId(1), [{ channel: 'slack', recipient: FIRST }]);
  });
});
afterEach(() => place.close());

async function turnAt(
  share: number,
  escalateTo: readonly NoticePlace[] = [{ channel: 'slack', recipient: SECOND }],
): Promise<void> {
  now = later(share * HOUR_MS);
  const engine = {} as Engine;
  const rules = { approvalValidMs: 1_000 };
  await createSweep({ store, engine, logger, rules, clock: () => now, escalateTo }).remind();
  const notifier = {
    channel: 'slack' as const,
    tell: (telling: Telling) => {
      told.push(telling);
      return Promise.resolve({ kind: 'sent' as const, reference: telling.notice.recipient });
    },
  };
  const deps = { store, notifiers: [notifier], origin: 'https://gate.test', logger };
  while ((await createCourier({ ...deps, cargo: 'requests', clock: () => now }).deliver()) > 0);
}

const line = () => told.map(({ notice }) => `${notice.kind} ${notice.recipient}`);
const escalations = async () =>
  (await store.log.ofRequest(requestId(1)))
    .map(({ leaf }) => JSON.parse(Buffer.from(leaf).toString()))
    .filter(({ event }) => event === 'approval.escalated');

describe('a second group', () => {
  it('is asked once at three quarters of the time, in the log, and told what becomes of it', async () => {
    for (const share of [0, 0.4, 0.74]) await turnAt(share);
    expect(line()).toEqual([`asked ${FIRST}`, `reminded ${FIRST}`]);
    for (const share of [0.75, 0.76, 0.8]) await turnAt(share);
    expect(line().slice(2)).toEqual([`asked ${SECOND}`]);
    expect(await escalations()).toMatchObject([{ facts: { asked: [`slack ${SECOND}`] } }]);
    const ending = { status: 'withdrawn', code: 'approval.withdrawn' } as const;
    const cause = { event: 'request.withdrawn', actor: 'agent:x' } as const;
    await store.commit((tx) => closeRequest(tx, waiting(), ending, cause));
    await turnAt(0.81);
    expect(line().slice(3).toSorted()).toEqual([`withdrawn ${FIRST}`, `withdrawn ${SECOND}`]);
    const last = told.filter(({ notice }) => notice.kind === 'withdrawn');
    for (const { notice, thread } of last) expect(thread).toBe(notice.recipient);
  });

  it('is asked at once when the gateway was down then, and never after the end', async () => {
    await turnAt(0.95);
    expect(line()).toContain(`asked ${SECOND}`);
  });

  it('is not asked after the deadline, nor where none is configured, nor twice in one place', async () => {
    await turnAt(1);
    expect(line()).toEqual([`asked ${FIRST}`]);
    await turnAt(0.8, []);
    await turnAt(0.8, [{ channel: 'slack', recipient: FIRST }]);
    expect(line().filter((one) => one.startsWith('asked'))).toEqual([`asked ${FIRST}`]);
    expect(await escalations()).toEqual([]);
  });

  it('is not asked about what has been decided', async () => {
    await turnAt(0);
    await store.commit((tx) => tx.requests.update(requestId(1), { status: 'approved' }));
    await turnAt(0.8);
    expect(line()).toEqual([`asked ${FIRST}`]);
  });

  it('decides in its own channel by the same door, and in no third one', async () => {
    const door = createSlackDoor({
      channel: FIRST,
      escalationChannel: SECOND,
      url: 'http://127.0.0.1:9',
      readSecret: () => Promise.resolve(SIGNING_SECRET),
    });
    const from = (channel: string) => {
      const button = { action_id: 'approve', value: `${requestId(1)} ${'ab'.repeat(32)}` };
      const blocks = [{ type: 'actions', elements: [button] }];
      const message = { ts: '1', channel, text: 't', blocks };
      const { raw, headers } = signedForm(press(message, 'approve', 'U0KIM'));
      return door.read(
        {
          raw: Buffer.from(raw),
          timestamp: headers['x-slack-request-timestamp'],
          signature: headers['x-slack-signature'],
        },
        new Date(),
      );
    };
    for (const channel of [FIRST, SECOND])
      expect((await from(channel)).interaction).toMatchObject({ kind: 'approve' });
    await expect(from('C0THIRD')).rejects.toMatchObject({ code: 'channel.unknown_sender' });
  });

  it('is a channel of its own beside a first one', () => {
    const read = (env: Record<string, string>) => readConfig(env).slack;
    const second = { SALLYPORT_SLACK_ESCALATION_CHANNEL: SECOND };
    expect(read({ SALLYPORT_SLACK_CHANNEL: FIRST, ...second })).toMatchObject({
      channel: FIRST,
      escalationChannel: SECOND,
    });
    const invalid = expect.objectContaining({ code: 'config.invalid' });
    expect(() => read(second)).toThrow(invalid);
    expect(() => read({ SALLYPORT_SLACK_CHANNEL: SECOND, ...second })).toThrow(invalid);
  });
});

describe('a second group by mail', () => {
  const FIRST_MAIL = { channel: 'email', recipient: null, sparing: 'manager' } as const;
  const SECOND_MAIL = { channel: 'email', recipient: null, holding: 'manager' } as const;
  const roles = ['sales-lead', 'manager'];

  const mailed = async (): Promise<readonly string[]> => {
    const notices = await store.notices.of(requestId(2));
    return notices.filter(({ kind }) => kind === 'asked').map(({ recipient }) => recipient);
  };

  /** A request that waits from now on, with these people beside the first. */
  async function ask(others: readonly PersonRecord[], first: Partial<PersonRecord> = {}) {
    const request = waitingRequest(2, { expiresAt: later(HOUR_MS) });
    await store.commit(async (tx) => {
      if (first.roles !== undefined) await tx.people.setRoles(person(1).id, first.roles);
      for (const other of others) await tx.people.insert(other);
      await insertWaiting(tx, request);
      await oweAsked(tx, requestId(2), [FIRST_MAIL]);
    });
  }

  it('is asked when three quarters of the time are over, and the first one from the beginning', async () => {
    await ask([person(2, { roles }), person(3, { roles: ['manager'] })]);
    expect(await mailed()).toEqual([person(1).id]);
    await turnAt(0.74, [SECOND_MAIL]);
    expect(await mailed()).toEqual([person(1).id]);
    await turnAt(0.75, [SECOND_MAIL]);
    // Who holds the role and could not decide is no group to ask.
    expect((await mailed()).toSorted()).toEqual([person(1).id, person(2).id]);
  });

  it('is asked at once where nobody else may decide', async () => {
    await ask([person(2, { roles })], { roles: ['viewer'] });
    expect(await mailed()).toEqual([person(2).id]);
  });
});
