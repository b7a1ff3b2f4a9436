import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Card, CardChange } from '../../src/contracts/card.ts';
import { ENGINE_CARD_LIMITS, engineCard, whyNotInEngine } from '../../src/core/engine-card.ts';
import { ENGINE_NOTES_MAX, engineDetails } from '../../src/core/engine-details.ts';
import { freePort } from '../../src/embedded/ports.ts';
import { startTemporalServer, type TemporalServer } from '../../src/embedded/temporal-server.ts';
import { cardFor, requestId } from '../adapters/store/fixtures.ts';
import { scaled } from '../faults/scale.ts';
import {
  fieldsIn,
  readByTemporal,
  type ReadDetails,
  readMarkdown,
  rowsIn,
} from '../support/engine-markdown.ts';
import { cardsWith, HOSTILE } from '../support/hostile.ts';
import { randomChanges, readable } from '../support/random-cards.ts';
import { temporalCliPath } from '../support/temporal-cli.ts';

const SEED = 20_261_126;
const id = requestId(1);
const card = cardFor(id);
const PAGE = 'https://app.hubspot.com/contacts/123/record/0-2/77';
let temporal: TemporalServer;

beforeAll(async () => {
  temporal = await startTemporalServer({
    cliPath: await temporalCliPath(),
    port: await freePort(),
    uiPort: await freePort(),
    namespace: 'default',
    searchAttributes: {},
    logFile: join(tmpdir(), 'temporal-ui-tests.log'),
  });
}, 60_000);
afterAll(() => temporal.stop());

/** How many cards of many Temporal's own renderer reads; all, in the full form. */
const TEMPORAL_READS_EACH = scaled(6, 1);
let reads = 0;

/** By the other reader alone, most of the time. */
async function readOften(content: string): Promise<ReadDetails> {
  reads += 1;
  return reads % TEMPORAL_READS_EACH === 0 ? read(content) : readMarkdown(content);
}

/** As both readers see it, who have to agree. */
async function read(content: string): Promise<ReadDetails> {
  const [one, other] = [readMarkdown(content), await readByTemporal(temporal.uiUrl!, content)];
  expect(other.block).toBe(one.block);
  expect(other.links).toEqual(one.links);
  return { ...one, active: [...one.active, ...other.active] };
}

const change = (of: Partial<CardChange> = {}): CardChange => ({
  label: 'Phone',
  property: 'phone',
  before: '+1 555 0100',
  after: '+1 555 0199',
  ...of,
});
const withAfter = (after: string): Card => ({ ...card, changes: [change({ after })] });
const LONG = 'x'.repeat(20_000);

