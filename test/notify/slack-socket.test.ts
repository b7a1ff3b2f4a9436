import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SlackSettings } from '../../src/adapters/notify/slack/slack-api.ts';
import { startSlackSocket } from '../../src/adapters/notify/slack/slack-socket.ts';
import { GatewayError } from '../../src/core/gateway-error.ts';
import type { ProvenInteraction } from '../../src/ports/chat-door.ts';
import { DIGEST, requestId } from '../adapters/store/fixtures.ts';
import { CHANNEL, submitReason } from '../support/slack.ts';
import {
  APP_TOKEN,
  type SlackSocketStandIn,
  startSlackSocketServer,
} from '../support/slack-socket.ts';

const ID = requestId(1);
const press = (channel = CHANNEL) => ({
  type: 'block_actions',
  user: { id: 'U0ROBIN' },
  channel: { id: channel },
  trigger_id: 't1',
  actions: [{ action_id: 'approve', value: `${ID} ${DIGEST}` }],
});
const modal = submitReason(
  { callback_id: 'reject', private_metadata: `${ID} ${DIGEST}` },
  'Not this one.',
  'U0ROBIN',
);

let slack: SlackSocketStandIn;
let heard: ProvenInteraction[];
let said: string[];
let failure: Error | undefined;
let words: string | undefined;
let stop: () => Promise<void>;

const log = (text: string): void => {
  said.push(text);
};
const logger = { info: log, warn: log, error: log };

function start(of: Partial<SlackSettings> = {}): void {
  const settings = {
    channel: CHANNEL,
    url: slack.url,
    readSecret: (name: string) =>
      Promise.resolve(name === 'slack/app-token' ? APP_TOKEN : undefined),
    ...of,
  };
  const take = (proven: ProvenInteraction) => {
    heard.push(proven);
    return failure === undefined ? Promise.resolve(words) : Promise.reject(failure);
  };
  stop = startSlackSocket(settings, take, logger);
}

beforeEach(async () => {
  slack = await startSlackSocketServer();
  heard = [];
  said = [];
  failure = undefined;
  words = undefined;
  stop = () => Promise.resolve();
});
afterEach(async () => {
  await stop();
  await slack.close();
});

async function until(what: () => boolean, ms = 15_000): Promise<void> {
  const deadline = Date.now() + ms;
  while (!what()) {
    if (Date.now() > deadline) throw new Error('it did not happen in time');
    await sleep(20);
  }
}
const connected = (times = 1) =>
  until(() => said.filter((text) => text === 'connected to Slack by socket').length === times);

describe('socket mode', () => {
  it('takes what people press, under the name of its envelope, and answers each', async () => {
    start();
    await connected();
    slack.send('e1', press());
    await until(() => slack.acks.length === 1);
    expect(heard).toEqual([
      {
        name: 'socket e1',
        interaction: { kind: 'approve', user: 'U0ROBIN', requestId: ID, digest: DIGEST },
      },
    ]);
    expect(slack.acks).toEqual([{ envelope_id: 'e1', payload: {} }]);
  });

  it('says in the modal why a rejection did not count', async () => {
    words = 'Nothing was decided.';
    start();
    await connected();
    slack.send('e2', modal);
    await until(() => slack.acks.length === 1);
    const payload = { response_action: 'errors', errors: { reason: 'Nothing was decided.' } };
    expect(slack.acks).toEqual([{ envelope_id: 'e2', payload }]);
  });

  it('answers what is refused for good, and leaves unanswered what may go better when pressed again', async () => {
    start();
    await connected();
    slack.send('e3', press('C0OTHER'));
    slack.send('e4', { type: 'block_actions', nonsense: true });
    failure = new GatewayError('channel.replayed');
    slack.send('e5', press());
    await until(() => slack.acks.length === 3);
    expect(heard.map(({ name }) => name)).toEqual(['socket e5']);
    failure = new GatewayError('store.unavailable');
    slack.send('e6', press());
    failure = new GatewayError('store.unavailable');
    await until(() => heard.length === 2);
    await sleep(100);
    expect(slack.acks.map(({ envelope_id }) => envelope_id).toSorted()).toEqual(['e3', 'e4', 'e5']);
  });

  it('connects anew when Slack asks for it, and hears on the new socket', async () => {
    start();
    await connected();
    slack.disconnect();
    await connected(2);
    slack.send('e7', press());
    await until(() => slack.acks.length === 1);
    expect(slack.opened).toBe(2);
  });

  it('connects anew when the network ends it', async () => {
    start();
    await connected();
    slack.cut();
    await connected(2);
  });

  it('goes on trying while Slack is down, also when it goes down after it was connected', async () => {
    const rejections: unknown[] = [];
    const note = (reason: unknown): void => {
      rejections.push(reason);
    };
    process.on('unhandledRejection', note);
    start();
    await connected();
    slack.answerWith('drop');
    slack.cut();
    await until(() => slack.asked >= 3);
    slack.answerWith({ ok: false, error: 'internal_error' });
    await until(() => slack.asked >= 4);
    slack.answerWith(undefined);
    await connected(2);
    process.off('unhandledRejection', note);
    expect(rejections).toEqual([]);
  }, 40_000);

  it('goes on trying with a token that Slack refuses: it may be replaced', async () => {
    let token = 'xapp-old';
    start({ readSecret: () => Promise.resolve(token) });
    await until(() => slack.asked >= 1);
    await sleep(100);
    expect(slack.opened).toBe(0);
    token = APP_TOKEN;
    await connected();
  });

  it('follows no address that is not Slack’s', async () => {
    const other = await startSlackSocketServer();
    const elsewhere = other.url.replace('http://127.0.0.1', 'ws://localhost');
    slack.answerWith({ ok: true, url: `${elsewhere}/link` });
    start();
    await until(() => slack.asked >= 2);
    expect(other.opened).toBe(0);
    await other.close();
  });

  it('opens nothing without a token, and ends at once while it waits for the hello', async () => {
    start({ readSecret: () => Promise.resolve(undefined) });
    await stop();
    expect(slack.asked).toBe(0);
    slack.sayHello(false);
    start();
    await until(() => slack.opened === 1);
    const since = Date.now();
    await stop();
    expect(Date.now() - since).toBeLessThan(3_000);
  });
});
