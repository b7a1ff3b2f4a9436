import {
  LogLevel,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebClient,
  type WebClientOptions,
} from '@slack/web-api';
import type { Told } from '../../../ports/notifier.ts';

const CALL_MS = 8_000;

type SlackLogger = NonNullable<WebClientOptions['logger']>;

/** Slack's client would write to the console what it sends, tokens left out, names not. */
export function silentLogger(): SlackLogger {
  const nothing = (): void => undefined;
  return {
    debug: nothing,
    info: nothing,
    warn: nothing,
    error: nothing,
    setLevel: nothing,
    setName: nothing,
    getLevel: () => LogLevel.ERROR,
  };
}

export interface SlackSettings {
  /** The one channel in which people are asked: `C…`. */
  readonly channel: string;
  /** Where others are asked about what nobody has decided. */
  readonly escalationChannel?: string | undefined;
  /** `https://slack.com`, or another origin where Slack's API is. */
  readonly url: string;
  readonly readSecret: (name: string) => Promise<string | undefined>;
}

/** Every channel that a message of ours stands in. */
export const channelsOf = ({ channel, escalationChannel }: SlackSettings): readonly string[] =>
  escalationChannel === undefined ? [channel] : [channel, escalationChannel];

/** A client for one call: the token may have been replaced since the last. Undefined: there is none. */
export async function slackClient(of: SlackSettings): Promise<WebClient | undefined> {
  const token = await of.readSecret('slack/bot-token');
  if (token === undefined) return undefined;
  return new WebClient(token, {
    slackApiUrl: `${of.url}/api/`,
    allowAbsoluteUrls: false,
    // The outbox tries again, and knows for how long.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: CALL_MS,
    logger: silentLogger(),
  });
}

/** What will not go better by itself. https://docs.slack.dev/reference/methods/chat.postMessage#errors */
const FOR_GOOD = new Set([
  ...['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired'],
  ...['missing_scope', 'no_permission', 'restricted_action', 'ekm_access_denied', 'access_denied'],
  ...['channel_not_found', 'not_in_channel', 'is_archived', 'message_not_found'],
  ...['cant_update_message', 'edit_window_closed', 'invalid_blocks', 'invalid_blocks_format'],
  ...['msg_too_long', 'msg_blocks_too_long', 'invalid_arguments', 'no_text'],
]);

/** Slack's errors as the outbox takes them. Only its own word for the error goes on. */
export function slackFailure(error: unknown): Extract<Told, { kind: 'later' | 'refused' }> {
  if (error instanceof WebAPIRateLimitedError)
    return { kind: 'later', error: 'ratelimited', afterMs: error.retryAfter * 1_000 };
  if (error instanceof WebAPIPlatformError) {
    const { error: name } = error.data;
    return { kind: FOR_GOOD.has(name) ? 'refused' : 'later', error: name };
  }
  return { kind: 'later', error: 'Slack did not answer' };
}
