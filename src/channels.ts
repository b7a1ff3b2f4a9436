import { createEmailNotifier } from './adapters/notify/email/email-notifier.ts';
import { createSlackDoor } from './adapters/notify/slack/slack-door.ts';
import { createSlackNotifier } from './adapters/notify/slack/slack-notifier.ts';
import { startSlackSocket } from './adapters/notify/slack/slack-socket.ts';
import { createStandardWebhookDoor } from './adapters/notify/webhook/standard-webhook-door.ts';
import { createWebhookNotifier } from './adapters/notify/webhook/webhook-notifier.ts';
import type { Config } from './config.ts';
import { type ChatDesk, createChatDesk } from './gate/chat-desk.ts';
import type { NoticePlace } from './gate/notices.ts';
import { createWebhookDesk, type WebhookDesk } from './gate/webhook-desk.ts';
import { wakeLater } from './gate/wake-later.ts';
import type { ChatDoor } from './ports/chat-door.ts';
import type { Engine } from './ports/engine.ts';
import type { Policy } from './policy/policy.ts';
import type { Logger } from './ports/logger.ts';
import type { Notifier } from './ports/notifier.ts';
import type { SecretStore } from './ports/secret-store.ts';
import type { Store } from './ports/store.ts';

export interface ChannelDependencies {
  readonly config: Config;
  readonly store: Store;
  readonly secrets: SecretStore;
  readonly policy: Policy;
  readonly logger: Logger;
}

interface SlackChannel {
  readonly door: ChatDoor;
  readonly deskFor: (engine: Engine) => ChatDesk;
  /** Listens where nobody can reach us; returns how to end it. */
  readonly startSocket: (engine: Engine) => () => Promise<void>;
}

/** The ways to people that are configured. */
export interface Channels {
  readonly places: readonly NoticePlace[];
  /** Where a second group is asked about what the first has not decided. */
  readonly escalateTo: readonly NoticePlace[];
  readonly notifiers: readonly Notifier[];
  /** What this process may reach for their sake. */
  readonly origins: readonly string[];
  readonly slack: SlackChannel | undefined;
  /** Always there: without a signer on record nothing is proven. */
  readonly webhooks: WebhookDesk;
}

interface Way {
  readonly places: readonly NoticePlace[];
  readonly notifier: Notifier;
  readonly origins: readonly string[];
}

const readSecretOf =
  ({ secrets }: ChannelDependencies) =>
  async (name: string): Promise<string | undefined> =>
    (await secrets.get(name))?.value;

function slackOf(
  context: ChannelDependencies,
): (Way & { readonly slack: SlackChannel }) | undefined {
  const { config, store, policy, logger } = context;
  if (config.slack === undefined) return undefined;
  const settings = { ...config.slack, readSecret: readSecretOf(context) };
  const door = createSlackDoor(settings);
  const { approvalValidMs, selfApprovalMs } = config.timing;
  const deskFor = (engine: Engine) =>
    createChatDesk({
      store,
      door,
      rules: () => ({ policy, approvalValidMs, selfApprovalMs }),
      wake: (requestId) => wakeLater({ engine, logger }, requestId),
      logger,
    });
  const startSocket = (engine: Engine) => {
    const desk = deskFor(engine);
    return startSlackSocket(
      settings,
      async (proven) => {
        const answer = await desk.take(proven);
        const isModal = proven.interaction.kind === 'reject';
        return isModal && answer.kind === 'refused' ? answer.words : undefined;
      },
      logger,
    );
  };
  return {
    places: [{ channel: 'slack', recipient: config.slack.channel }],
    notifier: createSlackNotifier(settings),
    origins: [config.slack.url],
    slack: { door, deskFor, startSocket },
  };
}

/** The second group: another channel, and by mail those whom the first mails spared. */
function escalationOf({ config: { slack, mail } }: ChannelDependencies): NoticePlace[] {
  const channel = slack?.escalationChannel;
  const holding = mail?.escalationRole;
  return [
    ...(channel === undefined ? [] : [{ channel: 'slack', recipient: channel } as const]),
    ...(holding === undefined ? [] : [{ channel: 'email', recipient: null, holding } as const]),
  ];
}

const clock = (): Date => new Date();

function webhookOf({ config, secrets }: ChannelDependencies): Way | undefined {
  if (config.webhook === undefined) return undefined;
  const { url } = config.webhook;
  const { origin } = new URL(url);
  const readSecret = (name: string, version?: number) => secrets.get(name, version);
  return {
    // The origin alone: what follows it may be a secret of the receiver's, and this goes into the log.
    places: [{ channel: 'webhook', recipient: origin }],
    notifier: createWebhookNotifier({ url, readSecret, clock }),
    origins: [origin],
  };
}

function emailOf(context: ChannelDependencies): Way | undefined {
  const { mail } = context.config;
  if (mail === undefined) return undefined;
  return {
    // Each person who may decide, at the address that the roster has.
    places: [{ channel: 'email', recipient: null, sparing: mail.escalationRole }],
    notifier: createEmailNotifier({ ...mail, readSecret: readSecretOf(context) }),
    origins: [],
  };
}

function webhookDeskOf({ config, store, secrets, policy }: ChannelDependencies): WebhookDesk {
  const { approvalValidMs } = config.timing;
  const door = createStandardWebhookDoor();
  // A signer is a machine: it never approves what its person asked for, whatever the dial says.
  const rules = () => ({ policy, approvalValidMs, selfApprovalMs: undefined });
  return createWebhookDesk({ store, secrets, door, rules, clock });
}

/** None is there by default: nothing leaves the machine that was not set up. */
export function openChannels(context: ChannelDependencies): Channels {
  const slack = slackOf(context);
  const ways: readonly Way[] = [slack, webhookOf(context), emailOf(context)].filter(
    (way) => way !== undefined,
  );
  return {
    places: ways.flatMap(({ places }) => places),
    escalateTo: escalationOf(context),
    notifiers: ways.map(({ notifier }) => notifier),
    origins: ways.flatMap(({ origins }) => origins),
    slack: slack?.slack,
    webhooks: webhookDeskOf(context),
  };
}
