import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSlackNotifier } from '../../src/adapters/notify/slack/slack-notifier.ts';
import { createCourier } from '../../src/courier.ts';
import { closeRequest } from '../../src/gate/close.ts';
import { oweAsked, resendNotice } from '../../src/gate/notices.ts';
import { createSweep } from '../../src/gate/sweep.ts';
import type { Engine } from '../../src/ports/engine.ts';
import type { Store } from '../../src/ports/store.ts';
import { agent, later, person, requestId, START } from '../adapters/store/fixtures.ts';
import { type SqlitePlace, sqlitePlace } from '../adapters/store/sqlite-place.ts';
import { BOT_TOKEN, CHANNEL, type SlackStandIn, startSlack } from '../support/slack.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';

const HOUR_MS = 3_600_000;
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

let slack: SlackStandIn;
let place: SqlitePlace;
let store: Store;
let now: Date;
let token: string | undefined;

const waiting = () => waitingRequest(1, { expiresAt: later(HOUR_MS) });

beforeEach(async () => {
  now = START;
  token = BOT_TOKEN;
  slack = await startSlack();
  place = await sqlitePlace();
  store = await place.open({ clock: () => now });
  await store.commit(async (tx) => {
    await tx.agents.insert(agent(1));
    await tx.people.insert(person(1));
    await insertWaiting(tx, waiting());
    await oweAsked(tx, requestId(1), [{ channel: 'slack', recipient: CHANNEL }]);
  });
});
afterEach(async () => {
  await place.close();
  await slack.close();
});

const deliver = () =>
  createCourier({
    cargo: 'requests',
    store,
    notifiers: [
      createSlackNotifier({
        channel: CHANNEL,
        url: slack.url,
        readSecret: () => Promise.resolve(token),
      }),
    ],
    origin: 'https://gate.test',
    clock: () => now,
    logger,
  }).deliver();

const notices = () => store.notices.of(requestId(1));
const after = (ms: number): void => {
  now = new Date(now.getTime() + ms);
};

describe('a notice in Slack', () => {
  it('waits as long as Slack asks, and is posted then, once', async () => {
    slack.failNext('chat.postMessage', 'ratelimited');
    await deliver();
    const [notice] = await notices();
    expect(notice).toMatchObject({ state: 'due', error: 'ratelimited' });
    expect(notice!.dueAt.getTime() - now.getTime()).toBe(7_000);
    after(6_999);
    expect(await deliver()).toBe(0);
    after(1);
    await deliver();
    expect(slack.messages).toHaveLength(1);
    expect(await notices()).toMatchObject([{ state: 'sent', attempts: 2 }]);
  });

  it.each([
    'channel_not_found',
    'is_archived',
    'token_revoked',
    'account_inactive',
    'missing_scope',
  ])('is given up where Slack says %s, and sent when an operator wants it', async (error) => {
    slack.failNext('chat.postMessage', error);
    await deliver();
    expect(await notices()).toMatchObject([{ state: 'dead', error, attempts: 1 }]);
    const id = (await notices())[0]!.id;
    await store.commit((tx) => resendNotice(tx, { id, by: 'operator' }));
    await deliver();
    expect(await notices()).toMatchObject([{ state: 'sent', error: null }]);
    expect(slack.messages).toHaveLength(1);
  });

  it.each(['internal_error', 'service_unavailable', 'fatal_error', 'request_timeout'])(
    'is tried again where Slack says %s',
    async (error) => {
      slack.failNext('chat.postMessage', error);
      await deliver();
      expect(await notices()).toMatchObject([{ state: 'due', error }]);
      after(1_000);
      await deliver();
      expect(slack.messages).toHaveLength(1);
    },
  );

  it('is tried again without a token, and with the one that was set meanwhile', async () => {
    token = undefined;
    await deliver();
    expect(await notices()).toMatchObject([{ state: 'due', error: 'slack/bot-token is not set' }]);
    token = BOT_TOKEN;
    after(1_000);
    await deliver();
    expect(slack.messages).toHaveLength(1);
  });

  it('is reminded of in its thread, twice, with words of ours and one link', async () => {
    await deliver();
    const engine = {} as Engine;
    const rules = { approvalValidMs: 1_000 };
    const sweep = createSweep({ store, engine, logger, rules, clock: () => now });
    for (const share of [0.4, 0.5, 0.6, 0.9, 0.95]) {
      now = later(share * HOUR_MS);
      await sweep.remind();
      await deliver();
    }
    const [message, ...reminders] = slack.messages;
    expect(reminders).toHaveLength(2);
    for (const { text, thread_ts } of reminders) {
      expect(thread_ts).toBe(message?.ts);
      expect(text).toBe(
        `It still waits. Time ends <!date^1793530800^{date_short_pretty} at {time}|2026-11-01T11:00:00.000Z>. <https://gate.test/console/approvals/${requestId(1)}|Open>`,
      );
    }
    expect(slack.calls.filter(({ error }) => error !== undefined)).toEqual([]);
  });

  it('is changed in place when nobody has decided in time', async () => {
    await deliver();
    const rules = { approvalValidMs: 1_000 };
    const sweep = createSweep({ store, engine: {} as Engine, logger, rules, clock: () => now });
    after(HOUR_MS + 10_000);
    await sweep.expire();
    await deliver();
    expect(slack.messages).toHaveLength(1);
    expect(slack.messages[0]?.text).toContain('Expired. Nothing was sent');
    const blocks = slack.messages[0]?.blocks ?? [];
    expect(blocks.filter(({ type }) => type === 'actions')).toEqual([]);
  });

  it('of the end changes no message where there is none, and posts no second one', async () => {
    slack.failNext('chat.postMessage', 'channel_not_found');
    await deliver();
    const ending = { status: 'withdrawn', code: 'approval.withdrawn' } as const;
    const cause = { event: 'request.withdrawn', actor: 'agent:x' } as const;
    await store.commit((tx) => closeRequest(tx, waiting(), ending, cause));
    await deliver();
    expect(slack.messages).toEqual([]);
    expect((await notices()).map(({ state }) => state)).toEqual(['dead', 'moot']);
    const entries = (await store.log.ofRequest(requestId(1))).map(({ leaf }) =>
      JSON.parse(Buffer.from(leaf).toString()),
    );
    expect(entries.filter(({ event }) => event === 'notice.sent')).toEqual([]);
  });
});
