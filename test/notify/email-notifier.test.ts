import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createEmailNotifier,
  type EmailSettings,
} from '../../src/adapters/notify/email/email-notifier.ts';
import type { Card } from '../../src/contracts/card.ts';
import { leftText } from '../../src/core/durations.ts';
import { REQUEST_KINDS, type RequestKind } from '../../src/core/notices.ts';
import { cardFor, requestId, START } from '../adapters/store/fixtures.ts';
import { scaled } from '../faults/scale.ts';
import { cardsWith, HOSTILE } from '../support/hostile.ts';
import { elementsIn, type HtmlElement, piecesIn, readHtml, textIn } from '../support/html.ts';
import { asRead, randomChanges, readable } from '../support/random-cards.ts';
import { type ReadMail, readMail, type SmtpStandIn, startSmtp } from '../support/smtp.ts';
import { LINK, telling, type TellingOptions } from '../support/telling.ts';

const SEED = 20_261_127;
const id = requestId(1);
const ROBIN = 'robin@acme.test';
let smtp: SmtpStandIn;

beforeAll(async () => {
  smtp = await startSmtp();
});
beforeEach(() => {
  smtp.mails.length = 0;
  smtp.commands.length = 0;
});
afterAll(() => smtp.close());

const notifier = (change: Partial<EmailSettings> = {}) =>
  createEmailNotifier({
    host: '127.0.0.1',
    port: smtp.port,
    isTls: false,
    isLocal: true,
    user: undefined,
    from: 'gate@acme.test',
    readSecret: () => Promise.resolve(undefined),
    ...change,
  });
const tell = (of: TellingOptions = {}, change: Partial<EmailSettings> = {}) =>
  notifier(change).tell(telling({ address: ROBIN, ...of }));

async function mailOf(of: TellingOptions = {}): Promise<ReadMail> {
  expect(await tell(of)).toMatchObject({ kind: 'sent' });
  return readMail(smtp.mails.pop()!);
}

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  html: ['lang'],
  head: [],
  meta: ['charset', 'name', 'content'],
  title: [],
  body: [],
  h2: [],
  h3: [],
  p: [],
  a: ['href'],
  blockquote: ['style'],
  span: [],
  br: [],
};

/** Nothing in it that acts or is fetched, but the one link to the console. */
function assertInert({ html, headers }: ReadMail): HtmlElement {
  const document = readHtml(html);
  const elements = elementsIn(document);
  for (const { tag, attributes } of elements) {
    expect(Object.keys(ALLOWED)).toContain(tag);
    expect(Object.keys(attributes).filter((name) => !ALLOWED[tag]?.includes(name))).toEqual([]);
    if (tag === 'blockquote') expect(attributes).toEqual({ style: 'white-space:pre-wrap' });
  }
  expect(elements.filter(({ tag }) => tag === 'a').map(({ attributes }) => attributes)).toEqual([
    { href: LINK },
  ]);
  expect([...headers.keys()].toSorted()).toEqual(HEADERS);
  return document;
}

const HEADERS = [
  ...['auto-submitted', 'content-type', 'date', 'from', 'message-id', 'mime-version'],
  ...['subject', 'to', 'x-auto-response-suppress'],
];

