import { createHmac } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from 'vitest';
import { slackMessage, whyNotInSlack } from '../../src/adapters/notify/slack/card-blocks.ts';
import { verifySlackSignature } from '../../src/adapters/notify/slack/signature.ts';
import type { Card, CardChange } from '../../src/contracts/card.ts';
import type { NoticeSubject } from '../../src/ports/notifier.ts';
import { cardFor, requestId } from '../adapters/store/fixtures.ts';
import { scaled } from '../faults/scale.ts';
import { cardsWith, HOSTILE } from '../support/hostile.ts';
import { asRead, randomChanges, readable } from '../support/random-cards.ts';
import { blocksProblem, SIGNING_SECRET } from '../support/slack.ts';
import { telling } from '../support/telling.ts';

const SEED = 20_261_125;
const id = requestId(1);

const messageOf = (card: Card, about: Partial<NoticeSubject> = {}) =>
  slackMessage({ ...telling({ card }).about, ...about });

const buttonsOf = (blocks: readonly any[]): string[] =>
  blocks.flatMap((b) => (b.type === 'actions' ? b.elements.map((e: any) => e.action_id) : []));

/** All texts, with how Slack reads each. */
const textsOf = (blocks: readonly any[]): { type: string; text: string; emoji?: boolean }[] =>
  blocks
    .flatMap((b) => [b.text, ...(b.elements ?? []).map((e: any) => (e.text?.text ? e.text : e))])
    .filter((t) => typeof t?.text === 'string');

/** Without the rules before lines. */
const shown = (text: string): string => asRead(text.replace(/^│ /gm, ''));

const readValue = (text: string): string => {
  if (text.startsWith('\n')) return shown(text.slice(1));
  return text === ' (empty)' ? '' : shown(text.slice(1));
};

const VALUE = '(?: .*|(?:\\n│ .*)+)';
const FIELD = new RegExp(
  `^(?<label>Field \\d+)\\n(?:Now in HubSpot:(?<was>${VALUE})\\n(?:held as:(?<wasRaw>${VALUE})\\n)?)?` +
    `After your yes:(?<will>${VALUE})(?:\\nsent as:(?<willRaw>${VALUE}))?(?:\\nIt stays as it is\\.)?$`,
);

/** A field as a person reads it: its name, what it holds, what it would hold; exactly. */
function readField(text: string): ReturnType<typeof readable> | undefined {
  const found = FIELD.exec(text)?.groups;
  if (found === undefined) return undefined;
  const { label = '', was, wasRaw, will = '', willRaw } = found;
  return {
    label,
    before: was === undefined ? null : readValue(wasRaw ?? was),
    after: readValue(willRaw ?? will),
    ...(wasRaw === undefined ? {} : { before_name: readValue(was ?? '') }),
    ...(willRaw === undefined ? {} : { after_name: readValue(will) }),
  };
}

/** What may be decided there, and the way to the console. */
const buttonsFor = (card: Card): string[] => [
  ...(['approve', 'reject'] as const).filter((kind) => whyNotInSlack(card, kind) === undefined),
  'open',
];

