import type { Card, CardChange } from '../../../contracts/card.ts';
import { isKept, KEPT, textsOf } from '../../../core/card-values.ts';
import {
  alikeHint,
  changedText,
  countText,
  hubspotPage,
  needsText,
  riskText,
} from '../../../core/notice-text.ts';
import { htmlLine, htmlLines, textLine, textLines } from './plain-reading.ts';

/** Programs cut a mail off where it gets long, Gmail at 102 kB; what is left out by us is counted. */
const CARD_MAX_BYTES = 80_000;

/** One part of the card, as a whole or not at all, in both forms of the mail. */
interface Part {
  readonly html: string;
  readonly text: string;
  /** A field that would change, or what else an approver has to see. */
  readonly isField: boolean;
}

export interface ShownCard {
  readonly html: string;
  readonly text: string;
  /** What is not in it, with a count; undefined when all of it is. */
  readonly leftOut: string | undefined;
}

/** In both forms of the mail. */
interface Shown {
  readonly html: string;
  readonly text: string;
}

const lineOf = (line: string): Shown => ({
  html: `<p>${htmlLine(line)}</p>`,
  text: textLine(line),
});

/** `what` is ours, the value somebody else's. */
function valueOf(what: string, value: string): Shown {
  if (value === '') return { html: `<p>${what}: (empty)</p>`, text: `${what}: (empty)` };
  return {
    html: `<p>${what}:</p><blockquote style="white-space:pre-wrap">${htmlLines(value)}</blockquote>`,
    text: `${what}:\n${textLines(value)}`,
  };
}

/** Letters that pass for others, named under what they stand in: a mail has no mark for them. */
function hintOf(texts: readonly string[]): Shown[] {
  const hint = alikeHint(texts);
  return hint === undefined ? [] : [lineOf(hint)];
}

/** As people read it in HubSpot, and under that as HubSpot keeps or gets it. */
const valuesOf = (
  [what, value]: readonly [string, string],
  [as, called]: readonly [string, string | undefined],
): Shown[] =>
  called === undefined ? [valueOf(what, value)] : [valueOf(what, called), valueOf(as, value)];

function changePart(change: CardChange): Part {
  const { label, before, after, before_name: was, after_name: will, remark } = change;
  const values = [
    ...(before === null ? [] : valuesOf(['Now in HubSpot', before], ['held as', was])),
    ...valuesOf(['After your yes', after], ['sent as', will]),
    ...(isKept(change) ? [lineOf(`It ${KEPT}.`)] : []),
    ...(remark === undefined ? [] : [lineOf(remark)]),
    ...hintOf(textsOf(change)),
  ];
  return {
    html: `<h3>${htmlLine(label)}</h3>${values.map(({ html }) => html).join('')}`,
    text: [textLine(label), ...values.map(({ text }) => text)].join('\n'),
    isField: true,
  };
}

/** `named`: those of the texts in it whose letters may pass for others. */
function linesPart(title: string, lines: readonly string[], named: readonly string[] = []): Part {
  const hints = hintOf(named);
  const shown = lines.map((line) => `<p>${htmlLine(line)}</p>`);
  return {
    html: [`<h3>${title}</h3>`, ...shown, ...hints.map(({ html }) => html)].join(''),
    text: [
      title,
      ...lines.map((line) => `  ${textLine(line)}`),
      ...hints.map(({ text }) => text),
    ].join('\n'),
    isField: false,
  };
}

function saidPart({ claimed }: Card): Part {
  const values = [
    valueOf('for', claimed.user_id),
    valueOf('prompt', claimed.prompt),
    ...hintOf([claimed.user_id, claimed.prompt]),
  ];
  return {
    html: `<h3>The agent’s words, not checked</h3>${values.map(({ html }) => html).join('')}`,
    text: ['The agent’s words, not checked', ...values.map(({ text }) => text)].join('\n'),
    isField: false,
  };
}

/** Where HubSpot shows it, to be read and not followed: the one link of a mail is the console's. */
const recordLines = ({ records }: Card): string[] =>
  records.flatMap(({ name, object_type, id, url }) => {
    const page = hubspotPage(url);
    const line = `${name} (${object_type} ${id ?? 'new'})`;
    return page === undefined ? [line] : [line, `in HubSpot: ${page}`];
  });

function partsOf(card: Card): Part[] {
  const { effects, signals = [], records } = card;
  const names = records.map(({ name }) => name);
  const why = [
    `agent ${card.agent.name} on connection ${card.connection}`,
    ...(card.changed === undefined ? [] : [changedText(card.changed)]),
    `needs ${needsText(card.requires)}`,
    ...card.requires.reasons,
  ];
  const evidence = [
    `digest ${card.digest.slice(0, 16)}`,
    `log ${card.log.size} entries, root ${card.log.root_prefix || '(none yet)'}`,
  ];
  return [
    linesPart('What', [card.sentence], [card.sentence]),
    ...(records.length === 0 ? [] : [linesPart('Record', recordLines(card), names)]),
    linesPart('Risk', [riskText(card)]),
    ...card.changes.map(changePart),
    linesPart('Asked by', why, [card.agent.name]),
    ...(effects === undefined ? [] : [linesPart('If it is sent', [effects.undo, effects.remains])]),
    saidPart(card),
    ...(signals.length === 0 ? [] : [linesPart('The prompt reads like a trick', signals)]),
    linesPart('Evidence', [...evidence]),
  ];
}

function leftOutText(hidden: readonly Part[], card: Card): string | undefined {
  if (hidden.length === 0) return undefined;
  const fields = hidden.filter(({ isField }) => isField).length;
  const others = hidden.length - fields;
  const counts = [
    ...(fields === 0 ? [] : [`${fields} of ${countText(card.changes.length, 'field', 'fields')}`]),
    ...(others === 0 ? [] : [`${countText(others, 'other part', 'other parts')} of the card`]),
  ];
  return `Too long for a mail, and not shown here: ${counts.join(' and ')}.`;
}

/** What fits, whole part by whole part; never a part of a value. */
export function showCard(card: Card): ShownCard {
  const shown: Part[] = [];
  const hidden: Part[] = [];
  let bytes = 0;
  for (const part of partsOf(card)) {
    const size = Buffer.byteLength(part.html);
    const isShown = bytes + size <= CARD_MAX_BYTES;
    if (isShown) bytes += size;
    (isShown ? shown : hidden).push(part);
  }
  return {
    html: shown.map(({ html }) => html).join('\n'),
    text: shown.map(({ text }) => text).join('\n\n'),
    leftOut: leftOutText(hidden, card),
  };
}
