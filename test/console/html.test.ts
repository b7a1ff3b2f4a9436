import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeHtml, html } from '../../src/console/html.ts';
import { sentence } from '../../src/console/pages/parts.ts';
import { hiddenHint, shown } from '../../src/console/shown-text.ts';
import { wordDiff } from '../../src/console/word-diff.ts';

const unescapeHtml = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&#96;', '`')
    .replaceAll('&amp;', '&');

const anyText = fc.string({ unit: 'binary', maxLength: 60 });

describe('the html template', () => {
  it('lets no text become markup, and loses none of it', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const inner = html`<p title="${text}">${text}</p>`.text;
        const body = escapeHtml(text);
        expect(inner).toBe(`<p title="${body}">${body}</p>`);
        expect(body).not.toMatch(/[<>"'`]/);
        expect(unescapeHtml(body)).toBe(text.replaceAll('\0', '\uFFFD'));
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses values where escaping is not enough', () => {
    const text = 'x';
    expect(() => html`<p class=${text}></p>`).toThrow(TypeError);
    expect(() => html`<p ${text}></p>`).toThrow(TypeError);
    expect(() => html`<p onclick="${text}"></p>`).toThrow(TypeError);
    expect(() => html`<p style="${text}"></p>`).toThrow(TypeError);
    expect(() => html`<img src="${text}" />`).toThrow(TypeError);
    expect(
      () =>
        html`<script>
          ${text};
        </script>`,
    ).toThrow(TypeError);
  });

  it.each([
    'javascript:alert(1)',
    'https://evil.example/',
    '//evil.example',
    '/consoles',
    'data:,x',
  ])('makes no link to %s', (address) => {
    expect(() => html`<a href="${address}">x</a>`).toThrow('leads elsewhere');
  });

  it('links into the console and into HubSpot', () => {
    for (const address of ['/console', '/console/requests', '#proof'])
      expect(html`<a href="${address}">x</a>`.text).toContain(address);
    expect(
      () => html`<a href="https://app.hubspot.com/contacts/1/record/0-3/2">x</a>`,
    ).not.toThrow();
  });
});

describe('a value on the page', () => {
  it('is isolated in direction, its hidden characters named and its look-alikes marked', () => {
    const { text } = shown('a\u202Eb br\u0430nd');
    expect(text).toMatch(/^<bdi>.*<\/bdi>$/);
    expect(text).toContain('<span class="glyph">U+202E right-to-left override</span>');
    expect(text).toContain('<span class="alike">\u0430</span>');
    expect(hiddenHint('a\u200Bb')?.text).toContain('1 character here cannot be seen');
    expect(hiddenHint('Привет, мир')).toBeUndefined();
    expect(hiddenHint('Acme Corp 2027')).toBeUndefined();
  });
});

describe('the sentence of a card', () => {
  it('piles no more than four marks on a letter: the others are named', () => {
    const made = shown(`payments${'\u0301'.repeat(48)}`).text;
    expect(made.match(/\u0301/g)).toHaveLength(4);
    expect(made.match(/U\+0301/g)).toHaveLength(44);
  });

  it('is drawn though it is nothing but blanks, without a look at each for each', () => {
    const blanks = ' '.repeat(150_000);
    expect(shown(`a${blanks}b${blanks}`).text.length).toBeGreaterThan(300_000);
  });

  it('names blanks at its own ends, and none around the name that stands in it', () => {
    const of = { object_type: 'contacts', id: '1', name: 'Dana Fox' };
    const plain = sentence({ sentence: 'Add a note to Dana Fox today.', records: [of] }).text;
    expect(plain).not.toContain('glyph');
    expect(plain).toContain('<b><bdi>Dana Fox</bdi></b>');
    const led = sentence({ sentence: ' Add a note to Dana Fox', records: [of] }).text;
    expect(led).toContain('<span class="glyph">U+0020 space</span>');
  });
});

describe('word by word', () => {
  it('the passages are both texts exactly', () => {
    const words = fc.array(fc.constantFrom('a', 'b', ' ', '\n', 'cc'), { maxLength: 30 });
    fc.assert(
      fc.property(words, words, (one, other) => {
        const passages = wordDiff(one.join(''), other.join(''));
        const side = (without: string): string =>
          passages
            .filter(({ kind }) => kind !== without)
            .map(({ text }) => text)
            .join('');
        expect(side('new')).toBe(one.join(''));
        expect(side('gone')).toBe(other.join(''));
      }),
    );
  });
});