describe('P2: nothing hidden in Slack', () => {
  it(
    'shows each changed field of random cards, or does not let it be decided and says how many',
    () => {
      const cards = scaled(2_000, 10_000);
      const changesOfNext = randomChanges(SEED);
      let blocked = 0;
      let fields = 0;
      for (let n = 0; n < cards; n += 1) {
        const changes = changesOfNext();
        const count = changes.length;
        const card = { ...cardFor(id), changes };
        const { blocks } = messageOf(card);
        expect(blocksProblem(blocks)).toBeUndefined();
        const screen = textsOf(blocks).map(({ text }) => text);
        const read = screen.map(readField);
        const isShown = (change: CardChange): boolean =>
          read.some((one) => isDeepStrictEqual(one, readable(change)));
        const missing = changes.filter((change) => !isShown(change)).length;
        fields += count;
        const isDecided = buttonsOf(blocks).includes('approve');
        expect(isDecided).toBe(whyNotInSlack(card, 'approve') === undefined);
        if (isDecided) expect(missing).toBe(0);
        expect(buttonsOf(blocks)).toEqual(buttonsFor(card));
        if (missing > 0) {
          blocked += 1;
          expect(screen.join('\n')).toContain(
            `${missing} of ${count === 1 ? '1 field' : `${count} fields`} cannot be shown in full here.`,
          );
        }
      }
      console.log('P2 slack', { seed: SEED, cards, fields, blocked, hidden: 0 });
      expect(blocked).toBeGreaterThan(50);
      expect(blocked).toBeLessThan(cards - 100);
    },
    scaled(300_000, 1_800_000),
  );

  it('is opened to approve, and may be rejected, where policy asks for a passkey or the risk is high', () => {
    const card = cardFor(id);
    for (const strict of [
      { ...card, requires: { ...card.requires, passkey: true } },
      { ...card, risk: 'destructive' as const },
      { ...card, requires: { ...card.requires, approvals: 2 } },
      { ...card, sentence: 'A note for Acm\u0435' },
    ]) {
      expect(whyNotInSlack(strict, 'approve')).toBeDefined();
      expect(whyNotInSlack(strict, 'reject')).toBeUndefined();
      expect(buttonsOf(messageOf(strict).blocks)).toEqual(['reject', 'open']);
    }
    expect(buttonsOf(messageOf(card).blocks)).toEqual(['approve', 'reject', 'open']);
  });

  it('says that two people approve in the console, beside the button that rejects', () => {
    const card = cardFor(id);
    const { blocks } = messageOf({ ...card, requires: { ...card.requires, approvals: 2 } });
    expect(textsOf(blocks).map(({ text }) => text)).toContain(
      'It cannot be approved here. Policy asks for 2 people: each approves in the console.',
    );
  });
});

describe('look-alike letters in Slack', () => {
  const card = cardFor(id);
  const withAfter = (after: string): Card => ({
    ...card,
    changes: [{ label: 'Website', property: 'website', before: 'acme.test', after }],
  });
  const hints = (of: Card): string[] =>
    textsOf(messageOf(of).blocks)
      .map(({ text }) => text)
      .filter((text) => text.startsWith('Look-alike'));

  it.each([
    ['\u0430cme.test', 'U+0430 is Cyrillic \u0430, not the Latin a'],
    ['acm\u0435.test', 'U+0435 is Cyrillic \u0435, not the Latin e'],
    ['\u03bfn account', 'U+03BF is Greek \u03bf, not the Latin o'],
    ['\uff41cme', 'U+FF41 is full-width \uff41, not the Latin a'],
  ])('in %s are named under the value', (after, hint) => {
    expect(hints(withAfter(after))).toEqual([`Look-alike letters above: ${hint}.`]);
    const texts = textsOf(messageOf(withAfter(after)).blocks).map(({ text }) => text);
    const place = texts.findIndex((text) => text.includes(`After your yes: ${after}`));
    expect(texts[place + 1]).toBe(hints(withAfter(after))[0]);
  });

  it('are named in every text of the card that is not ours', () => {
    const text = 'Acm\u0435';
    for (const of of [
      { ...card, sentence: text },
      { ...card, records: [{ object_type: 'companies', id: '1', name: text }] },
      { ...card, agent: { ...card.agent, name: text } },
      { ...card, claimed: { ...card.claimed, prompt: text } },
      { ...card, claimed: { ...card.claimed, user_id: text } },
      { ...card, changes: [{ label: text, property: 'p', before: null, after: 'a' }] },
      { ...card, changes: [{ label: 'l', property: 'p', before: text, after: 'a' }] },
    ])
      expect(hints(of)).toHaveLength(1);
  });

  it('are no matter in a text that is of one script', () => {
    expect(hints(withAfter('Привет, мир'))).toEqual([]);
    expect(hints(withAfter('Acme, Zürich'))).toEqual([]);
  });

  it('are named ten at most, so that the hint itself fits', () => {
    const many = `aаеорсухіјѕһԁԛԝВНКМТАЕО`;
    const [hint = ''] = hints(withAfter(many));
    expect(hint).toMatch(/; and 12 others\.$/);
    const { blocks } = messageOf(withAfter(many));
    expect([blocksProblem(blocks), buttonsOf(blocks)]).toEqual([undefined, ['reject', 'open']]);
  });
});