describe('a mail', () => {
  it('goes to one person, says what waits, and has a link to the console alone', async () => {
    const mail = await mailOf();
    expect(smtp.commands.filter((line) => /^(MAIL|RCPT)/.test(line))).toEqual([
      'MAIL FROM:<gate@acme.test>',
      `RCPT TO:<${ROBIN}>`,
    ]);
    assertInert(mail);
    expect(Object.fromEntries(mail.headers)).toMatchObject({
      from: 'Sallyport <gate@acme.test>',
      to: ROBIN,
      subject: `Waits for a decision (${id})`,
      'message-id': '<ntc_0000000000000001@acme.test>',
      'auto-submitted': 'auto-generated',
    });
    for (const form of [mail.text, textIn(readHtml(mail.html))])
      for (const words of ['Acme Corp', 'Called Dana', 'needs 1 person', 'not checked', 'log 3'])
        expect(form).toContain(words);
    expect(mail.text).toContain(`Open in the console: ${LINK}\n`);
  });

  it('says the risk in words, the deadline in UTC and from its writing, and names look-alike letters', async () => {
    const url = 'https://app.hubspot.com/contacts/123/record/0-2/77';
    const base = cardFor(id);
    const mail = await mailOf({
      card: {
        ...base,
        expires_at: new Date(START.getTime() + 13_200_000).toISOString(),
        records: [{ object_type: 'companies', id: '77', name: 'Acm\u0435 Corp', url }],
        changes: [{ label: 'Website', property: 'w', before: null, after: '\u0430cme' }],
      },
    });
    const read = textIn(assertInert(mail));
    for (const form of [undone(mail.text), read])
      for (const words of [
        'high: hidden or look-alike characters',
        `in HubSpot: ${url}`,
        'Look-alike letters above: U+0435 is Cyrillic \u0435, not the Latin e.',
        'Look-alike letters above: U+0430 is Cyrillic \u0430, not the Latin a.',
        '(UTC), 3 h 40 min after this mail was written.',
      ])
        expect(form).toContain(words);
    const plain = await mailOf();
    expect(plain.text).toContain('Risk\n  low');
    expect(plain.text).not.toContain('Look-alike');
  });

  it.each([
    [
      'Europe/Berlin',
      'Decide by Tuesday 6 January, 05:00 (Europe/Berlin), which is 2026-01-06T04:00',
    ],
    [
      'America/Los_Angeles',
      'Decide by Monday 5 January, 20:00 (America/Los_Angeles), which is 2026-',
    ],
    ['Nowhere/Land', 'Decide by 2026-01-06T04:00'],
    [undefined, 'Decide by 2026-01-06T04:00'],
  ])('says the deadline by the clock of the firm: %s', async (timeZone, words) => {
    const card = { ...cardFor(id), expires_at: '2026-01-06T04:00:00.000Z' };
    const mail = await mailOf({ card, about: { timeZone } });
    expect(undone(mail.text).replaceAll(/\s+/g, ' ')).toContain(words);
    assertInert(mail);
  });

  it.each([
    [1, '1 min'],
    [59, '59 min'],
    [60, '1 h'],
    [61, '1 h 1 min'],
    [1_440, '1 day'],
    [3_059, '2 days 2 h'],
  ])('says %d minutes as %s', (minutes, words) => {
    expect(leftText(minutes)).toBe(words);
  });

  it('says of each event how the request stands, and asks nobody to decide in it', async () => {
    for (const kind of Object.keys(REQUEST_KINDS) as RequestKind[]) {
      for (const status of ['awaiting_approval', 'rejected', 'succeeded'] as const) {
        const made = { name: 'Lena', decision: 'reject', proof: 'key', at: START } as const;
        const about = { status, decisions: [made] };
        const mail = await mailOf({ kind, about });
        assertInert(mail);
        expect(textIn(readHtml(mail.html))).toContain('Lena rejected (key)');
        expect(mail.text).toContain('Nothing is decided by mail');
        const isShown = status === 'awaiting_approval' && ['asked', 'reminded'].includes(kind);
        expect(mail.text.includes('Called Dana')).toBe(isShown);
      }
    }
    const gone = await mailOf({ card: null });
    expect(gone.text).toContain('does not open: somebody changed it');
  });

  it('has the notice’s name, the same at a repeat, and hangs on the first about its request', async () => {
    smtp.failNext('TAKEN', 'drop');
    const lost = await tell();
    expect(lost.kind).toBe('later');
    await tell();
    const [first, second] = smtp.mails.map(readMail);
    expect(second?.headers.get('message-id')).toBe(first?.headers.get('message-id'));
    expect(second?.html).toBe(first?.html);
    smtp.mails.length = 0;
    const thread = '<ntc_0000000000000001@acme.test>';
    const told = await tell({ kind: 'decided', thread, notice: { id: 'ntc_0000000000000002' } });
    expect(told).toEqual({ kind: 'sent', reference: '<ntc_0000000000000002@acme.test>' });
    const { headers } = readMail(smtp.mails[0]!);
    expect([headers.get('in-reply-to'), headers.get('references')]).toEqual([thread, thread]);
  });

  it.each([
    ['RCPT', '550 no such user', 'refused', 'EENVELOPE 550'],
    ['RCPT', '450 try later', 'later', 'EENVELOPE 450'],
    ['MAIL', '530 who are you', 'refused', 'EENVELOPE 530'],
    ['TAKEN', '554 spam', 'refused', 'EMESSAGE 554'],
    ['TAKEN', '452 full', 'later', 'EMESSAGE 452'],
    ['EHLO', 'drop', 'later', 'ECONNECTION'],
  ])('answered to %s with %s is %s', async (verb, how, kind, error) => {
    smtp.failNext(verb, how);
    expect(await tell()).toEqual({ kind, error });
    expect(smtp.mails).toEqual([]);
  });

  it('waits for a server that is not there', async () => {
    expect(await tell({}, { port: 1 })).toEqual({ kind: 'later', error: 'ESOCKET' });
  });

  it('is sent to no address that is more or less than one', async () => {
    const bad = [
      null,
      '',
      'robin',
      'robin@acme.test, eve@evil.test',
      'robin@acme.test\r\nBcc: eve@evil.test',
      'robin@acme.test>\r\nDATA',
      'Robin <robin@acme.test>',
      '"a b"@acme.test',
      'robin@acme.test eve@evil.test',
      'a;b@acme.test',
      'robin@аcme.test',
    ];
    for (const address of bad)
      expect(await tell({ address })).toMatchObject({ kind: 'refused', error: expect.any(String) });
    expect(smtp.commands).toEqual([]);
  });
});

