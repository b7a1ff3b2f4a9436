import { setTimeout as sleep } from 'node:timers/promises';
import { SocketModeClient } from '@slack/socket-mode';
import { Agent, type Dispatcher } from 'undici';
import type { ProvenInteraction } from '../../../ports/chat-door.ts';
import type { Logger } from '../../../ports/logger.ts';
import { readInteraction } from './interaction.ts';
import { silentLogger, type SlackSettings } from './slack-api.ts';

const START_AGAIN_MS = 60_000;

interface Envelope {
  readonly ack: (answer?: Record<string, unknown>) => Promise<void>;
  readonly envelope_id: string;
  readonly body: unknown;
}

/** What to answer in the modal; undefined: nothing. */
export type TakeInteraction = (proven: ProvenInteraction) => Promise<string | undefined>;

/** Slack names the socket's address in its answer; it is followed to Slack alone. */
function toSlackOnly(url: string): Dispatcher {
  const { hostname } = new URL(url);
  const isSlack = (host: string): boolean => host === hostname || host.endsWith(`.${hostname}`);
  const guard: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
    const host = options.origin === undefined ? '' : new URL(options.origin).hostname;
    if (!isSlack(host)) throw new Error('refused by the gateway: origin');
    return dispatch(options, handler);
  };
  return new Agent().compose(guard);
}

function listen(client: SocketModeClient, of: SlackSettings, take: TakeInteraction, log: Logger) {
  async function hear({ ack, envelope_id, body }: Envelope): Promise<void> {
    try {
      // The socket was opened with our app's own token: what comes over it is Slack's.
      const interaction = readInteraction(body, of.channel);
      const words = await take({ name: `socket ${envelope_id}`, interaction });
      await ack(
        words === undefined ? {} : { response_action: 'errors', errors: { reason: words } },
      );
    } catch (error) {
      log.warn('an interaction in Slack was not taken', { error });
      await ack().catch(() => undefined);
    }
  }
  client.on('interactive', (envelope: Envelope) => {
    void hear(envelope);
  });
}

async function open(of: SlackSettings, take: TakeInteraction, logger: Logger) {
  const appToken = await of.readSecret('slack/app-token');
  if (appToken === undefined) return undefined;
  const client = new SocketModeClient({
    appToken,
    logger: silentLogger(),
    dispatcher: toSlackOnly(of.url),
    clientOptions: { slackApiUrl: `${of.url}/api/`, retryConfig: { retries: 0 } },
  });
  listen(client, of, take, logger);
  await client.start();
  logger.info('connected to Slack by socket');
  return client;
}

/**
 * Socket mode, for a gateway that nobody can reach from outside: a connection that we open, over which
 * Slack sends what people press. Nothing is opened without `slack/app-token`. Returns how to end it.
 */
export function startSlackSocket(
  settings: SlackSettings,
  take: TakeInteraction,
  logger: Logger,
): () => Promise<void> {
  const stopping = new AbortController();
  async function run(): Promise<SocketModeClient | undefined> {
    while (!stopping.signal.aborted) {
      try {
        return await open(settings, take, logger);
      } catch (error) {
        logger.warn('Slack cannot be reached by socket; it is tried again', { error });
        await sleep(START_AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
    return undefined;
  }
  const running = run();
  return async () => {
    stopping.abort();
    const client = await running;
    await client?.disconnect();
  };
}