describe('links into HubSpot', () => {
  const recordAt = (url: string) => ({ object_type: 'companies', id: '77', name: 'Acme', url });
  const linksOf = (urls: readonly string[]): string[] =>
    textsOf(messageOf({ ...cardFor(id), records: urls.map(recordAt) }).blocks)
      .filter(({ type }) => type === 'mrkdwn')
      .map(({ text }) => text)
      .filter((text) => !text.startsWith('Decide by'));
  const PAGE = 'https://app.hubspot.com/contacts/123/record/0-2/77';

  it('are shown for HubSpot’s own pages, in every region', () => {
    expect(linksOf([PAGE])).toEqual([`Open in HubSpot: <${PAGE}|the record>`]);
    const eu = PAGE.replace('app.', 'app-eu1.');
    expect(linksOf([eu])).toEqual([`Open in HubSpot: <${eu}|the record>`]);
    expect(linksOf([PAGE, eu])).toEqual([`Open in HubSpot: <${PAGE}|1> <${eu}|2>`]);
    expect(linksOf(Array.from({ length: 30 }, () => PAGE))[0]?.match(/</g)).toHaveLength(8);
  });

  it.each([
    'https://evil.test/',
    'http://app.hubspot.com/contacts/1/record/0-2/77',
    'https://app.hubspot.com.evil.test/contacts/1',
    'https://app.hubspot.com@evil.test/contacts/1',
    'https://evil.test/app.hubspot.com/contacts',
    'https://app-evil.hubspot.com/contacts/1',
    'https://apphubspot.com/contacts/1',
    'https://app.hubspot.com/contacts/1|Approve> <https://evil.test/',
    'https://app.hubspot.com/contacts/1?redirect=https://evil.test',
    'https://app.hubspot.com/contacts/1#x',
    'https://app.hubspot.com/contacts/1\nhttps://evil.test',
    'https://app.hubspot.com/%0a',
    'https://\u0430pp.hubspot.com/contacts/1',
    'javascript:alert(1)',
    '<!channel>',
  ])('are not made of %s', (url) => {
    expect(linksOf([url])).toEqual([]);
  });
});

describe('what a card says beside its fields', () => {
  it('is in the message: what can be taken back, and what in the prompt reads like a trick', () => {
    const effects = { undo: 'It can be set back.', remains: 'A workflow may send e-mail.' };
    const signals = ['It asks to skip approval.'];
    const texts = textsOf(messageOf({ ...cardFor(id), effects, signals }).blocks);
    const text = texts.map((one) => one.text).join('\n');
    expect(text).toContain('If it is sent: It can be set back. A workflow may send e-mail.');
    expect(text).toContain('It asks to skip approval.');
  });
});

describe('P3: hostile text in Slack', () => {
  it('says which field somebody has changed, and no name of it is markup', () => {
    for (const text of HOSTILE) {
      const about = { status: 'refused', code: 'approval.stale', detail: text } as const;
      const message = messageOf(cardFor(id), about);
      expect(message.text).toBe(`Out of date. Nothing was sent (${id})`);
      const said = textsOf(message.blocks)[1];
      expect(said).toMatchObject({ type: 'plain_text', emoji: false });
      expect(said?.text).not.toMatch(/[\n\u202a-\u202e\u2066-\u2069\u200b]/);
    }
  });

  it('is never read as markup, whatever field it stands in, and can be read as it is', () => {
    let tried = 0;
    for (const text of HOSTILE) {
      for (const card of cardsWith(cardFor(id), text)) {
        tried += 1;
        const message = messageOf(card);
        expect(message.text).toBe(`Waits for a decision (${id})`);
        const texts = textsOf(message.blocks);
        for (const one of texts) {
          if (one.type === 'mrkdwn')
            expect(one.text).toMatch(
              /^Decide by <!date\^\d+\^\{date_short_pretty\} at \{time\}\|[-\dT:.Z]+>$/,
            );
          else expect(one).toMatchObject({ type: 'plain_text', emoji: false });
        }
        expect(buttonsOf(message.blocks)).toEqual(buttonsFor(card));
        expect(texts.some((one) => shown(one.text).includes(text))).toBe(true);
        const isOurs = texts.filter((one) => /[\u202a-\u202e\u2066-\u2069\u200b]/.test(one.text));
        expect(isOurs).toEqual([]);
      }
    }
    console.log('P3 slack', { strings: HOSTILE.length, cards: tried, active: 0 });
    expect(HOSTILE.length).toBeGreaterThanOrEqual(200);
  });
});

