import type { Card, CardChange, CardEffects } from '../../../contracts/card.ts';
import { isKept, KEPT, textsOf, valueChars } from '../../../core/card-values.ts';
import {
  alikeHint,
  changedText,
  changedToText,
  countText,
  hubspotPage,
  inOneLine,
  needsText,
  riskText,
  ruled,
  staleText,
  stateWords,
  whyHidden,
  whyInConsole,
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

/** Header, links, deadline, decisions, digest, the reason why not, buttons: what every message may need beside the card. */
const BLOCKS_KEPT = 7;
const CHARS_KEPT = 4_000;
/** A link is some 70 characters long, 250 at most. */
const LINKS_MAX = 8;
const DECIDED_MAX_CHARS = 1_000;

/** One part of the card: as a whole, or not at all. */
interface Part {
  readonly text: string;
  /** What stands in its place when it does not fit. */
  readonly instead: string;
  /** A field that would change, or what else an approver has to see. */
  readonly isField: boolean;
  /** What is to be said of it beside: shown with it, or neither. */
  readonly hint?: string | undefined;
}

/** A value of one line stays in the line of its name; several are ruled. */
const valueText = (name: string, value: string): string => {
  const shown = spellOutUnseen(value);
  if (shown === '') return `${name}: (empty)`;
  return shown.includes('\n') ? `${name}:\n${ruled(value)}` : `${name}: ${shown}`;
};

/** As people read it in HubSpot, and under that as HubSpot keeps or gets it. */
const valueTexts = (
  [name, value]: readonly [string, string],
  [asName, called]: readonly [string, string | undefined],
): string[] =>
  called === undefined
    ? [valueText(name, value)]
    : [valueText(name, called), valueText(asName, value)];

function changePart(change: CardChange): Part {
  const { label, before, after, before_name: was, after_name: will, remark } = change;
  const name = inOneLine(label);
  const size = countText(valueChars(change), 'character', 'characters');
  return {
    text: [
      name,
      ...(before === null ? [] : valueTexts(['Now in HubSpot', before], ['held as', was])),
      ...valueTexts(['After your yes', after], ['sent as', will]),
      ...(isKept(change) ? [`It ${KEPT}.`] : []),
      ...(remark === undefined ? [] : [inOneLine(remark)]),
    ].join('\n'),
    instead: `${name.slice(0, 80)}: ${size}, too long to be shown here`,
    isField: true,
    hint: alikeHint(textsOf(change)),
  };
}

const otherPart = (what: string, text: string, raw: readonly string[] = []): Part => ({
  text,
  instead: `${what}: too long to be shown here`,
  isField: false,
  hint: alikeHint(raw),
});

function recordText({ records }: Card): string {
  const lines = records.map(
    ({ name, object_type, id }) =>
      `${inOneLine(name)} (${inOneLine(object_type)} ${inOneLine(id ?? 'new')})`,
  );
  return ['Record', ...lines].join('\n');
}

const whyText = ({ agent, connection, requires, changed }: Card): string =>
  [
    `Asked by agent ${inOneLine(agent.name)} on connection ${inOneLine(connection)}`,
    ...(changed === undefined ? [] : [changedText(changed)]),
    `Needs ${needsText(requires)}`,
    ...requires.reasons.map((reason) => inOneLine(reason)),
  ].join('\n');

const saidText = ({ claimed }: Card): string =>
  `The agent’s words, not checked:\n${ruled(`for ${claimed.user_id}\n${claimed.prompt}`)}`;

/** What can be taken back, and what never can. */
const effectsText = ({ undo, remains }: CardEffects): string =>
  inOneLine(`If it is sent: ${undo} ${remains}`);

const effectsOf = ({ effects }: Card): Part[] =>
  effects === undefined ? [] : [otherPart('What it does', effectsText(effects))];

const signalsOf = ({ signals = [] }: Card): Part[] =>
  signals.length === 0
    ? []
    : [
        otherPart(
          'The signals',
          [...signals.map(inOneLine), 'That is a reason to ask whoever it is for.'].join('\n'),
        ),
      ];

function partsOf(card: Card): Part[] {
  const { sentence, records, agent, claimed } = card;
  const names = records.map(({ name }) => name);
  return [
    otherPart('The sentence', inOneLine(sentence), [sentence]),
    ...(records.length === 0 ? [] : [otherPart('The record', recordText(card), names)]),
    otherPart('The risk', `Risk ${riskText(card)}`),
    ...card.changes.map(changePart),
    ...effectsOf(card),
    otherPart('Who asked and why', whyText(card), [agent.name]),
    otherPart('The agent’s words', saidText(card), [claimed.user_id, claimed.prompt]),
    ...signalsOf(card),
  ];
}

/** Only pages of HubSpot's, in words of ours: no text of a record gets into a link. */
function linkBlocks({ records }: Card): Block[] {
  const pages = records.map(({ url }) => hubspotPage(url));
  const links = pages.flatMap((page, index) =>
    page === undefined ? [] : [`<${page}|${pages.length === 1 ? 'the record' : index + 1}>`],
  );
  return links.length === 0
    ? []
    : [ownMarkup(`Open in HubSpot: ${links.slice(0, LINKS_MAX).join(' ')}`)];
}

interface Fitted {
  readonly blocks: readonly Block[];
  readonly hiddenFields: number;
  readonly hiddenOthers: readonly Part[];
}

const hintOf = ({ hint }: Part): string[] => (hint === undefined ? [] : [hint]);

/** Takes room from what is left, for all of these texts or for none. */
function takeRoom(left: { blocks: number; chars: number }, texts: readonly string[]): boolean {
  const lengths = texts.map(slackLength);
  const chars = lengths.reduce((sum, length) => sum + length, 0);
  if (lengths.some((length) => length > SLACK_LIMITS.textMaxChars)) return false;
  if (texts.length > left.blocks || chars > left.chars) return false;
  left.blocks -= texts.length;
  left.chars -= chars;
  return true;
}

/**
 * What does not fit as a whole is left out as a whole, never cut. What frames the fields comes first, so
 * that it is fields that are counted when there is no room for all.
 */
function fit(card: Card): Fitted {
  const left = {
    blocks: SLACK_LIMITS.blocksMax - BLOCKS_KEPT,
    chars: SLACK_LIMITS.messageMaxChars - CHARS_KEPT,
  };
  const parts = partsOf(card);
  const shown = new Map<Part, readonly string[]>();
  const hidden: Part[] = [];
  for (const part of parts.toSorted((a, b) => Number(a.isField) - Number(b.isField))) {
    const texts = [part.text, ...hintOf(part)];
    const isShown = takeRoom(left, texts);
    if (!isShown) hidden.push(part);
    // Where not even this has room, the count that takes the buttons away has it.
    if (isShown) shown.set(part, texts);
    else if (takeRoom(left, [part.instead])) shown.set(part, [part.instead]);
  }
  const hiddenOthers = hidden.filter(({ isField }) => !isField);
  return {
    blocks: parts.flatMap((part) => shown.get(part) ?? []).map(section),
    hiddenFields: hidden.length - hiddenOthers.length,
    hiddenOthers,
  };
}

type Decided = NamedDecision['decision'];
type WhyNot = Readonly<Record<Decided, string | undefined>>;

function whyNotOf(card: Card, { hiddenFields, hiddenOthers }: Fitted): WhyNot {
  const fieldsInAll = card.changes.length;
  const hidden = whyHidden({ fields: hiddenFields, fieldsInAll, others: hiddenOthers.length });
  return { approve: hidden ?? whyInConsole(card), reject: hidden };
}

/**
 * Why this cannot be decided in Slack, with a count; undefined when it can. What is to be approved elsewhere alone can be
 * rejected where all of it is shown: stopping must not wait for a device.
 */
export const whyNotInSlack = (card: Card, decision: Decided): string | undefined =>
  whyNotOf(card, fit(card))[decision];

const button = (id: keyof typeof ACTION_IDS, words: string, more: Partial<Button>): Button => ({
  type: 'button',
  action_id: ACTION_IDS[id],
  text: plain(words),
  ...more,
});

/** The value says what is decided on; who decides comes from Slack, what it is from the record. */
function actions(
  { requestId, link }: NoticeSubject,
  card: Card,
  can: Readonly<Record<Decided, boolean>>,
): Block {
  const value = `${requestId} ${card.digest}`;
  const instead = can.reject ? 'Open to approve' : 'Open to decide';
  const elements = [
    ...(can.approve ? [button('approve', 'Approve', { value, style: 'primary' })] : []),
    ...(can.reject ? [button('reject', 'Reject with reason', { value, style: 'danger' })] : []),
    button('open', can.approve ? 'Open' : instead, { url: link }),
  ];
  return { type: 'actions', block_id: 'decide', elements };
}

const decidedText = ({ name, decision, proof, at }: NamedDecision): string =>
  `${inOneLine(name)} ${decision === 'approve' ? 'approved' : 'rejected'} (${proof}) at ${at.toISOString()}`;

/** Those who fit; there are three at most by policy, so it is names that could be long. */
function decidedBlocks({ decisions, changed }: NoticeSubject): Block[] {
  if (changed !== undefined) return [section(changedToText(changed))];
  if (decisions.length === 0) return [];
  const lines = decisions.map(decidedText);
  const text = lines.join('\n');
  return [
    section(slackLength(text) <= DECIDED_MAX_CHARS ? text : `${lines.length} people have decided`),
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

function waitingBlocks(about: NoticeSubject, card: Card, whyNot: WhyNot): Block[] {
  const why = whyNot.approve;
  const can = { approve: why === undefined, reject: whyNot.reject === undefined };
  const verb = can.reject ? 'approved' : 'decided';
  return [
    ownMarkup(`Decide by ${dateToken(new Date(card.expires_at))}`),
    ...(why === undefined ? [] : [section(`It cannot be ${verb} here. ${why}`)]),
    actions(about, card, can),
  ];
}

function staleBlocks(about: NoticeSubject): Block[] {
  const stale = staleText(about);
  return stale === undefined ? [] : [section(stale)];
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
  const fitted = fit(card);
  return {
    text,
    blocks: [
      header,
      ...staleBlocks(about),
      ...fitted.blocks,
      ...linkBlocks(card),
      ...decidedBlocks(about),
      evidence(card),
      ...(status === 'awaiting_approval' ? waitingBlocks(about, card, whyNotOf(card, fitted)) : []),
    ],
  };
}

/** In the thread of the message. */
export function reminderText({ card, link }: NoticeSubject): string {
  if (card === null) return 'It still waits.';
  return `It still waits. Time ends ${dateToken(new Date(card.expires_at))}. <${link}|Open>`;
}
