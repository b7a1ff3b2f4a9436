import type { KnownBlock, WebClient } from '@slack/web-api';
import type { Notifier, RequestTelling, Telling, Told } from '../../../ports/notifier.ts';
import { alarmMessage } from './alarm-blocks.ts';
import { reminderText, type SlackMessage, slackMessage } from './card-blocks.ts';
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

/** As it is posted: anew, or in the thread of what was said before. */
type Posting =
  | { readonly text: string; readonly blocks: KnownBlock[] }
  | { readonly text: string; readonly thread_ts: string }
  | {
      readonly text: string;
      readonly blocks: KnownBlock[];
      readonly thread_ts: string;
      readonly reply_broadcast: true;
    };

const anew = ({ text, blocks }: SlackMessage) => ({
  text,
  blocks: blocks as unknown as KnownBlock[],
});

function postingOf(telling: Telling): Posting {
  const { notice, thread } = telling;
  if ('alarm' in telling) {
    const message = anew(alarmMessage(telling.alarm));
    // What goes on in an incident is for the whole channel.
    return thread === null ? message : { ...message, thread_ts: thread, reply_broadcast: true };
  }
  const { group, about } = telling;
  if (group !== undefined) return anew(groupMessage(group));
  if (notice.kind === 'reminded' && thread !== null)
    return { text: reminderText(about), thread_ts: thread };
  return anew(slackMessage(about));
}

/** A try before may have posted it and died before it was recorded. What cannot be looked up is posted again. */
async function findPosted(
  client: WebClient,
  channel: string,
  { notice }: Telling,
  posting: Posting,
): Promise<string | undefined> {
  const oldest = String(Math.floor(notice.createdAt.getTime() / 1000) - 60);
  const of = { channel, oldest, limit: HISTORY_MAX, include_all_metadata: true };
  try {
    const { messages = [] } =
      'thread_ts' in posting
        ? await client.conversations.replies({ ...of, ts: posting.thread_ts })
        : await client.conversations.history(of);
    return (messages as readonly Posted[]).find((message) => isNotice(message, notice.id))?.ts;
  } catch {
    return undefined;
  }
}

async function post(client: WebClient, channel: string, telling: Telling): Promise<Told> {
  const { notice } = telling;
  const posting = postingOf(telling);
  if (notice.attempts > 1) {
    const posted = await findPosted(client, channel, telling, posting);
    if (posted !== undefined) return { kind: 'sent', reference: posted };
  }
  const metadata = { event_type: EVENT_TYPE, event_payload: { notice: notice.id } };
  const { ts } = await client.chat.postMessage({ channel, metadata, ...AS_IT_IS, ...posting });
  return { kind: 'sent', reference: ts ?? null };
}

/** The message as it is now, in place; without a message there is nothing to change. */
async function update(client: WebClient, channel: string, telling: RequestTelling): Promise<Told> {
  const { about, thread } = telling;
  if (thread === null) return { kind: 'nothing' };
  const message = anew(slackMessage(about));
  await client.chat.update({ channel, ts: thread, ...message, link_names: false, parse: 'none' });
  return { kind: 'sent', reference: thread };
}

/**
 * One message for each request, changed in place as the request moves on; reminders in its thread. One for each
 * alert and each incident; what follows of an incident in its thread, and for the whole channel. A repeat finds the
 * message by the notice's id in its metadata.
 */
export function createSlackNotifier(settings: SlackSettings): Notifier {
  return {
    channel: 'slack',
    tell: async (telling) => {
      const { kind, recipient } = telling.notice;
      const isPosted = 'alarm' in telling || kind === 'asked' || kind === 'reminded';
      const client = await slackClient(settings);
      if (client === undefined) return { kind: 'later', error: 'slack/bot-token is not set' };
      try {
        return isPosted
          ? await post(client, recipient, telling)
          : await update(client, recipient, telling);
      } catch (error) {
        return slackFailure(error);
      }
    },
  };
}
