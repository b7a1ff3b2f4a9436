import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dateTime,
  emailAddress,
  hubspotId,
  multiLine,
  oneLine,
} from '../../src/actions/text-rules.ts';

const line = oneLine(50);
const text = multiLine(50);
const takes = (schema: typeof line, value: string): boolean => schema.safeParse(value).success;

describe('one visible line', () => {
  it.each([
    ['a name', 'Dana Fox'],
    ['accents, composed or not', 'Zoë Ångström e\u0301'],
    ['scripts without joiners', '株式会社アクメ'],
    ['right-to-left scripts', 'אבגד محمد'],
    ['a curly apostrophe', 'O’Rourke'],
    ['emoji with joiners and variation selectors', '☎️ Call 👩‍💻 🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
    [
      'the joiners that Persian, Hindi and Sinhala names are written with',
      'علی\u200Cرضا क्\u200Dष ශ්\u200Dරී',
    ],
    ['Mongolian with its vowel separator', 'ᠬᠠᠷ\u180Eᠠ'],
  ])('takes %s', (_what, value) => {
    expect(line.parse(value)).toBe(value);
  });

  it.each([
    ['a line feed', 'a\nb', 'U+000A'],
    ['a null byte', 'a\0b', 'U+0000'],
    ['a C1 control', 'a\u0085b', 'U+0085'],
    ['a bidi override', 'invoice\u202Efdp.exe', 'U+202E'],
    ['a bidi isolate', 'a\u2066b', 'U+2066'],
    ['a zero-width space', 'Acme\u200BCorp', 'U+200B'],
    ['a byte order mark', 'Acme\uFEFFCorp', 'U+FEFF'],
    ['a soft hyphen', 'Ac\u00ADme', 'U+00AD'],
    ['a Hangul filler', 'Acme\u3164Corp', 'U+3164'],
    ['a lone variation selector', 'a\uFE0F', 'U+FE0F'],
    ['Unicode tags', 'a\u{E0041}', 'U+E0041'],
    ['half a surrogate pair', 'a\uD800', 'U+D800'],
    ['a line separator', 'a\u2028b', 'U+2028'],
    ['a blank that is a symbol', 'Acme\u2800Corp', 'U+2800'],
    ['a joiner between Latin letters', 'Ac\u200Dme', 'U+200D'],
    ['two joiners in a row', 'می\u200C\u200Cخ', 'U+200C'],
    ['a joiner that an emoji alone parts from its letter', 'می👩\u200Cخ', 'U+200C'],
    ['a vowel separator of another script', 'Acme\u180ECorp', 'U+180E'],
  ])('refuses %s and names it', (_what, value, name) => {
    const { error } = line.safeParse(value);
    expect(error?.issues[0]?.message).toBe(`carries a character that people cannot see (${name})`);
  });

  it('cuts outer blanks and refuses what is nothing else', () => {
    expect(line.parse('  Dana ')).toBe('Dana');
    expect(takes(line, '   ')).toBe(false);
  });

  it('holds the limit', () => {
    expect(takes(line, 'x'.repeat(50))).toBe(true);
    expect(takes(line, 'x'.repeat(51))).toBe(false);
  });
});

describe('text of several lines', () => {
  it.each([
    ['line breaks and tabs', 'one\n\ttwo'],
    ['the joiner Persian is written with', 'می\u200Cخواهم'],
    ['directional marks', 'abc\u200F'],
    ['emoji, also as Unicode does not list them', '☎️ ✂\uFE0E 👩‍💻 👩\u200D🦄'],
    ['the joiners of Indic scripts', 'क्\u200Dष ശ്\u200Dരീ'],
  ])('takes %s', (_what, value) => {
    expect(takes(text, value)).toBe(true);
  });

  it.each([
    '\r',
    '\x00',
    '\x1B',
    '\x7F',
    '\u0085',
    '\u202A',
    '\u202E',
    '\u2066',
    '\u2069',
    '\u{E0049}',
    '\u{E0101}',
    '\uDC00',
    '\u00AD',
    '\u061C',
    '\u034F',
    '\u115F',
    '\u180E',
    '\u200B',
    '\u200C',
    '\u200D',
    '\u2060',
    '\u2800',
    '\u3164',
    '\uFE0F',
    '\uFEFF',
    '\uFFF9',
    '\uFFFB',
  ])('refuses %j', (character) => {
    expect(takes(text, `a${character}b`)).toBe(false);
  });

  it('turns Windows line ends into one form', () => {
    expect(text.parse('one\r\ntwo')).toBe('one\ntwo');
  });

  it('lets through no control, bidi override or tag, whatever is written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (value) => {
        const parsed = text.safeParse(value);
        if (!parsed.success) return;
        for (const character of parsed.data.replaceAll(/\p{RGI_Emoji}/gv, '')) {
          const point = character.codePointAt(0) ?? 0;
          const isControl = point < 32 || (point >= 127 && point < 160);
          expect(isControl && !'\n\t'.includes(character)).toBe(false);
          expect(point >= 0x202a && point <= 0x202e).toBe(false);
          expect(point >= 0xe0000 && point <= 0xe0fff).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('every code point of Unicode', () => {
  const CHARACTERS = Array.from({ length: 0x110000 }, (_, point) => String.fromCodePoint(point));
  const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800\u{1D159}]/v;
  const TAKEN_IN_TEXT = '\t\n\u200E\u200F';

  it('is taken where people can see it, in a line as in longer text', () => {
    // Each on a letter of its own: marks are taken, and not piled up.
    const seen = CHARACTERS.filter((character) => !UNSEEN.test(character)).join('a');
    for (const schema of [oneLine(seen.length + 2), multiLine(seen.length + 2)])
      expect(schema.safeParse(`a${seen}b`).error).toBeUndefined();
  });

  it('is refused where it is the fifth mark on one letter', () => {
    const marks = '\u0301'.repeat(5);
    for (const schema of [line, text]) {
      expect(takes(schema, `a${marks.slice(1)}b`)).toBe(true);
      expect(takes(schema, `a${marks}b`)).toBe(false);
    }
  });

  it('is refused between Latin letters where people cannot see it', () => {
    const unseen = CHARACTERS.filter((character) => UNSEEN.test(character));
    const refusedBy = (schema: typeof line): string[] =>
      unseen.filter((character) => !takes(schema, `a${character}b`));
    expect(refusedBy(line)).toEqual(unseen);
    expect(refusedBy(text)).toEqual(
      unseen.filter((character) => !TAKEN_IN_TEXT.includes(character)),
    );
  });
});

describe('ids, addresses and times', () => {
  it.each(['0', '007', '-1', '1e3', '../1', '1/associations', ' 1', '', '1'.repeat(21)])(
    'takes no id %j',
    (id) => {
      expect(hubspotId('an id').safeParse(id).success).toBe(false);
    },
  );

  it('takes an e-mail address in lower case, as HubSpot keeps it', () => {
    expect(emailAddress().parse('Dana.Fox@Acme.Test')).toBe('dana.fox@acme.test');
  });

  it.each([
    '..',
    '.',
    'a/b@acme.test',
    'dana@',
    'dana fox@acme.test',
    'dana@acme.test?x=1',
    'd\u200Bana@acme.test',
  ])('takes no address %j', (address) => {
    expect(emailAddress().safeParse(address).success).toBe(false);
  });

  it.each([
    ['2026-12-01T15:00:00Z', true],
    ['2026-12-01T15:00:00.250+05:30', true],
    ['2026-12-01', false],
    ['2026-12-01T15:00:00', false],
    ['2026-02-30T15:00:00Z', false],
    ['tomorrow', false],
  ])('takes %s as a time: %s', (value, isTaken) => {
    expect(dateTime('When.').safeParse(value).success).toBe(isTaken);
  });
});
