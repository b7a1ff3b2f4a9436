import type { Card, CardChange } from '../../../contracts/card.ts';
import {
  countText,
  inOneLine,
  needsText,
  ruled,
  stateWords,
  whyOnlyPasskey,
} from '../../../core/notice-text.ts';
import { spellOutUnseen } from '../../../core/unseen.ts';
import type { NamedDecision, NoticeSubject } from '../../../ports/notifier.ts';
import {
  type Block,
  type Button,
  dateToken,
  ownMarkup,
  plain,
  section,
  SLACK_LIMITS,
  slackLength,
} from './block-kit.ts';

export const ACTION_IDS = { approve: 'approve', reject: 'reject', open: 'open' } as const;

/** Header, deadline, decisions, the reason why not, buttons: what every message may need beside the card. */
const BLOCKS_KEPT = 6;
const CHARS_KEPT = 2_000;

/** One part of the card: as a whole, or not at all. */
interface Part {
  readonly text: string;
  /** What stands in its place when it does not fit. */
  readonly instead: string;
  /** A field that would change, or what else an approver has to see. */
  readonly isField: boolean;
}

/** A value of one line stays in the line of its name; several are ruled. */
const valueText = (name: string, value: string): string => {
  const shown = spellOutUnseen(value);
  if (shown === '') return `${name}: (empty)`;
  return shown.includes('\n') ? `${name}:\n${ruled(value)}` : `${name}: ${shown}`;
};

function changePart({ label, before, after }: CardChange): Part {
  const name = inOneLine(label);
  const was = before === null ? [] : [valueText('Now in HubSpot', before)];
  const chars = (before ?? '').length + after.length;
  return {
    text: [name, ...was, valueText('After your yes', after)].join('\n'),
    instead: `${name.slice(0, 80)}: ${countText(chars, 'character', 'characters')}, too long to be shown here`,
    isField: true,
  };
}

const otherPart = (what: string, text: string): Part => ({
  text,
  instead: `${what}: too long to be shown here`,
  isField: false,
});

function recordText({ records }: Card): string {
  const lines = records.map(
    ({ name, object_type, id }) =>
      `${inOneLine(name)} (${inOneLine(object_type)} ${inOneLine(id ?? 'new')})`,
  );
  return ['Record', ...lines].join('\n');
}

const whyText = ({ agent, connection, requires }: Card): string =>
  [
    `Asked by agent ${inOneLine(agent.name)} on connection ${inOneLine(connection)}`,
    `Needs ${needsText(requires)}`,
    ...requires.reasons.map((reason) => inOneLine(reason)),
  ].join('\n');

const saidText = ({ claimed }: Card): string =>
  `The agent’s words, not checked:\n${ruled(`for ${claimed.user_id}\n${claimed.prompt}`)}`;

function partsOf(card: Card): Part[] {
  return [
    otherPart('The sentence', inOneLine(card.sentence)),
    ...(card.records.length === 0 ? [] : [otherPart('The record', recordText(card))]),
    ...card.changes.map(changePart),
    otherPart('Who asked and why', whyText(card)),
    otherPart('The agent’s words', saidText(card)),
  ];
}

interface Fitted {
  readonly blocks: readonly Block[];
  readonly hiddenFields: number;
  readonly hiddenOthers: readonly Part[];
}

/** What does not fit as a whole is left out as a whole, never cut. */
function fit(card: Card): Fitted {
  const blocks: Block[] = [];
  const hidden: Part[] = [];
  let chars = CHARS_KEPT;
  for (const part of partsOf(card)) {
    const length = slackLength(part.text);
    const hasBlock = blocks.length < SLACK_LIMITS.blocksMax - BLOCKS_KEPT;
    const hasRoom = hasBlock && chars + length <= SLACK_LIMITS.messageMaxChars;
    if (length <= SLACK_LIMITS.textMaxChars && hasRoom) {
      blocks.push(section(part.text));
      chars += length;
    } else {
      hidden.push(part);
      const instead = slackLength(part.instead);
      // Where not even this has room, the count that takes the buttons away has it.
      if (hasBlock && chars + instead <= SLACK_LIMITS.messageMaxChars) {
        blocks.push(section(part.instead));
        chars += instead;
      }
    }
  }
  const hiddenOthers = hidden.filter(({ isField }) => !isField);
  return { blocks, hiddenFields: hidden.length - hiddenOthers.length, hiddenOthers };
}

