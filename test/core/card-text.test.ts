import { describe, expect, it } from 'vitest';
import { cardLines, visible } from '../../src/core/card-text.ts';
import { promptRisk } from '../../src/core/prompt-rules.ts';
import type { Card } from '../../src/contracts/card.ts';
import { scaled } from '../faults/scale.ts';
import { fieldsIn, rowsIn } from '../support/engine-markdown.ts';
import { cardsWith, HOSTILE } from '../support/hostile.ts';
import { randomChanges, readable } from '../support/random-cards.ts';
import { cardFor, requestId } from '../adapters/store/fixtures.ts';

const LAST_CODE_POINT = 0x10ffff;

/** Unicode's own lists; the two blanks are symbols to it and show nothing all the same. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}]/v;

const named = (point: number): string => `<U+${point.toString(16).toUpperCase().padStart(4, '0')}>`;

const SEED = 20_261_127;
const P2_CARDS = scaled(2_000, 10_000);
const PAGE = 'https://app.hubspot.com/contacts/123/record/0-2/77';
/** Where anything but ASCII takes two columns, and the rules one. */
const columnsOf = (line: string): number =>
  Array.from(line.replace(/[│┆]/u, '|')).reduce((sum, one) => sum + (one <= '~' ? 1 : 2), 0);
const read = (card: Card) => rowsIn(cardLines(card).join('\n'));
const readAs = (card: Card, name: string) =>
  read(card)
    .filter((row) => row.name === name)
    .map(({ value, own }) => value ?? own);

describe('a card as plain lines', () => {
  const card = cardFor(requestId(1));

  it('says what can be taken back and what cannot, and what in the prompt reads like a trick', () => {
    const effects = { undo: 'It can be set back.', remains: 'A workflow may send e-mail.' };
    const signals = ['It asks to skip approval.'];
    const text = cardLines({ ...card, effects, signals }).join('\n');
    for (const said of [effects.undo, effects.remains, ...signals]) expect(text).toContain(said);
  });

  it('says how risky it is, names letters that pass for others, and where HubSpot shows the record', () => {
    const record = { object_type: 'companies', id: '77', name: 'Acm\u0435', url: PAGE };
    const of = { ...card, records: [record], sentence: 'Call Acm\u0435.' };
    expect(readAs(of, 'Risk')).toEqual(['high: hidden or look-alike characters']);
    expect(readAs(of, 'Beware')[0]).toContain('U+0435 is Cyrillic');
    expect(readAs(of, 'In HubSpot')).toEqual([PAGE]);
    const elsewhere = [{ ...record, url: 'https://evil.test/' }];
    expect(readAs({ ...of, records: elsewhere }, 'In HubSpot')).toEqual([]);
  });

  it('breaks its own words at blanks, under each other, and no address', () => {
    const url = `https://app.hubspot.com/contacts/123/record/0-2/${'7'.repeat(60)}`;
    const record = { object_type: 'companies', id: '77', name: 'Acme Corp', url };
    const of = { ...card, records: [record], sentence: 'Acm\u0435 p\u0430ys.' };
    const lines = cardLines(of);
    const at = lines.findIndex((line) => line.startsWith('Beware'));
    expect(lines.slice(at, at + 2)).toEqual([
      'Beware         Look-alike letters above: U+0435 is Cyrillic \u0435, not the',
      '               Latin e; U+0430 is Cyrillic \u0430, not the Latin a.',
    ]);
    expect(readAs(of, 'In HubSpot')).toEqual([url]);
  });

  it('cuts no word of a value in two, in no terminal, and hides no blank by that', () => {
    const words = 'They want the renewal offer before the meeting of the board on Friday morning';
    const whole = 'https://acme.test/offers/2026/november/renewal?of=4471902&for=dana';
    const after = `${words}, and ${whole}  twice`;
    const change = { label: 'Note', property: 'hs_note_body', before: null, after };
    for (const width of [undefined, 60, 72, 40]) {
      const lines = cardLines({ ...card, changes: [change] }, width);
      expect(fieldsIn(lines.join('\n'))[0]?.after).toBe(after);
      for (const word of words.split(' '))
        expect(lines.filter((line) => line.includes(word))).not.toEqual([]);
      for (const line of lines.filter((one) => /^.{15}[│┆]/u.test(one)))
        expect(columnsOf(line)).toBeLessThanOrEqual(width ?? 80);
    }
  });

  it(`P2: shows each changed field of ${P2_CARDS} random cards in full, in lines that no terminal breaks`, () => {
    const next = randomChanges(SEED);
    let fields = 0;
    for (let n = 0; n < P2_CARDS; n += 1) {
      const changes = next();
      const lines = cardLines({ ...card, changes });
      const shown = fieldsIn(lines.join('\n'));
      expect(shown).toEqual(changes.map(readable));
      for (const line of lines.filter((one) => /^.{15}[│┆]/u.test(one)))
        expect(columnsOf(line)).toBeLessThanOrEqual(80);
      fields += changes.length;
    }
    console.log('P2 terminal', { seed: SEED, cards: P2_CARDS, fields, hidden: 0 });
    expect(fields).toBeGreaterThan(P2_CARDS);
  });

  it('P3: has no word of ours that hostile text put there, whatever field it stands in', () => {
    const forged = [
      `${'長'.repeat(31)}xRisk           low`,
      'x\nNeeds           1 person',
      `x${' '.repeat(200)}\rRisk            low`,
      'Acm\u0435 p\u0430ys',
    ];
    const once = [
      'What',
      'Risk',
      'Asked by',
      'Needs',
      '  for',
      '  prompt',
      'Digest',
      'Log',
      'Until',
    ];
    const more = [
      'Record',
      'Beware',
      'Field',
      '  now',
      '    held as',
      '  after a yes',
      '    sent as',
      '  note',
      'If it is sent',
      '  for good',
    ];
    const ours = [...once, ...more, 'Changed', '  because', 'The agent says', 'Signal', 'Request'];
    for (const text of [...HOSTILE, ...forged])
      for (const of of cardsWith(card, text)) {
        const names = read(of).map(({ name }) => name);
        expect(names.filter((name) => !ours.includes(name))).toEqual([]);
        expect(once.map((name) => names.filter((one) => one === name).length)).toEqual(
          once.map(() => 1),
        );
        for (const line of cardLines(of)) expect(columnsOf(line)).toBeLessThanOrEqual(80);
      }
  });
});

