import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fetch, Agent } from 'undici';

export const BOT_TOKEN = 'xoxb-stand-in';
export const SIGNING_SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
export const CHANNEL = 'C0APPROVALS';

export interface Message {
  readonly ts: string;
  readonly channel: string;
  text: string;
  blocks: readonly any[];
  readonly thread_ts?: string;
  readonly metadata?: any;
}

/** What Slack knows of each call. Anything else is refused, as an unknown field would go unnoticed. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  'chat.postMessage': [
    ...['channel', 'text', 'blocks', 'metadata', 'thread_ts', 'unfurl_links', 'unfurl_media'],
    ...['link_names', 'parse', 'reply_broadcast'],
  ],
  'chat.update': ['channel', 'ts', 'text', 'blocks', 'link_names', 'parse'],
  'chat.postEphemeral': ['channel', 'user', 'text', 'blocks', 'link_names', 'parse'],
  'views.open': ['trigger_id', 'view'],
  'conversations.history': ['channel', 'oldest', 'limit', 'include_all_metadata'],
  'conversations.replies': ['channel', 'ts', 'oldest', 'limit', 'include_all_metadata'],
};

/** Block Kit's rules for the parts that are used. https://docs.slack.dev/reference/block-kit/blocks */
const BLOCK_FIELDS: Readonly<Record<string, readonly string[]>> = {
  header: ['type', 'text', 'block_id'],
  section: ['type', 'text', 'block_id', 'fields', 'accessory', 'expand'],
  context: ['type', 'elements', 'block_id'],
  divider: ['type', 'block_id'],
  actions: ['type', 'elements', 'block_id'],
  input: ['type', 'block_id', 'label', 'element', 'hint', 'optional', 'dispatch_action'],
};
const INPUT_ELEMENT_FIELDS = [
  ...['type', 'action_id', 'multiline', 'max_length', 'min_length', 'placeholder'],
  ...['initial_value', 'focus_on_load', 'dispatch_action_config'],
];
const VIEW_FIELDS = [
  ...['type', 'title', 'blocks', 'submit', 'close', 'private_metadata', 'callback_id'],
  ...['clear_on_close', 'notify_on_close', 'external_id', 'submit_disabled'],
];
const METADATA_FIELDS = ['event_type', 'event_payload'];

const hasUnknown = (value: any, known: readonly string[]): boolean =>
  typeof value !== 'object' ||
  value === null ||
  Object.keys(value).some((key) => !known.includes(key));
const BUTTON_FIELDS = ['type', 'text', 'action_id', 'url', 'value', 'style', 'confirm'];

const escapedLength = (text: string): number =>
  text.replace(/[&<>]/g, (c) => (c === '&' ? '&amp;' : '&lt;')).length;

function textProblem(text: any, max: number, types: readonly string[]): string | undefined {
  if (typeof text !== 'object' || text === null || !types.includes(text.type)) return 'text type';
  const known =
    text.type === 'plain_text' ? ['type', 'text', 'emoji'] : ['type', 'text', 'verbatim'];
  if (Object.keys(text).some((key) => !known.includes(key))) return 'text field';
  if (typeof text.text !== 'string' || text.text.length === 0) return 'empty text';
  return escapedLength(text.text) > max ? `text over ${max}` : undefined;
}

function buttonProblem(button: any): string | undefined {
  if (button?.type !== 'button') return 'element type';
  if (Object.keys(button).some((key) => !BUTTON_FIELDS.includes(key))) return 'button field';
  if (!/^.{1,255}$/.test(button.action_id ?? '')) return 'action_id';
  if ((button.value ?? '').length > 2_000 || (button.url ?? '').length > 3_000)
    return 'button value';
  if (button.style !== undefined && !['primary', 'danger'].includes(button.style)) return 'style';
  return textProblem(button.text, 75, ['plain_text']);
}

const anyText = (text: any, max = 3_000) => textProblem(text, max, ['plain_text', 'mrkdwn']);

