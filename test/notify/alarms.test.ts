import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmailNotifier } from '../../src/adapters/notify/email/email-notifier.ts';
import { alarmMessage } from '../../src/adapters/notify/slack/alarm-blocks.ts';
import { createSlackNotifier } from '../../src/adapters/notify/slack/slack-notifier.ts';
import { createWebhookNotifier } from '../../src/adapters/notify/webhook/webhook-notifier.ts';
import { WebhookEventSchema } from '../../src/contracts/webhook.ts';
import { ALARM_KINDS, type AlarmKind } from '../../src/core/notices.ts';
import type { AlarmSubject, AlarmTelling, IncidentKind } from '../../src/ports/notifier.ts';
import { START } from '../adapters/store/fixtures.ts';
import { HOSTILE } from '../support/hostile.ts';
import { elementsIn, readHtml, textIn } from '../support/html.ts';
import { asRead } from '../support/random-cards.ts';
import {
  blocksProblem,
  BOT_TOKEN,
  CHANNEL,
  type SlackStandIn,
  startSlack,
} from '../support/slack.ts';
import { readMail, type SmtpStandIn, startSmtp } from '../support/smtp.ts';
import { OUT_SECRET, type Receiver, startReceiver } from '../support/webhook.ts';

const LINK = 'https://gate.test/console/incidents/inc_00000000001';
const AT = START.toISOString();

let slack: SlackStandIn;
let smtp: SmtpStandIn;
let receiver: Receiver;

beforeAll(async () => {
  slack = await startSlack();
  smtp = await startSmtp();
  receiver = await startReceiver();
});
afterAll(async () => {
  await slack.close();
  await smtp.close();
  await receiver.close();
});

const alert: AlarmSubject['data'] = {
  ...{ kind: 'alert', index: 7 },
  alert: {
    ...{ index: 7, raised_at: AT, at: AT, title: 'x', rule: 'refusals', count: 21, late: false },
    ...{ agent_id: null, person: null, window_ms: 60_000, entries: [3], requests: [] },
    ...{ response: 'slow', freeze: null, incident: null, failed_with: null },
  },
};

const incident = (event: IncidentKind, reason: string | null): AlarmSubject['data'] => ({
  ...{ kind: 'incident', event },
  incident: {
    ...{ id: 'inc_00000000001', stage: 'rotating', connection: 'main', reason, rule: null },
    ...{ opened_by: 'Lena Ott', opened_at: AT, needs: ['1. Rotate'], resumed_by: null },
    ...{ is_false_alarm: false, clocks_ms: { contained: 0 } },
  },
});

interface AlarmOptions {
  readonly said?: string | null;
  readonly lines?: readonly string[];
  readonly thread?: string;
}

function telling(kind: AlarmKind, of: AlarmOptions = {}): AlarmTelling {
  const { said = null, lines = ['One', 'Two'], thread = null } = of;
  return {
    notice: {
      ...{ id: `ntc_${kind}`, subject: 'inc_00000000001', channel: 'slack', recipient: CHANNEL },
      ...{ kind, occasion: '', createdAt: START, sinceAt: START, dueAt: START, attempts: 1 },
      ...{ state: 'due', reference: null, error: null, prompting: null },
    },
    alarm: {
      ...{ title: 'Incident: main is frozen', lines, said, link: LINK },
      data: kind === 'alerted' ? alert : incident(kind, said),
    },
    ...{ thread, address: 'robin@acme.test' },
  };
}

const inSlack = (of: AlarmTelling) =>
  createSlackNotifier({
    channel: CHANNEL,
    url: slack.url,
    readSecret: () => Promise.resolve(BOT_TOKEN),
  }).tell(of);

const secret = { name: 'webhook/out', version: 1, value: OUT_SECRET, createdAt: START };
const byWebhook = (of: AlarmTelling) =>
  createWebhookNotifier({
    url: receiver.url,
    readSecret: () => Promise.resolve(secret),
    clock: () => START,
  }).tell(of);

async function byMail(of: AlarmTelling) {
  const told = await createEmailNotifier({
    ...{ host: '127.0.0.1', port: smtp.port, isTls: false, isLocal: true, user: undefined },
    from: 'gate@acme.test',
    readSecret: () => Promise.resolve(undefined),
  }).tell(of);
  expect(told).toMatchObject({ kind: 'sent' });
  return readMail(smtp.mails.pop()!);
}