describe('the way to the mail server', () => {
  it('is encrypted, or nothing is said on it', async () => {
    const of = {
      isLocal: false,
      user: 'gate',
      readSecret: () => Promise.resolve('hunter2hunter2'),
    };
    expect(await tell({}, of)).toMatchObject({ kind: 'later', error: /^ETLS/ });
    expect(smtp.mails).toEqual([]);
    expect(smtp.commands.filter((line) => !/^(EHLO|STARTTLS|QUIT)/.test(line))).toEqual([]);
  });

  it('has the password from the secret store, and waits for it', async () => {
    const server = await startSmtp({ offers: ['AUTH PLAIN'] });
    const of = { port: server.port, user: 'gate' };
    expect(await tell({}, of)).toEqual({ kind: 'later', error: 'smtp/password is not set' });
    expect(server.commands).toEqual([]);
    const readSecret = (name: string) => Promise.resolve(`value of ${name}`);
    expect(await tell({}, { ...of, readSecret })).toMatchObject({ kind: 'sent' });
    const plain = Buffer.from('\0gate\0value of smtp/password').toString('base64');
    expect(server.commands).toContain(`AUTH PLAIN ${plain}`);
    server.failNext('AUTH', '535 no');
    expect(await tell({}, { ...of, readSecret })).toEqual({ kind: 'refused', error: 'EAUTH 535' });
    await server.close();
  });
});

interface ReadField {
  readonly label: string;
  before: string | null;
  after: string | undefined;
  before_name?: string;
  after_name?: string;
}

/** The fields as a person reads them in the HTML, in their order. */
function fieldsIn(document: HtmlElement): ReadField[] {
  const [body] = elementsIn(document).filter(({ tag }) => tag === 'body');
  const blocks = body!.children.filter((child) => typeof child !== 'string');
  const fields: ReadField[] = [];
  let what = '';
  const put = (value: string): void => {
    const field = fields.at(-1);
    if (field === undefined) return;
    if (what.startsWith('Now in HubSpot')) field.before = asRead(value);
    else if (what.startsWith('After your yes')) field.after = asRead(value);
    else if (what.startsWith('held as')) {
      field.before_name = field.before ?? '';
      field.before = asRead(value);
    } else if (what.startsWith('sent as')) {
      field.after_name = field.after ?? '';
      field.after = asRead(value);
    }
  };
  for (const block of blocks) {
    const text = textIn(block);
    if (block.tag === 'h3') {
      if (/^Field \d+$/.test(text)) fields.push({ label: text, before: null, after: undefined });
      what = '';
    } else if (block.tag === 'p') {
      what = text;
      if (text.endsWith(': (empty)')) put('');
    } else if (block.tag === 'blockquote') put(text);
  }
  return fields;
}

describe('P2: nothing hidden in mails', () => {
  const cards = scaled(2_000, 10_000);
  it(
    `shows the fields of ${cards} random cards exactly, and counts those that it leaves out`,
    async () => {
      const changesOfNext = randomChanges(SEED);
      // Most fit into a mail; every twentieth has a dozen times as much.
      const changesFor = (n: number) =>
        Array.from({ length: n % 20 === 0 ? 12 : 1 }, changesOfNext)
          .flat()
          .map((change, i) => ({ ...change, label: `Field ${i}` }));
      const found = { fields: 0, leftOut: 0, shortened: 0 };
      for (let n = 0; n < cards; n += 1) {
        const changes = changesFor(n);
        const mail = await mailOf({ card: { ...cardFor(id), changes } });
        const document = readHtml(mail.html);
        const read = fieldsIn(document);
        const shown = changes.filter(({ label }) => read.some((field) => field.label === label));
        expect(read).toEqual(shown.map(readable));
        const missing = changes.length - shown.length;
        const count = changes.length === 1 ? '1 field' : `${changes.length} fields`;
        for (const form of [mail.text, textIn(document)]) {
          if (missing > 0) expect(form).toContain(`not shown here: ${missing} of ${count}`);
          else expect(form).not.toMatch(/not shown here: \d+ of/);
          expect(form).not.toMatch(/\p{Cf}/u);
        }
        expect(Buffer.byteLength(mail.html)).toBeLessThan(100_000);
        found.fields += changes.length;
        found.leftOut += missing;
        found.shortened += missing > 0 ? 1 : 0;
      }
      console.log('P2 e-mail', { seed: SEED, cards, ...found });
      expect(found.shortened).toBeGreaterThan(5);
      expect(found.leftOut).toBeLessThan(found.fields / 2);
    },
    scaled(300_000, 1_800_000),
  );

  it('leaves out what is too long as a whole, says how much, and has the link all the same', async () => {
    const long = (label: string) => ({
      label,
      property: 'p',
      before: null,
      after: 'x.'.repeat(9_000),
    });
    const changes = ['Field 1', 'Field 2', 'Field 3'].map(long);
    const claimed = { user_id: 'u', prompt: 'y.'.repeat(9_000) };
    const mail = await mailOf({ card: { ...cardFor(id), changes, claimed } });
    const document = assertInert(mail);
    expect(fieldsIn(document)).toEqual([]);
    const words = 'not shown here: 3 of 3 fields and 1 other part of the card.';
    expect(textIn(document)).toContain(words);
    expect(mail.text).toContain(words);
  });
});