/** Why this cannot be decided in Slack, with a count; undefined when it can. */
export function whyNotInSlack(card: Card): string | undefined {
  const { hiddenFields, hiddenOthers } = fit(card);
  if (hiddenFields > 0) {
    const of = countText(card.changes.length, 'field', 'fields');
    return `${hiddenFields} of ${of} cannot be shown in full here.`;
  }
  if (hiddenOthers.length > 0) {
    const parts = countText(hiddenOthers.length, 'part', 'parts');
    return `${parts} of the card cannot be shown in full here.`;
  }
  return whyOnlyPasskey(card);
}

const button = (id: keyof typeof ACTION_IDS, words: string, more: Partial<Button>): Button => ({
  type: 'button',
  action_id: ACTION_IDS[id],
  text: plain(words),
  ...more,
});

/** The value says what is decided on; who decides comes from Slack, what it is from the record. */
function actions({ requestId, link }: NoticeSubject, card: Card, canDecide: boolean): Block {
  const value = `${requestId} ${card.digest}`;
  const decide = [
    button('approve', 'Approve', { value, style: 'primary' }),
    button('reject', 'Reject with reason', { value, style: 'danger' }),
  ];
  const open = button('open', canDecide ? 'Open' : 'Open to decide', { url: link });
  return { type: 'actions', block_id: 'decide', elements: canDecide ? [...decide, open] : [open] };
}

const decidedText = ({ name, decision, proof, at }: NamedDecision): string =>
  `${inOneLine(name)} ${decision === 'approve' ? 'approved' : 'rejected'} (${proof}) at ${at.toISOString()}`;

/** Those who fit; there are three at most by policy, so it is names that could be long. */
function decidedBlocks({ decisions }: NoticeSubject): Block[] {
  if (decisions.length === 0) return [];
  const lines = decisions.map(decidedText);
  const text = lines.join('\n');
  return [
    section(slackLength(text) <= CHARS_KEPT / 2 ? text : `${lines.length} people have decided`),
  ];
}

const evidence = (card: Card): Block => ({
  type: 'context',
  elements: [
    plain(
      `Digest ${card.digest.slice(0, 16)} · log ${card.log.size} entries, root ${inOneLine(card.log.root_prefix) || '(none yet)'} · ${card.request_id}`,
    ),
  ],
});

function standing(about: NoticeSubject): string {
  const { status, code, card, decisions } = about;
  const approvals = decisions.filter(({ decision }) => decision === 'approve').length;
  const words = stateWords(status, code);
  if (status !== 'awaiting_approval' || card === null || approvals === 0) return words;
  return `${words}: ${approvals} of ${countText(card.requires.approvals, 'person', 'people')}`;
}

function waitingBlocks(about: NoticeSubject, card: Card): Block[] {
  const why = whyNotInSlack(card);
  return [
    ownMarkup(`Decide by ${dateToken(new Date(card.expires_at))}`),
    ...(why === undefined ? [] : [section(`It cannot be decided here. ${why}`)]),
    actions(about, card, why === undefined),
  ];
}

export interface SlackMessage {
  /** For the notification: only our own words, since Slack reads markup in it. */
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** The card as a message. Everything that is not ours is `plain_text`, with unseen characters spelled out. */
export function slackMessage(about: NoticeSubject): SlackMessage {
  const { card, status } = about;
  const words = standing(about).slice(0, SLACK_LIMITS.headerMaxChars);
  const text = `${words} (${about.requestId})`;
  const header: Block = { type: 'header', text: plain(words) };
  if (card === null) {
    const gone = section(
      'The stored request does not open: somebody changed it. Nothing can be decided here.',
    );
    return { text, blocks: [header, gone] };
  }
  return {
    text,
    blocks: [
      header,
      ...fit(card).blocks,
      ...decidedBlocks(about),
      evidence(card),
      ...(status === 'awaiting_approval' ? waitingBlocks(about, card) : []),
    ],
  };
}

/** In the thread of the message. */
export function reminderText({ card, link }: NoticeSubject): string {
  if (card === null) return 'It still waits.';
  return `It still waits. Time ends ${dateToken(new Date(card.expires_at))}. <${link}|Open>`;
}