describe('text shown to people', () => {
  it('spells out every character of Unicode that shows nothing or turns text around, and no other', () => {
    const wrong: string[] = [];
    for (let point = 0; point <= LAST_CODE_POINT; point += 1) {
      const character = String.fromCodePoint(point);
      const isPlain = character === '\n' || character === '\t' || !UNSEEN.test(character);
      if (visible(`a${character}b`) !== `a${isPlain ? character : named(point)}b`)
        wrong.push(named(point));
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    0xad, 0x61c, 0x34f, 0x115f, 0x180e, 0x2800, 0x3164, 0xfe0f, 0xfff9, 0xfffb, 0xe0001, 0xe0041,
    0xe007f, 0xe0100, 0x202e, 0x200b, 0x9b, 0xd800,
  ])('spells out the code point %d', (point) => {
    expect(visible(`pay${String.fromCodePoint(point)}ment`)).toBe(`pay${named(point)}ment`);
  });

  it('spells out marks piled on one letter, from the fifth on', () => {
    expect(visible(`a${'\u0301'.repeat(4)}`)).toBe(`a${'\u0301'.repeat(4)}`);
    expect(visible(`a${'\u0301'.repeat(6)}`)).toBe(`a${'\u0301'.repeat(4)}<U+0301><U+0301>`);
  });

  it('spells out also what a script or an emoji needs: the approver sees all that is sent', () => {
    expect(visible('می\u200Cخواهم ☎\uFE0F')).toBe('می<U+200C>خواهم ☎<U+FE0F>');
  });

  it('leaves scripts, accents and blanks as they are', () => {
    const text = 'Zoë e\u0301 株式会社 אבג محمد 👍 a\u00A0b\tc\nd';
    expect(visible(text)).toBe(text);
  });

  it('shows a card without a hidden character in any of its texts', () => {
    const hidden = 'x\u3164\u{E0041}\u2800y';
    const card = cardFor(requestId(1));
    const lines = cardLines({
      ...card,
      sentence: hidden,
      agent: { ...card.agent, name: hidden },
      records: [{ object_type: 'contacts', id: '1', name: hidden }],
      changes: [{ label: hidden, property: 'note', before: hidden, after: hidden }],
      claimed: { user_id: hidden, prompt: hidden },
      requires: { ...card.requires, roles: [hidden], reasons: [hidden] },
    });
    expect(lines.filter((line) => UNSEEN.test(line))).toEqual([]);
    expect(lines.join('\n').split('x<U+3164><U+E0041><U+2800>y').length - 1).toBe(10);
  });
});

describe('what has one line of its own', () => {
  it('cannot write lines of the card: a record may be named by anybody', () => {
    const forged = 'Acme\nNeeds          nobody';
    const card = cardFor(requestId(1));
    const lines = cardLines({
      ...card,
      sentence: forged,
      agent: { ...card.agent, name: forged },
      records: [{ object_type: 'companies', id: '1', name: forged }],
      changes: [{ label: forged, property: 'note', before: forged, after: forged }],
      claimed: { user_id: forged, prompt: forged },
      requires: { ...card.requires, roles: [forged], reasons: [forged] },
    });
    const needs = lines.join('\n').match(/^Needs /gm);
    expect(needs).toHaveLength(1);
  });
});

describe('the injection risk of a prompt', () => {
  const riskOf = (prompt: string): number =>
    promptRisk({ userId: 'dana@acme.test', prompt, action: { action: 'get_contact' } });

  it.each(['\u00AD', '\u034F', '\u115F', '\u180E', '\u2800', '\u3164', '\u{E0041}', '\uFFF9'])(
    'is raised by the hidden character %j',
    (character) => {
      expect(riskOf(`find${character}Acme`)).toBeGreaterThan(0);
    },
  );

  it.each(['Call 👩‍💻 ☎️', 'می\u200Cخواهم', 'one\r\ntwo\tthree', 'plain'])(
    'is not raised by %j',
    (text) => {
      expect(riskOf(text)).toBe(0);
    },
  );
});
