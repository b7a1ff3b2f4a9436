/** The parts of Block Kit that are used here. https://docs.slack.dev/reference/block-kit/blocks */

export const SLACK_LIMITS = {
  blocksMax: 50,
  textMaxChars: 3_000,
  headerMaxChars: 150,
  /** Of all texts of a message; Slack names no figure for `msg_blocks_too_long`, this is well below it. */
  messageMaxChars: 12_000,
} as const;

/** Shown as it is: Slack reads no links, mentions, emoji or formatting in it. */
export interface PlainText {
  readonly type: 'plain_text';
  readonly text: string;
  readonly emoji: false;
}

/** Only ever the gateway's own words. */
interface OwnMarkup {
  readonly type: 'mrkdwn';
  readonly text: string;
  readonly verbatim: true;
}

export interface Button {
  readonly type: 'button';
  readonly action_id: string;
  readonly text: PlainText;
  readonly value?: string;
  readonly url?: string;
  readonly style?: 'primary' | 'danger';
}

export type Block =
  | { readonly type: 'header'; readonly text: PlainText }
  | { readonly type: 'section'; readonly text: PlainText | OwnMarkup }
  | { readonly type: 'context'; readonly elements: readonly PlainText[] }
  | { readonly type: 'divider' }
  | { readonly type: 'actions'; readonly block_id: string; readonly elements: readonly Button[] };

export const plain = (text: string): PlainText => ({ type: 'plain_text', text, emoji: false });

export const section = (text: string): Block => ({ type: 'section', text: plain(text) });

export const ownMarkup = (text: string): Block => ({
  type: 'section',
  text: { type: 'mrkdwn', text, verbatim: true },
});

/** As Slack may count: what it escapes on its side is longer there. */
export const slackLength = (text: string): number =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').length;

/** In the reader's own time zone. https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
export const dateToken = (at: Date): string =>
  `<!date^${Math.floor(at.getTime() / 1000)}^{date_short_pretty} at {time}|${at.toISOString()}>`;