/** What makes a program see an address. */
const ADDRESS_LIKE =
  /[a-z][\w+.-]*:[^\s\]]|:\/\/|[^\s[\]]@[^\s[\]]|[\p{L}\p{N}]\.\p{L}{2,}|www\./iu;

/** Brackets and rules of the plain form taken away again. */
const undone = (text: string): string =>
  asRead(text.replaceAll(/^│ /gm, '').replaceAll(/\[([:.@])\]/g, '$1'));

describe('P3: hostile text in mails', () => {
  it('says which field somebody has changed, and no name of it is active', async () => {
    for (const detail of [...HOSTILE.slice(0, 40), ...INJECTIONS, 'contacts.phone changed']) {
      const about = { status: 'refused', code: 'approval.stale', detail } as const;
      const mail = await mailOf({ kind: 'stale', about });
      const document = assertInert(mail);
      expect(mail.headers.get('subject')).toBe(`Out of date. Nothing was sent (${id})`);
      expect(asRead(textIn(document)).replaceAll('<U+000A>', '\n')).toContain(detail);
    }
  });

  it('makes no link, image, script, mention or header, whatever field it stands in, and can be read', async () => {
    let tried = 0;
    for (const text of [...HOSTILE, ...INJECTIONS]) {
      for (const card of cardsWith(cardFor(id), text)) {
        tried += 1;
        await assertHarmless(card, text);
      }
    }
    console.log('P3 e-mail', {
      strings: HOSTILE.length + INJECTIONS.length,
      mails: tried,
      active: 0,
    });
    expect(HOSTILE.length).toBeGreaterThanOrEqual(200);
  }, 300_000);
});

const INJECTIONS = [
  'x\r\nBcc: eve@evil.test',
  'x\r\n\r\n<script>alert(1)</script>',
  'x\n.\nMAIL FROM:<eve@evil.test>',
  '.\r\n',
  '=?utf-8?q?x=0D=0ABcc:_eve@evil.test?=',
  '--boundary--',
  '<a href="https://evil.test">Open in the console</a>',
  '</blockquote><a href="https://evil.test">x',
  '" onclick="alert(1)',
  "' style='background:url(https://evil.test)",
  '<svg onload=alert(1)>',
  '<base href="https://evil.test">',
  '<form action="https://evil.test"><button>Approve',
  '<!--',
  ']]>',
  '<img src="https://evil.test/pixel">',
  'www.evil.test',
  'eve@evil.test',
  'tel:+41790000000',
  'evil.test/approve?id=1',
];

async function assertHarmless(card: Card, text: string): Promise<void> {
  const mail = await mailOf({ card });
  const document = assertInert(mail);
  expect(mail.headers.get('subject')).toBe(`Waits for a decision (${id})`);
  expect(mail.headers.get('to')).toBe(ROBIN);
  expect(asRead(textIn(document))).toContain(text);
  expect(undone(mail.text)).toContain(text);
  const [body] = elementsIn(document).filter(({ tag }) => tag === 'body');
  const own = /^Decide by |^Nothing is decided by mail/;
  const pieces = piecesIn(body!).filter((piece) => !own.test(piece));
  expect(pieces.filter((piece) => ADDRESS_LIKE.test(piece))).toEqual([]);
  const lines = mail.text
    .split('\n')
    .filter((line) => !/^Decide by |^Open in the console: |^Nothing is decided by mail/.test(line));
  expect(lines.filter((line) => ADDRESS_LIKE.test(line))).toEqual([]);
}
