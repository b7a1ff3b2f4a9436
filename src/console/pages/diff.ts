import type { Card, CardChange } from '../../contracts/card.ts';
import { isKept, KEPT } from '../../core/card-values.ts';
import { changeHint } from '../hints.ts';
import { type Html, html } from '../html.ts';
import { hiddenHint, shown, shownLines } from '../shown-text.ts';
import { type Passage, wordDiff } from '../word-diff.ts';

/** Longer than this, or of several lines, a value is a text of its own. */
const LONG_CHARS = 80;

/** `open`: approved, and nobody knows yet, or nobody can tell, whether it was written. */
export type DiffKind = 'waiting' | 'open' | 'done' | 'void';

const HEADS: Readonly<Record<DiffKind, readonly [string, string, string, string]>> = {
  waiting: ['Now in HubSpot', 'After your yes', 'Now', 'After'],
  open: ['Before', 'Approved to be written', 'Before', 'Approved'],
  // What people have changed in HubSpot since is not on this page.
  done: ['Before', 'As it was written', 'Before', 'Written'],
  void: ['On this card', 'Not sent', 'Card', 'Not sent'],
};

const isLong = (text: string): boolean =>
  Array.from(text).length > LONG_CHARS || text.includes('\n');

const allShown = (text: string): string =>
  `${Array.from(text).length.toLocaleString('en-US')} characters, all shown`;

const hint = (text: string | Html | undefined): Html | null =>
  text === undefined ? null : html` <span class="diff__hint">${text}</span>`;

function passageText({ kind, text }: Passage, isStart: boolean, isEnd: boolean): Html {
  const words = shownLines(text, { isStart, isEnd });
  if (kind === 'gone') return html`<del>${words}</del>`;
  return kind === 'new' ? html`<ins>${words}</ins>` : words;
}

/** How many stretches differ: a change inside one is one. */
const countChanges = (passages: readonly Passage[]): number =>
  passages.filter(({ kind }, at) => kind !== 'same' && passages[at - 1]?.kind !== 'gone').length;

function longCells(before: string, after: string): readonly [Html, Html] {
  const passages = wordDiff(before, after);
  const count = countChanges(passages);
  const differs = count === 1 ? '1 passage differs' : `${count} passages differ`;
  const side = (without: Passage['kind']): Html[] =>
    passages
      .filter(({ kind }) => kind !== without)
      .map((passage, at, all) => passageText(passage, at === 0, at === all.length - 1));
  return [
    html`<span class="long lines">${side('new')}</span>${hint(allShown(before))}${hint(
        hiddenHint(before),
      )}`,
    html`<span class="long lines">${side('gone')}</span
      >${hint(`${allShown(after)}; ${differs}`)}${hint(hiddenHint(after))}`,
  ];
}

/** The gateway's own word for no value; a value that reads like it says how long it is. */
const NO_VALUE = { before: 'nothing', after: 'empty' } as const;

const ownWord = (word: string): Html => html`<span class="none">${word}</span>`;

const lengthHint = (text: string, word: string): Html | null =>
  isLong(text) || text.trim().toLowerCase() === word ? hint(allShown(text)) : null;

const inCell = (text: string): Html =>
  isLong(text) ? html`<span class="long lines">${shownLines(text)}</span>` : shown(text);

/** Under what people read in HubSpot: as HubSpot keeps or gets it. */
const rawValue = (as: string, value: string): Html =>
  html` <span class="diff__raw">${as} <span class="mono">${inCell(value)}</span></span>`;

/** A value as it stands or stood in HubSpot, whole, with what it hides named. */
export function wholeValue(before: string | null, name?: string): Html {
  if (before === null || before === '') return ownWord(NO_VALUE.before);
  const hidden = hint(hiddenHint(before));
  if (name === undefined)
    return html`${inCell(before)}${lengthHint(before, NO_VALUE.before)}${hidden}`;
  return html`${inCell(name)}${hint(hiddenHint(name))}${rawValue('held as', before)}${hidden}`;
}

const marked = (text: string): Html =>
  isLong(text)
    ? html`<span class="long lines"><mark>${shownLines(text)}</mark></span>`
    : html`<mark>${shown(text)}</mark>`;

