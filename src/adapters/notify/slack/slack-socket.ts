import { setTimeout as sleep } from 'node:timers/promises';
import { SocketModeClient } from '@slack/socket-mode';
import { Agent, type Dispatcher } from 'undici';
import { ERRORS } from '../../../core/errors.ts';
import { GatewayError } from '../../../core/gateway-error.ts';
import type { ProvenInteraction } from '../../../ports/chat-door.ts';
import type { Logger } from '../../../ports/logger.ts';
import { readInteraction } from './interaction.ts';
import { channelsOf, silentLogger, type SlackSettings } from './slack-api.ts';

const TIMES = {
  /** From the call that asks for an address to Slack's hello. */
  helloMs: 20_000,
  /** Doubled with every try that came to nothing. */
  againFirstMs: 1_000,
  againMaxMs: 60_000,
  /** A peer that does not close its side must not hold up the end of the gateway. */
  closeMs: 1_000,
} as const;

interface Envelope {
  readonly ack: (answer?: Record<string, unknown>) => Promise<void>;
  readonly envelope_id: string;
  readonly body: unknown;
}

/** What to answer in the modal; undefined: nothing. */
export type TakeInteraction = (proven: ProvenInteraction) => Promise<string | undefined>;

/** Slack names the socket's address in its answer; it is followed to Slack alone, and not without TLS. */
function toSlackOnly(agent: Agent, url: string): Dispatcher {
  const slack = new URL(url);
  const isSlack = ({ hostname, protocol }: URL): boolean =>
    (hostname === slack.hostname || hostname.endsWith(`.${slack.hostname}`)) &&
    protocol.replace('ws', 'http') === slack.protocol;
  const guard: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) => {
    const { origin } = options;
    if (origin === undefined || !isSlack(new URL(origin)))
      throw new Error('refused by the gateway: origin');
    return dispatch(options, handler);
  };
  return agent.compose(guard);
}

function listen(client: SocketModeClient, of: SlackSettings, take: TakeInteraction, log: Logger) {
  async function hear({ ack, envelope_id, body }: Envelope): Promise<void> {
    try {
      // The socket was opened with our app's own token: what comes over it is Slack's.
      const interaction = readInteraction(body, channelsOf(of));
      const words = await take({ name: `socket ${envelope_id}`, interaction });
      await ack(
        words === undefined ? {} : { response_action: 'errors', errors: { reason: words } },
      );
    } catch (error) {
      log.warn('an interaction in Slack was not taken', { error });
      // Without an answer Slack tells the person that it did not work, and they press again.
      if (error instanceof GatewayError && !ERRORS[error.code].retryable)
        await ack().catch(() => undefined);
    }
  }
  client.on('interactive', (envelope: Envelope) => {
    void hear(envelope);
  });
}

async function close(client: SocketModeClient): Promise<void> {
  await Promise.race([client.disconnect(), sleep(TIMES.closeMs)]);
}

/** Resolves after Slack's hello. Its own reconnecting is not used: what fails there ends the process. */
async function connect(client: SocketModeClient, signal: AbortSignal): Promise<void> {
  const tooLate = AbortSignal.any([signal, AbortSignal.timeout(TIMES.helloMs)]);
  const abandon = (): void => {
    void close(client);
  };
  tooLate.addEventListener('abort', abandon);
  try {
    await client.start();
  } catch (cause) {
    throw cause instanceof Error ? cause : new Error('the socket was closed before its hello');
  } finally {
    tooLate.removeEventListener('abort', abandon);
  }
}

/** Until Slack, the network or `signal` ends it. */
async function untilOver(client: SocketModeClient, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<undefined>();
  const end = (): void => {
    over.resolve(undefined);
  };
  client.once('disconnected', end);
  signal.addEventListener('abort', end);
  await over.promise;
  signal.removeEventListener('abort', end);
  if (signal.aborted) await close(client);
}

/**
 * Socket mode, for a gateway that nobody can reach from outside: a connection that we open, over which
 * Slack sends what people press, and which is opened again whenever it ends. Nothing is opened without
 * `slack/app-token`. Returns how to end it.
 */
export function startSlackSocket(
  settings: SlackSettings,
  take: TakeInteraction,
  logger: Logger,
): () => Promise<void> {
  const stopping = new AbortController();
  const { signal } = stopping;
  const isOver = (): boolean => signal.aborted;
  const agent = new Agent();
  const dispatcher = toSlackOnly(agent, settings.url);

  /** False where there is no token to connect with. */
  async function stayConnected(onHello: () => void): Promise<boolean> {
    const appToken = await settings.readSecret('slack/app-token');
    if (appToken === undefined) return false;
    const client = new SocketModeClient({
      appToken,
      autoReconnectEnabled: false,
      logger: silentLogger(),
      dispatcher,
      clientOptions: { slackApiUrl: `${settings.url}/api/`, retryConfig: { retries: 0 } },
    });
    listen(client, settings, take, logger);
    await connect(client, signal);
    onHello();
    logger.info('connected to Slack by socket');
    await untilOver(client, signal);
    return true;
  }

  async function run(): Promise<void> {
    let pauseMs: number = TIMES.againFirstMs;
    const onHello = (): void => {
      pauseMs = TIMES.againFirstMs;
    };
    while (!isOver()) {
      try {
        if (!(await stayConnected(onHello))) return;
      } catch (error) {
        if (!isOver())
          logger.warn('Slack cannot be reached by socket; it is tried again', { error });
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(TIMES.againMaxMs, pauseMs * 2);
    }
  }

  const running = run();
  return async () => {
    stopping.abort();
    await running;
    await agent.destroy();
  };
}