const NOW = new Date('2026-11-25T12:00:00.000Z');
const sign = (timestamp: string, raw: Uint8Array | string, secret = SIGNING_SECRET): string =>
  `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:`).update(raw).digest('hex')}`;

describe('P4: forged signatures of Slack', () => {
  const raw = Buffer.from('payload=%7B%7D');
  const seconds = NOW.getTime() / 1000;
  const ts = String(seconds);
  const good = sign(ts, raw);
  const variants: [
    string,
    string | undefined,
    string | undefined,
    Uint8Array,
    string | undefined,
  ][] = [
    ['no timestamp', undefined, good, raw, SIGNING_SECRET],
    ['no signature', ts, undefined, raw, SIGNING_SECRET],
    ['empty signature', ts, '', raw, SIGNING_SECRET],
    ['no secret set', ts, good, raw, undefined],
    ['empty secret', ts, sign(ts, raw, ' '), raw, ''],
    ['another secret', ts, sign(ts, raw, 'other'), raw, SIGNING_SECRET],
    ['another body', ts, good, Buffer.from('payload=%7B%7D '), SIGNING_SECRET],
    ['no body', ts, good, Buffer.alloc(0), SIGNING_SECRET],
    ['another timestamp', String(seconds + 1), good, raw, SIGNING_SECRET],
    ['301 s old', String(seconds - 301), sign(String(seconds - 301), raw), raw, SIGNING_SECRET],
    ['301 s ahead', String(seconds + 301), sign(String(seconds + 301), raw), raw, SIGNING_SECRET],
    [
      'a day old',
      String(seconds - 86_400),
      sign(String(seconds - 86_400), raw),
      raw,
      SIGNING_SECRET,
    ],
    ['milliseconds', `${ts}000`, sign(`${ts}000`, raw), raw, SIGNING_SECRET],
    ['a fraction', `${ts}.0`, sign(`${ts}.0`, raw), raw, SIGNING_SECRET],
    ['a leading zero', `0${ts}`, sign(`0${ts}`, raw), raw, SIGNING_SECRET],
    ['a sign', `+${ts}`, sign(`+${ts}`, raw), raw, SIGNING_SECRET],
    ['a blank', ` ${ts}`, sign(` ${ts}`, raw), raw, SIGNING_SECRET],
    ['hex', '0x5', sign('0x5', raw), raw, SIGNING_SECRET],
    ['NaN', 'NaN', sign('NaN', raw), raw, SIGNING_SECRET],
    ['negative', '-1', sign('-1', raw), raw, SIGNING_SECRET],
    ['upper case', ts, good.toUpperCase(), raw, SIGNING_SECRET],
    ['upper case hex', ts, `v0=${good.slice(3).toUpperCase()}`, raw, SIGNING_SECRET],
    ['cut', ts, good.slice(0, -1), raw, SIGNING_SECRET],
    ['longer', ts, `${good}0`, raw, SIGNING_SECRET],
    ['two at once', ts, `${good},${good}`, raw, SIGNING_SECRET],
    ['version 1', ts, `v1${good.slice(2)}`, raw, SIGNING_SECRET],
    ['no version', ts, good.slice(3), raw, SIGNING_SECRET],
    ['a line break', ts, `${good}\n`, raw, SIGNING_SECRET],
    ['one bit', ts, `${good.slice(0, -1)}${good.endsWith('0') ? '1' : '0'}`, raw, SIGNING_SECRET],
    ['zeros', ts, `v0=${'0'.repeat(64)}`, raw, SIGNING_SECRET],
  ];
  it.each(variants)('%s is refused', (_, timestamp, signature, body, secret) => {
    const check = () => verifySlackSignature(secret, { timestamp, signature, raw: body }, NOW);
    expect(check).toThrow(expect.objectContaining({ code: 'channel.unproven' }));
  });

  it('refuses none within 299 seconds either way', () => {
    for (let s = -299; s <= 299; s += 1) {
      const timestamp = String(seconds + s);
      const signature = sign(timestamp, raw);
      expect(verifySlackSignature(SIGNING_SECRET, { timestamp, signature, raw }, NOW)).toBe(
        signature,
      );
    }
    console.log('P4 slack', { refused: variants.length, accepted: 599 });
  });
});