/** Of two ids nobody asks how far they lie apart. */
const movedHint = ({ before, after, before_name: name, remark }: CardChange): Html | null =>
  name === undefined && remark === undefined ? hint(changeHint(before, after)) : null;

function afterCell(change: CardChange): Html {
  const { after, after_name: name } = change;
  if (after === '') return html`<mark>${ownWord(NO_VALUE.after)}</mark>`;
  const hidden = hint(hiddenHint(after));
  if (name !== undefined)
    return html`${marked(name)}${hint(hiddenHint(name))}${rawValue('sent as', after)}${hidden}`;
  return html`${marked(after)}${lengthHint(after, NO_VALUE.after)}${movedHint(change)}${hidden}`;
}

const isText = ({ before, after, before_name: was, after_name: will }: CardChange): boolean =>
  (was ?? will) === undefined &&
  before !== null &&
  before !== '' &&
  after !== '' &&
  (isLong(before) || isLong(after));

function cellsOf(change: CardChange): readonly [Html, Html] {
  const old = wholeValue(change.before, change.before_name);
  if (isKept(change)) return [old, ownWord(KEPT)];
  if (isText(change)) return longCells(change.before ?? '', change.after);
  return [old, afterCell(change)];
}

function row(change: CardChange, heads: readonly [string, string, string, string]): Html {
  const { label, remark } = change;
  const kept = isKept(change);
  const [old, fresh] = cellsOf(change);
  const said = remark === undefined ? null : hint(shown(remark));
  return html`<tr role="row" class="${kept ? 'same' : ''}">
    <th role="rowheader" scope="row">${shown(label)}</th>
    <td role="cell" class="old" data-col="${kept ? 'Stays' : heads[2]}">
      <div class="cell">${old}${kept ? said : null}</div>
    </td>
    <td role="cell" class="new" data-col="${heads[3]}">
      <div class="cell">${fresh}${kept ? null : said}</div>
    </td>
  </tr>`;
}

export const changeCount = (changes: readonly CardChange[]): string =>
  changes.length === 1 ? '1 field' : `${changes.length} fields`;

/** How many are sent as they stand there. */
function keptWords(count: number): string {
  if (count === 0) return '';
  return count === 1 ? `, 1 ${KEPT}` : `, ${count} stay as they are`;
}

/** Of records that there are: how many fields change, and on how many of them. */
function changeWords(changes: readonly CardChange[], records: number, kind: DiffKind): string {
  const changing = changes.filter((change) => !isKept(change));
  const verb = changing.length === 1 ? ['changes', 'changed'] : ['change', 'changed'];
  const on = records <= 1 ? '1 record' : `${records} records`;
  const kept = keptWords(changes.length - changing.length);
  return `${changeCount(changing)} ${verb[kind === 'done' ? 1 : 0]}${kept}, on ${on}`;
}

/** What is made has nothing that could change: its fields are told by themselves. */
function caption({ changes, records }: Card, kind: DiffKind): string {
  if (kind === 'void') return `${changeCount(changes)}, not sent`;
  const fresh = changes.filter(({ before }) => before === null);
  const standing = changes.filter(({ before }) => before !== null);
  return [
    ...(standing.length === 0 ? [] : [changeWords(standing, records.length, kind)]),
    ...(fresh.length === 0 ? [] : [`${changeCount(fresh)} of what is new`]),
  ].join('; ');
}

/** Field by field what it holds and what it would hold: every field of the card, every value whole. */
export function diffTable(card: Card, kind: DiffKind, isInRow = false): Html {
  const heads = HEADS[kind];
  const inRow = isInRow ? 'diff--in' : '';
  const mark = kind === 'waiting' ? '' : `diff--${kind}`;
  return html`<table class="diff ${inRow} ${mark}" role="table">
    <caption>
      ${isInRow ? html`<span class="offscreen">${caption(card, kind)}</span>` : caption(card, kind)}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        <th role="columnheader" scope="col"><span class="offscreen">Field</span></th>
        <th role="columnheader" scope="col">${heads[0]}</th>
        <th role="columnheader" scope="col">${heads[1]}</th>
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${card.changes.map((change) => row(change, heads))}
    </tbody>
  </table>`;
}