const PROBLEM_OF: Readonly<Record<string, (block: any) => string | undefined>> = {
  header: ({ text }) => textProblem(text, 150, ['plain_text']),
  section: ({ text }) => anyText(text),
  context: ({ elements }) =>
    elements.length < 1 || elements.length > 10
      ? 'context elements'
      : elements.map((element: any) => anyText(element)).find(Boolean),
  actions: ({ elements }) => {
    if (elements.length < 1 || elements.length > 25) return 'actions elements';
    const ids = elements.map((element: any) => element.action_id);
    if (new Set(ids).size !== ids.length) return 'action_id twice';
    return elements.map(buttonProblem).find(Boolean);
  },
  input: ({ label, element }) => {
    if (element?.type !== 'plain_text_input') return 'input element';
    if (hasUnknown(element, INPUT_ELEMENT_FIELDS)) return 'input field';
    return textProblem(label, 2_000, ['plain_text']);
  },
};

function blockProblem(block: any): string | undefined {
  const fields = BLOCK_FIELDS[block?.type];
  if (fields === undefined) return `block ${String(block?.type)}`;
  if (Object.keys(block).some((key) => !fields.includes(key))) return 'block field';
  return PROBLEM_OF[block.type]?.(block);
}

/** Why Slack would not take these blocks; undefined when it would. */
export function blocksProblem(blocks: unknown, max = 50): string | undefined {
  if (!Array.isArray(blocks)) return 'no array';
  if (blocks.length < 1 || blocks.length > max) return `${blocks.length} blocks`;
  return blocks.map(blockProblem).find((problem) => problem !== undefined);
}

function viewProblem(view: any): string | undefined {
  if (view?.type !== 'modal') return 'view type';
  if (hasUnknown(view, VIEW_FIELDS)) return 'view field';
  if (textProblem(view.title, 24, ['plain_text']) !== undefined) return 'title';
  if (textProblem(view.submit, 24, ['plain_text']) !== undefined) return 'submit';
  if ((view.private_metadata ?? '').length > 3_000) return 'private_metadata';
  return blocksProblem(view.blocks, 100);
}

function messageProblem({ text, blocks, metadata }: any): string | undefined {
  if (typeof text !== 'string' || text === '') return 'no_text';
  if (metadata !== undefined && hasUnknown(metadata, METADATA_FIELDS))
    return 'invalid_metadata_format';
  return blocks === undefined || blocksProblem(blocks) === undefined ? undefined : 'invalid_blocks';
}

export interface SlackStandIn {
  readonly url: string;
  readonly messages: Message[];
  readonly calls: { method: string; body: any; error: string | undefined }[];
  readonly views: any[];
  readonly ephemerals: { user: string; text: string }[];
  /** The next calls of this method answer so instead: an error of Slack's, `ratelimited`, `hang`, `commit_then_drop`. */
  failNext(method: string, how: string, times?: number): void;
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, any>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  if (request.headers['content-type']?.includes('json')) return JSON.parse(text);
  const parse = (value: string): unknown => {
    try {
      return JSON.parse(value);
    } catch {
      return value;
    }
  };
  const isText = (name: string) =>
    ['text', 'ts', 'thread_ts', 'channel', 'oldest', 'user', 'trigger_id'].includes(name);
  return Object.fromEntries(
    [...new URLSearchParams(text)].map(([name, value]) => [
      name,
      isText(name) ? value : parse(value),
    ]),
  );
}