describe('an alarm', () => {
  it('is a message of its own in Slack, and what follows is in its thread for the whole channel', async () => {
    const first = await inSlack(telling('incident_opened', { said: 'Somebody has our key.' }));
    expect(first.kind).toBe('sent');
    const [head] = slack.messages;
    await inSlack(telling('incident_step', { thread: head!.ts }));
    expect(slack.messages).toMatchObject([
      { text: 'Incident: main is frozen' },
      { thread_ts: head!.ts },
    ]);
    expect(slack.calls.map(({ body }) => body.reply_broadcast)).toEqual([undefined, true]);
    const buttons = head!.blocks.find(({ type }) => type === 'actions').elements;
    expect(buttons.map(({ url }: any) => url)).toEqual([LINK]);
  });

  it('is found again by a second try, and not posted twice', async () => {
    const of = telling('alerted');
    await inSlack(of);
    const before = slack.messages.length;
    const again = { ...of, notice: { ...of.notice, attempts: 2 } };
    expect(await inSlack(again)).toEqual({ kind: 'sent', reference: slack.messages.at(-1)?.ts });
    expect(slack.messages).toHaveLength(before);
  });

  it('is told to another system by its type, in the shape that is published', async () => {
    const types: Record<AlarmKind, string> = {
      alerted: 'alert.raised',
      incident_opened: 'incident.opened',
      incident_step: 'incident.step',
      incident_reminded: 'incident.reminded',
      incident_closed: 'incident.closed',
    };
    for (const kind of Object.keys(ALARM_KINDS) as AlarmKind[]) {
      await byWebhook(telling(kind, { said: 'Why' }));
      const event = WebhookEventSchema.parse(receiver.heard.at(-1)?.event);
      expect(event).toMatchObject({ type: types[kind], timestamp: AT, data: { link: LINK } });
    }
  });

  it('fits into Slack however long a reason is, and says where it was cut', () => {
    const long = { ...telling('incident_opened').alarm, said: 'reason & so on '.repeat(400) };
    const { blocks } = alarmMessage({ ...long, lines: ['x'.repeat(2_000), 'y'.repeat(2_000)] });
    expect(blocksProblem(blocks)).toBeUndefined();
    expect(JSON.stringify(blocks)).toContain('…');
  });
});

describe('P3: hostile text in alarms', () => {
  const texts = (blocks: readonly any[]): any[] =>
    blocks.flatMap((b) => [b.text, ...(b.elements ?? []).map((e: any) => e.text)]).filter(Boolean);

  it('is never more than text in Slack, and can be read as it is', () => {
    for (const text of HOSTILE) {
      const { alarm } = telling('incident_opened', { said: text, lines: [`Agent: ${text}`] });
      const { blocks, text: head } = alarmMessage(alarm);
      expect([blocksProblem(blocks), head]).toEqual([undefined, alarm.title]);
      for (const one of texts(blocks))
        expect(one).toMatchObject({ type: 'plain_text', emoji: false });
      expect(texts(blocks).some((one) => asRead(one.text).includes(text))).toBe(true);
    }
  });

  it('makes no link, address or element of a mail, and can be read as it is', async () => {
    for (const text of HOSTILE) {
      const lines = [`Agent: ${text}`];
      const mail = await byMail(telling('incident_opened', { said: text, lines }));
      const elements = elementsIn(readHtml(mail.html));
      const tags = new Set(elements.map(({ tag }) => tag));
      const known = [
        'html',
        'head',
        'meta',
        'title',
        'body',
        'h2',
        'p',
        'a',
        'blockquote',
        'span',
        'br',
      ];
      expect([...tags].filter((tag) => !known.includes(tag))).toEqual([]);
      expect(elements.filter(({ tag }) => tag === 'a').map(({ attributes }) => attributes)).toEqual(
        [{ href: LINK }],
      );
      expect(mail.headers.get('subject')).toBe('Incident: main is frozen');
      expect(mail.text.replaceAll(LINK, '')).not.toMatch(/https?:\/\/|\w@\w/);
      expect(asRead(textIn(readHtml(mail.html)).replaceAll('<br>', '\n'))).toContain(
        text.split('\n')[0],
      );
    }
    console.log('P3 alarms', { strings: HOSTILE.length, active: 0 });
    expect(HOSTILE.length).toBeGreaterThanOrEqual(200);
  });

  it('stays one string at its place in what another system is told', async () => {
    for (const text of HOSTILE) {
      await byWebhook(telling('incident_step', { said: text }));
      const { incident: told } = receiver.heard.pop()!.event.data;
      expect(asRead(told.reason)).toBe(text);
    }
  });
});
