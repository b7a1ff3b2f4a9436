import type { Card, CardChange } from '../contracts/card.ts';
import { isKept, KEPT, textsOf, valueChars } from './card-values.ts';
import {
  alikeHint,
  changedText,
  countText,
  inOneLine,
  needsText,
  riskText,
} from './notice-text.ts';
import type { Row } from './ruled-rows.ts';

/** One part of the card: as a whole, or not at all. */
export interface CardPart {
  readonly rows: readonly Row[];
  /** Stands in its place when it does not fit. */
  readonly instead: readonly Row[];
  /** A field that would change, or what else an approver has to see. */
  readonly isField: boolean;
}

const beware = (texts: readonly string[]): Row[] => {
  const hint = alikeHint(texts);
  return hint === undefined ? [] : [{ name: 'Beware', own: hint }];
};

/** As people read it in HubSpot, and under that as HubSpot keeps or gets it. */
const valueRows = (
  [name, value]: readonly [string, string],
  [asName, called]: readonly [string, string | undefined],
): Row[] =>
  called === undefined
    ? [{ name, text: value }]
    : [
        { name, text: called },
        { name: asName, text: value },
      ];

function fieldPart(change: CardChange): CardPart {
  const { label, before, after, before_name: was, after_name: will, remark } = change;
  const size = `${countText(valueChars(change), 'character', 'characters')}, too long to be shown here`;
  return {
    rows: [
      { name: 'Field', text: inOneLine(label) },
      ...(before === null ? [] : valueRows(['  now', before], ['    held as', was])),
      ...valueRows(['  after a yes', after], ['    sent as', will]),
      ...(isKept(change) ? [{ name: '  note', own: `It ${KEPT}.` }] : []),
      ...(remark === undefined ? [] : [{ name: '  note', text: inOneLine(remark) }]),
      ...beware(textsOf(change)),
    ],
    instead: [
      { name: 'Field', text: inOneLine(label).slice(0, 80) },
      { name: '', own: size },
    ],
    isField: true,
  };
}

function otherPart(rows: readonly Row[], raw: readonly string[] = []): CardPart {
  const instead = { name: rows[0]?.name ?? '', own: 'too long to be shown here' };
  return { rows: [...rows, ...beware(raw)], instead: [instead], isField: false };
}

const lineRow = (name: string, text: string): Row => ({ name, text: inOneLine(text) });

const recordRows = ({ records }: Card): Row[] =>
  records.map(({ name, object_type, id }) =>
    lineRow('Record', `${name} (${object_type} ${id ?? 'new'})`),
  );

const effectRows = ({ effects }: Card): Row[] =>
  effects === undefined
    ? []
    : [lineRow('If it is sent', effects.undo), lineRow('  for good', effects.remains)];

const whyRows = ({ agent, connection, requires, changed }: Card): Row[] => [
  ...(changed === undefined ? [] : [lineRow('Changed', changedText(changed))]),
  lineRow('Asked by', `agent ${agent.name} on connection ${connection}`),
  lineRow('Needs', needsText(requires)),
  ...requires.reasons.map((reason) => lineRow('  because', reason)),
];

export const saidRows = (userId: string, prompt: string): Row[] => [
  { name: 'The agent says', own: 'its own words, not checked:' },
  { name: '  for', text: userId },
  { name: '  prompt', text: prompt },
];

const evidenceRows = ({ digest, log, request_id }: Card): Row[] => [
  lineRow('Digest', digest.slice(0, 16)),
  lineRow('Log', `${log.size} entries, root ${log.root_prefix || '(none yet)'}`),
  lineRow('Request', request_id),
];

/** All of the card in the order in which it is read; where HubSpot shows a record, and the deadline, are the reader's to add. */
export function partsOf(card: Card): CardPart[] {
  const { sentence, records, agent, claimed, signals = [] } = card;
  const named = records.map(({ name }) => name);
  return [
    otherPart([lineRow('What', sentence)], [sentence]),
    ...(records.length === 0 ? [] : [otherPart(recordRows(card), named)]),
    otherPart([{ name: 'Risk', own: riskText(card) }]),
    ...card.changes.map(fieldPart),
    ...(card.effects === undefined ? [] : [otherPart(effectRows(card))]),
    otherPart(whyRows(card), [agent.name]),
    otherPart(saidRows(claimed.user_id, claimed.prompt), [claimed.user_id, claimed.prompt]),
    ...(signals.length === 0 ? [] : [otherPart(signals.map((one) => lineRow('Signal', one)))]),
    otherPart(evidenceRows(card)),
  ];
}
