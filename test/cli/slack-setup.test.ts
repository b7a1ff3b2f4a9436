import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSlackNotifier } from '../../src/adapters/notify/slack/slack-notifier.ts';
import { createCourier } from '../../src/courier.ts';
import { oweAsked } from '../../src/gate/notices.ts';
import { addPerson } from '../../src/gate/roster.ts';
import { agent, requestId } from '../adapters/store/fixtures.ts';
import {
  BOT_TOKEN,
  CHANNEL,
  SIGNING_SECRET,
  type SlackStandIn,
  startSlack,
} from '../support/slack.ts';
import { APP_TOKEN } from '../support/slack-socket.ts';
import { insertWaiting, waitingRequest } from '../support/waiting-request.ts';
import { createInstallation, type Installation } from './support.ts';

const guide = readFileSync('docs/slack-setup.md', 'utf8');
const manifest = readFileSync('docs/slack-manifest.yaml', 'utf8');
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

let installation: Installation;
let slack: SlackStandIn;

beforeAll(async () => {
  installation = await createInstallation();
  slack = await startSlack();
  await installation.open(({ store }) =>
    store.commit((tx) =>
      addPerson(tx, {
        ...{ name: 'Kim Doe', email: 'kim@acme.test', roles: ['approver'] },
        ...{ totpSecret: 'JBSWY3DPEHPK3PXP', by: 'test' },
      }),
    ),
  );
});
afterAll(async () => {
  installation.remove();
  await slack.close();
});

/** Every whole command of the guide, in its order; "…" stands for a value. */
const commands = [...guide.matchAll(/`npx sallyport ([^`…]+)`/g)]
  .map(([, text = '']) => text.split(/\s+/))
  .filter(([first, second]) => first !== 'doctor' && !(first === 'person' && second === 'add'));

const INPUT: Readonly<Record<string, string>> = {
  'slack/bot-token': BOT_TOKEN,
  'slack/signing-secret': SIGNING_SECRET,
  'slack/app-token': APP_TOKEN,
};

describe('docs/slack-setup.md', () => {
  it('has ten steps', () => {
    expect([...guide.matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
  });

  it('works as it is written: each command in its order, and a message is posted with what they stored', async () => {
    expect(commands.map((parts) => parts.slice(0, 2).join(' '))).toEqual([
      'secret set',
      'secret set',
      'secret set',
      'person slack',
      'notices',
      'notices --dead',
      'person slack',
    ]);
    const env = { SALLYPORT_SLACK_CHANNEL: CHANNEL, SALLYPORT_SLACK_URL: slack.url };
    for (const parts of commands.slice(0, 5)) {
      const input = `${INPUT[parts.at(-1) ?? ''] ?? ''}\n`;
      const said = await installation.sallyport(parts, { env, input });
      expect(said, parts.join(' ')).toMatchObject({ status: 0 });
    }
    await installation.open(async ({ store, secrets }) => {
      await store.commit(async (tx) => {
        await tx.agents.insert(agent(1));
        await insertWaiting(tx, waitingRequest(1, {}));
        await oweAsked(tx, requestId(1), [{ channel: 'slack', recipient: CHANNEL }]);
      });
      const readSecret = async (name: string) => (await secrets.get(name))?.value;
      const notifiers = [createSlackNotifier({ channel: CHANNEL, url: slack.url, readSecret })];
      const deps = { store, notifiers, origin: 'https://gate.test', logger };
      await createCourier({ ...deps, cargo: 'requests', clock: () => new Date() }).deliver();
      expect(await readSecret('slack/signing-secret')).toBe(SIGNING_SECRET);
      expect(await readSecret('slack/app-token')).toBe(APP_TOKEN);
      expect((await store.slackUsers.legible()).rows).toHaveLength(1);
    });
    expect(slack.messages).toHaveLength(1);
  });

  it('asks for the scopes that the calls need, and for no others', () => {
    const scopes = [...manifest.matchAll(/^ {6}- (\S+)$/gm)].map(([, scope]) => scope);
    // chat.postMessage, chat.update, chat.postEphemeral; conversations.history and .replies; views.open needs none.
    expect(scopes.toSorted()).toEqual(['channels:history', 'chat:write', 'groups:history']);
    expect(manifest).toContain('/v1/slack/interactions');
  });
});