describe('the card in Temporal’s view', () => {
  it('has all that an approver has to see', async () => {
    const { block, links, prose, active } = await read(
      engineCard({
        ...card,
        records: [{ object_type: 'companies', id: '77', name: 'Acme Corp', url: PAGE }],
        changes: [change()],
        effects: { undo: 'It can be set back.', remains: 'A workflow may send e-mail.' },
        signals: ['It asks to skip approval.'],
      }),
    );
    const rows = Object.fromEntries(
      rowsIn(block).map(({ name, value, own }) => [name, value ?? own]),
    );
    expect(rows).toEqual({
      What: 'Add a note to Acme Corp.',
      Record: 'Acme Corp (companies 77)',
      Risk: 'raised: the agent’s words, see Signal',
      Field: 'Phone',
      '  now': '+1 555 0100',
      '  after a yes': '+1 555 0199',
      'If it is sent': 'It can be set back.',
      '  for good': 'A workflow may send e-mail.',
      'Asked by': 'agent Helper on connection main',
      Needs: '1 person with role sales-lead',
      '  because': 'writes need a sales lead',
      'The agent says': 'its own words, not checked:',
      '  for': 'dana@acme.test',
      '  prompt': 'Note that I called.',
      Signal: 'It asks to skip approval.',
      Digest: card.digest.slice(0, 16),
      Log: '3 entries, root abcd',
      Request: id,
    });
    expect(links).toEqual([PAGE]);
    expect(active).toEqual([]);
    expect(prose).toContain(
      'Decide by 1 November 2026 at 11:00 UTC. The times on this page are UTC',
    );
    expect(prose).toContain('To decide here, send the signal decide');
  });

  it('says how it stands, and what became of the last signals, in words that are no markup', async () => {
    const notes = Array.from(
      { length: 12 },
      (_, at) => `note ${at} [x](https://evil.test) <b>\n# y`,
    );
    const { block, links, active, prose } = await read(
      engineDetails(engineCard(card), 'waiting', notes),
    );
    expect(links).toEqual([]);
    expect(active).toEqual([]);
    expect(prose).toContain('Waits for a decision.');
    const told = rowsIn(block).filter(({ name }) => name === 'Signal');
    expect(told.map(({ value }) => value)).toEqual(notes.slice(-ENGINE_NOTES_MAX));
    for (const kind of ['approved', 'ended'] as const)
      expect((await read(engineDetails(engineCard(card), kind, []))).prose).toContain(
        'Nothing more is decided here.',
      );
  });

  it.each([
    ['Acm\u0435', 'Look-alike letters above: U+0435 is Cyrillic \u0435, not the Latin e.'],
    ['\uff41cme', 'Look-alike letters above: U+FF41 is full-width \uff41, not the Latin a.'],
  ])('names the look-alike letters of %s', async (after, hint) => {
    const { block } = await read(engineCard(withAfter(after)));
    expect(rowsIn(block).find(({ name }) => name === 'Beware')?.own).toBe(hint);
    expect(rowsIn(block).find(({ name }) => name === 'Risk')?.own).toBe(
      'high: hidden or look-alike characters',
    );
  });

  it.each(['a ', ' a', 'a\tb', 'a\u00a0b', 'a \nb', ' ', 'a\u2003', `a${' '.repeat(200)}b`])(
    'shows the blanks of %j that nobody would see',
    async (after) => {
      const { block } = await read(engineCard(withAfter(after)));
      expect(fieldsIn(block)).toEqual([{ label: 'Phone', before: '+1 555 0100', after }]);
      // Where a line was broken by us, the next says so.
      expect(block).not.toMatch(/[^\S\n\u0020]| $(?!\n {15}┆)/m);
      const widest = Math.max(...block.split('\n').map((line) => Array.from(line).length));
      expect(widest).toBeLessThan(100);
    },
  );

  it('links to HubSpot’s own pages alone', async () => {
    const linksOf = async (urls: readonly string[]) => {
      const records = urls.map((url) => ({ object_type: 'companies', id: '77', name: 'A', url }));
      return (await read(engineCard({ ...card, records }))).links;
    };
    expect(await linksOf([PAGE, PAGE.replace('app.', 'app-eu1.')])).toHaveLength(2);
    expect(await linksOf(Array.from({ length: 30 }, () => PAGE))).toHaveLength(8);
    for (const url of [
      'https://evil.test/',
      'https://app.hubspot.com.evil.test/contacts/1',
      'https://app.hubspot.com@evil.test/contacts/1',
      'https://app.hubspot.com/contacts/1) [x](https://evil.test',
      'https://app.hubspot.com/contacts/1\n\n# x',
      'javascript:alert(1)',
    ])
      expect(await linksOf([url])).toEqual([]);
  });
});

describe('approving in Temporal’s view', () => {
  it('is offered for what is shown in full, of no high risk, and needs no passkey', () => {
    expect(whyNotInEngine(card)).toBeUndefined();
    expect(engineCard(card)).toContain('To decide here');
  });

  it.each<[string, Card, string]>([
    ['a long field', withAfter(LONG), '1 of 1 field cannot be shown in full here.'],
    [
      'a long prompt',
      { ...card, claimed: { ...card.claimed, prompt: LONG } },
      '1 part of the card cannot be shown in full here.',
    ],
    ['high risk', { ...card, risk: 'destructive' }, 'Risk high:'],
    ['hidden characters', withAfter('a\u202eb'), 'Risk high: hidden or look-alike characters.'],
    [
      'a passkey that policy wants',
      { ...card, requires: { ...card.requires, passkey: true } },
      'Policy asks for a passkey.',
    ],
  ])('is not offered for %s, and says why', async (_, of, why) => {
    expect(whyNotInEngine(of)).toContain(why);
    const { prose } = await read(engineCard(of));
    expect(prose).toContain(`It cannot be approved here. ${why}`);
    expect(prose).toContain('A rejection by the signal decide counts.');
    expect(prose).not.toContain('To decide here');
  });
});

/** Without what makes every other random card one of high risk. */
const honest = (text: string): string =>
  text.replace(/[\u202e\u200b\u2066\u00ad\u{e0041}деф]/gu, 'x');