/** Slack's Web API as far as it is used, on loopback: refuses what Slack refuses. */
export async function startSlack(): Promise<SlackStandIn> {
  const failures = new Map<string, { how: string; times: number }>();
  const state = {
    messages: [] as Message[],
    calls: [] as { method: string; body: any; error: string | undefined }[],
    views: [] as any[],
    ephemerals: [] as { user: string; text: string }[],
  };
  let clock = 1_700_000_000;
  const triggers = new Set<string>();

  const post = (body: any): Message => {
    const ts = `${(clock += 1)}.000100`;
    const { channel, text, blocks = [], thread_ts, metadata } = body;
    const message = { ts, channel, text, blocks, thread_ts, metadata };
    state.messages.push(message);
    return message;
  };
  const openProblem = ({ trigger_id, view }: any): string | undefined => {
    if (triggers.has(trigger_id)) return 'exchanged_trigger_id';
    triggers.add(trigger_id);
    return viewProblem(view) === undefined ? undefined : 'invalid_arguments';
  };
  const problemOf = (method: string, body: any, token: string): string | undefined => {
    if (token !== `Bearer ${BOT_TOKEN}`) return token === '' ? 'not_authed' : 'invalid_auth';
    const known = FIELDS[method];
    if (known === undefined) return 'unknown_method';
    if (Object.keys(body).some((key) => key !== 'token' && !known.includes(key)))
      return 'invalid_arguments';
    if ('channel' in body && body.channel !== CHANNEL) return 'channel_not_found';
    // Slack takes it for a reply alone.
    if (body.reply_broadcast !== undefined && body.thread_ts === undefined)
      return 'cannot_reply_to_message';
    if (method.startsWith('chat.')) return messageProblem(body);
    return method === 'views.open' ? openProblem(body) : undefined;
  };
  const answer = (method: string, body: any): object => {
    switch (method) {
      case 'chat.postMessage':
        return { ok: true, channel: body.channel, ts: post(body).ts };
      case 'chat.update': {
        const message = state.messages.find(({ ts }) => ts === body.ts);
        if (message === undefined) return { ok: false, error: 'message_not_found' };
        Object.assign(message, { text: body.text, blocks: body.blocks });
        return { ok: true, channel: body.channel, ts: body.ts };
      }
      case 'chat.postEphemeral':
        state.ephemerals.push({ user: body.user, text: body.text });
        return { ok: true, message_ts: '1.1' };
      case 'views.open':
        state.views.push(body.view);
        return { ok: true };
      default:
        return { ok: true, messages: state.messages };
    }
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.url?.replace('/api/', '') ?? '';
    const body = await bodyOf(request);
    const failure = failures.get(method);
    if (failure !== undefined && failure.times > 0) {
      failure.times -= 1;
      state.calls.push({ method, body, error: failure.how });
      if (failure.how === 'hang') return;
      if (failure.how === 'commit_then_drop') {
        answer(method, body);
        request.socket.destroy();
        return;
      }
      if (failure.how === 'ratelimited') {
        response.writeHead(429, { 'retry-after': '7' }).end();
        return;
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ok: false, error: failure.how }));
      return;
    }
    const error = problemOf(method, body, request.headers.authorization ?? '');
    state.calls.push({ method, body, error });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(error === undefined ? answer(method, body) : { ok: false, error }));
  }

  const server = createServer((request, response) => {
    void handle(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    ...state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    failNext: (method, how, times = 1) => failures.set(method, { how, times }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** As Slack signs what people press. */
export function signedForm(
  payload: unknown,
  of: { at?: number; secret?: string } = {},
): { raw: string; headers: Record<string, string> } {
  const raw = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const timestamp = String(of.at ?? Math.floor(Date.now() / 1000));
  const hmac = createHmac('sha256', of.secret ?? SIGNING_SECRET).update(`v0:${timestamp}:${raw}`);
  return {
    raw,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${hmac.digest('hex')}`,
    },
  };
}

/** Somebody presses a button of a message. */
export function press(message: Message, action: string, user: string) {
  const button = message.blocks
    .find(({ type }) => type === 'actions')
    ?.elements.find((one: any) => one.action_id === action);
  return {
    type: 'block_actions',
    user: { id: user, username: 'x', team_id: 'T1' },
    api_app_id: 'A1',
    channel: { id: message.channel, name: 'approvals' },
    trigger_id: `trigger-${Math.random()}`,
    actions: [{ action_id: action, block_id: 'decide', value: button?.value, type: 'button' }],
  };
}

export const submitReason = (view: any, reason: string, user: string) => ({
  type: 'view_submission',
  user: { id: user },
  view: {
    ...view,
    id: 'V1',
    state: { values: { reason: { reason: { type: 'plain_text_input', value: reason } } } },
  },
});

const dispatcher = new Agent();

export const postForm = (url: string, { raw, headers }: ReturnType<typeof signedForm>) =>
  fetch(url, { method: 'POST', body: raw, headers, dispatcher });
