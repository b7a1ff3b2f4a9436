import type { KnownBlock, WebClient } from '@slack/web-api';
import type { Notifier, Telling, Told } from '../../../ports/notifier.ts';
import { reminderText, slackMessage } from './card-blocks.ts';
import { groupMessage } from './group-blocks.ts';
import { slackClient, slackFailure, type SlackSettings } from './slack-api.ts';

const EVENT_TYPE = 'sallyport_notice';
const HISTORY_MAX = 100;

/** Slack reads nothing into what it is given: no previews, no names, no links made from words. */
const AS_IT_IS = {
  unfurl_links: false,
  unfurl_media: false,
  link_names: false,
  parse: 'none',
} as const;

interface Posted {
  readonly ts?: string | undefined;
  readonly metadata?: { readonly event_payload?: object | undefined } | undefined;
}

const isNotice = ({ metadata }: Posted, id: string): boolean =>
  metadata?.event_payload !== undefined &&
  'notice' in metadata.event_payload &&
  metadata.event_payload.notice === id;

/** A try before may have posted it and died before it was recorded. What cannot be looked up is posted again. */
async function findPosted(
  client: WebClient,
  channel: string,
  { notice, thread, group }: Telling,
): Promise<string | undefined> {
  const oldest = String(Math.floor(notice.createdAt.getTime() / 1000) - 60);
  const of = { channel, oldest, limit: HISTORY_MAX, include_all_metadata: true };
  try {
    const { messages = [] } =
      notice.kind === 'reminded' && thread !== null && group === undefined
        ? await client.conversations.replies({ ...of, ts: thread })
        : await client.conversations.history(of);
    return (messages as readonly Posted[]).find((message) => isNotice(message, notice.id))?.ts;
  } catch {
    return undefined;
  }
}

async function post(client: WebClient, channel: string, telling: Telling): Promise<Told> {
  const { notice, about, thread } = telling;
  if (notice.attempts > 1) {
    const posted = await findPosted(client, channel, telling);
    if (posted !== undefined) return { kind: 'sent', reference: posted };
  }
  const { group } = telling;
  const { text, blocks } = group === undefined ? slackMessage(about) : groupMessage(group);
  const metadata = { event_type: EVENT_TYPE, event_payload: { notice: notice.id } };
  const isReminder = notice.kind === 'reminded' && thread !== null && group === undefined;
  const { ts } = await client.chat.postMessage({
    channel,
    metadata,
    ...AS_IT_IS,
    ...(isReminder
      ? { thread_ts: thread, text: reminderText(about) }
      : { text, blocks: blocks as unknown as KnownBlock[] }),
  });
  return { kind: 'sent', reference: ts ?? null };
}

/** The message as it is now, in place; without a message there is nothing to change. */
async function update(client: WebClient, channel: string, telling: Telling): Promise<Told> {
  const { about, thread } = telling;
  if (thread === null) return { kind: 'nothing' };
  const { text, blocks } = slackMessage(about);
  await client.chat.update({
    channel,
    ts: thread,
    text,
    blocks: blocks as unknown as KnownBlock[],
    link_names: false,
    parse: 'none',
  });
  return { kind: 'sent', reference: thread };
}

/**
 * One message for each request, changed in place as the request moves on; reminders in its thread. A
 * repeat finds the message by the notice's id in its metadata.
 */
export function createSlackNotifier(settings: SlackSettings): Notifier {
  return {
    channel: 'slack',
    tell: async (telling) => {
      const { kind, recipient } = telling.notice;
      const client = await slackClient(settings);
      if (client === undefined) return { kind: 'later', error: 'slack/bot-token is not set' };
      const isFirst = kind === 'asked' || kind === 'reminded';
      try {
        return await (isFirst ? post : update)(client, recipient, telling);
      } catch (error) {
        return slackFailure(error);
      }
    },
  };
}