describe('P2: nothing hidden in Temporal’s view', () => {
  const cards = scaled(2_000, 10_000);
  it(
    `shows each changed field of ${cards} random cards, or is not approved there and says how many`,
    async () => {
      const next = randomChanges(SEED);
      const found = { fields: 0, hidden: 0, refused: 0, refusedForLength: 0, offered: 0 };
      for (let n = 0; n < cards; n += 1) {
        const made = next();
        const changes = made.map((one) =>
          n % 2 === 0
            ? one
            : {
                ...one,
                before: one.before && honest(one.before),
                after: honest(one.after),
                ...(one.before_name === undefined ? {} : { before_name: honest(one.before_name) }),
                ...(one.after_name === undefined ? {} : { after_name: honest(one.after_name) }),
              },
        );
        const { block, prose, active } = await readOften(engineCard({ ...card, changes }));
        expect(active).toEqual([]);
        const shown = fieldsIn(block);
        const isShown = (change: CardChange): boolean =>
          shown.some((one) => isDeepStrictEqual(one, readable(change)));
        const missing = changes.filter((one) => !isShown(one)).length;
        const isOffered = prose.includes('To decide here');
        expect(whyNotInEngine({ ...card, changes }) === undefined).toBe(isOffered);
        found.fields += changes.length;
        if (isOffered) expect(missing).toBe(0);
        if (missing > 0) {
          const count = changes.length === 1 ? '1 field' : `${changes.length} fields`;
          expect(prose).toContain(
            `approved here. ${missing} of ${count} cannot be shown in full here.`,
          );
          found.refusedForLength += 1;
        }
        found.hidden += isOffered ? missing : 0;
        found[isOffered ? 'offered' : 'refused'] += 1;
        expect(engineCard({ ...card, changes }).length).toBeLessThanOrEqual(
          ENGINE_CARD_LIMITS.maxChars,
        );
      }
      console.log('P2 Temporal', { seed: SEED, cards, ...found });
      expect(found.refusedForLength).toBeGreaterThan(20);
      expect(found.offered).toBeGreaterThan(cards / 4);
    },
    scaled(300_000, 3_600_000),
  );
});

/** What Markdown and the UI make more of than text. */
const MARKDOWN = [
  '# heading',
  'x\n===',
  'x\n---',
  '***',
  '- item',
  '1. item',
  '- [ ] task',
  '| a | b |\n|---|---|\n| c | d |',
  '![x](https://evil.test/pixel.png)',
  '![x][1]\n\n[1]: https://evil.test',
  '[x](javascript:alert(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[1]: https://evil.test',
  '<https://evil.test>',
  '<a href="https://evil.test">Approve</a>',
  '<form action="https://evil.test"><button>Approve</button></form>',
  '<iframe src="https://evil.test">',
  '<!-- -->',
  '</code></pre><h1>x</h1>',
  'www.evil.test',
  'eve@evil.test',
  'ftp://evil.test',
  '~~~\n# x\n~~~',
  '````\n# x\n````',
  `${'`'.repeat(40)}\n# x`,
  '``` text',
  '`` a ` b ``',
  '**b** __b__ ~~s~~ $x$ \\(x\\) $$y$$',
  '\\[x\\]',
  'term\n: definition',
  'x[^1]\n\n[^1]: note',
  '&#60;script&#62; &copy;',
  '    indented',
  '{workflowId}',
  '{namespace}{runId}',
  '{work{namespace}flowId}',
  '{#id} x {.class}',
  '"quotes" -- ... (c) 1/2',
  'a  \nb',
  '\r\n# x',
];

describe('P3: hostile text in Temporal’s view', () => {
  it('is no link, image, HTML or heading, whatever field it stands in, and can be read as it is', async () => {
    const strings = [...HOSTILE, ...MARKDOWN];
    let tried = 0;
    const records = [{ object_type: 'deals', id: '1', name: 'n', url: PAGE }];
    for (const text of strings) {
      for (const of of cardsWith({ ...card, records }, text)) {
        tried += 1;
        const details = engineDetails(engineCard(of), 'waiting', []);
        const { block, links, active, prose } = await readOften(details);
        expect(active, details).toEqual([]);
        expect(links).toEqual(of.records[0]?.url === undefined ? [] : [PAGE]);
        const values = rowsIn(block).map(({ value }) => value ?? '');
        expect(
          values.some((value) => value.includes(text)),
          details,
        ).toBe(true);
        expect(prose).toMatch(
          /^Waits for a decision\.\s*Decide by 1 November 2026 at 11:00 UTC\./m,
        );
      }
    }
    console.log('P3 Temporal', { strings: strings.length, cards: tried, active: 0 });
    expect(strings.length).toBeGreaterThanOrEqual(200);
  }, 300_000);
});
