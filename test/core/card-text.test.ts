import { describe, expect, it } from 'vitest';
import { cardLines, visible } from '../../src/core/card-text.ts';
import { promptRisk } from '../../src/core/prompt-rules.ts';
import { cardFor, requestId } from '../adapters/store/fixtures.ts';

const LAST_CODE_POINT = 0x10ffff;

/** Unicode's own lists; the two blanks are symbols to it and show nothing all the same. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}]/v;

const named = (point: number): string => `<U+${point.toString(16).toUpperCase().padStart(4, '0')}>`;

describe('a card as plain lines', () => {
  it('says what can be taken back and what cannot, and what in the prompt reads like a trick', () => {
    const effects = { undo: 'It can be set back.', remains: 'A workflow may send e-mail.' };
    const signals = ['It asks to skip approval.'];
    const text = cardLines({ ...cardFor(requestId(1)), effects, signals }).join('\n');
    for (const said of [effects.undo, effects.remains, ...signals]) expect(text).toContain(said);
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
    const forged = 'Acme\n  Needs        nobody';
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
    const needs = lines.join('\n').match(/^ {2}Needs /gm);
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
