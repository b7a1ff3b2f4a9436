import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWebhookNotifier } from '../../src/adapters/notify/webhook/webhook-notifier.ts';
import type { Card } from '../../src/contracts/card.ts';
import { WebhookEventSchema } from '../../src/contracts/webhook.ts';
import { REQUEST_KINDS, type RequestKind } from '../../src/core/notices.ts';
import type { Secret } from '../../src/ports/secret-store.ts';
import { cardFor, requestId, START } from '../adapters/store/fixtures.ts';
import { scaled } from '../faults/scale.ts';
import { cardsWith, HOSTILE } from '../support/hostile.ts';
import { asRead, randomChanges } from '../support/random-cards.ts';
import { LINK, telling } from '../support/telling.ts';
import { OUT_SECRET, type Receiver, signWebhook, startReceiver } from '../support/webhook.ts';

const SEED = 20_261_126;
const id = requestId(1);
let receiver: Receiver;
let now = START;
let secrets: readonly string[] = [OUT_SECRET];

const versionAt = (version: number): Secret | undefined => {
  const value = secrets[version - 1];
  return value === undefined
    ? undefined
    : { name: 'webhook/out', version, value, createdAt: START };
};
const notifier = (path = '/hook?key=of-the-receiver') =>
  createWebhookNotifier({
    url: `${receiver.url}${path}`,
    readSecret: (_, version = secrets.length) => Promise.resolve(versionAt(version)),
    clock: () => now,
  });

beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.close());

const withoutSeen = (card: Card) => {
  const told: Partial<Card> = { ...card };
  delete told.seen;
  return told;
};
const last = () => receiver.heard.at(-1)!;
const timestamp = () => String(Math.floor(now.getTime() / 1_000));
const signedBy = (secret: string): string =>
  signWebhook(secret, 'ntc_0000000000000001', timestamp(), last().body);

describe('a webhook to another system', () => {
  it('carries the request, its state, the card and a link, signed over its very bytes', async () => {
    expect(await notifier().tell(telling())).toEqual({
      kind: 'sent',
      reference: 'ntc_0000000000000001',
    });
    const card = withoutSeen(cardFor(id));
    expect(last().event).toEqual({
      type: 'approval.requested',
      timestamp: START.toISOString(),
      data: {
        request_id: id,
        status: 'awaiting_approval',
        state: 'Waits for a decision',
        code: null,
        link: LINK,
        card,
        decisions: [],
      },
    });
    expect(last().path).toBe('/hook?key=of-the-receiver');
    expect(last().headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': 'ntc_0000000000000001',
      'webhook-timestamp': timestamp(),
      'webhook-signature': signedBy(OUT_SECRET),
    });
  });

  it('says what it is about by its type, also when the request does not open', async () => {
    const types = {
      asked: 'approval.requested',
      reminded: 'approval.reminded',
      decided: 'approval.decided',
      expired: 'approval.expired',
      withdrawn: 'approval.withdrawn',
      changed: 'approval.changed',
      stale: 'approval.stale',
      settled: 'approval.settled',
    };
    for (const kind of Object.keys(REQUEST_KINDS) as RequestKind[]) {
      await notifier().tell(telling({ kind, card: null }));
      expect(WebhookEventSchema.parse(last().event)).toMatchObject({
        type: types[kind],
        data: { card: null },
      });
    }
  });

  it('says of what went out of date which field somebody has changed', async () => {
    const detail = 'contacts.phone changed since the card was made';
    const about = { status: 'refused', code: 'approval.stale', detail } as const;
    await notifier().tell(telling({ kind: 'stale', about }));
    expect(last().event.data).toMatchObject({
      state: 'Out of date. Nothing was sent',
      detail: `${detail}.`,
    });
  });

  it('names who decided, how, and how strongly proven', async () => {
    const made = { name: 'Lena Ott', decision: 'approve', proof: 'passkey', at: START } as const;
    await notifier().tell(telling({ kind: 'decided', about: { decisions: [made] } }));
    expect(last().event.data.decisions).toEqual([
      {
        person: 'Lena Ott',
        decision: 'approve',
        proof: 'passkey',
        decided_at: START.toISOString(),
      },
    ]);
  });

  it('is the same message at every try, signed anew', async () => {
    receiver.answerNext('drop');
    const lost = await notifier().tell(telling());
    expect(lost).toEqual({ kind: 'later', error: 'the receiver did not answer' });
    const first = last();
    now = new Date(START.getTime() + 3_600_000);
    await notifier().tell(telling({ notice: { attempts: 2 } }));
    expect(last().headers['webhook-id']).toBe(first.headers['webhook-id']);
    expect(last().headers['webhook-signature']).toBe(signedBy(OUT_SECRET));
    now = START;
  });

  it.each([
    [200, 'sent'],
    [204, 'sent'],
    [301, 'later'],
    [307, 'later'],
    [400, 'refused'],
    [401, 'refused'],
    [404, 'refused'],
    [408, 'later'],
    [410, 'refused'],
    [413, 'refused'],
    [429, 'later'],
    [500, 'later'],
    [503, 'later'],
  ])('takes %i for %s', async (status, kind) => {
    receiver.answerNext(status);
    const told = await notifier().tell(telling());
    expect(told).toMatchObject(
      kind === 'sent' ? { kind } : { kind, error: `the receiver answered ${status}` },
    );
  });

  it('waits as long as the receiver asks, an hour at most', async () => {
    const cases = [
      ['7', 7_000],
      ['999999', 3_600_000],
      ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    ] as const;
    for (const [value, afterMs] of cases) {
      receiver.answerNext(429, 1, { 'retry-after': value });
      const told = await notifier().tell(telling());
      expect(told).toEqual({
        kind: 'later',
        error: 'the receiver answered 429',
        ...(afterMs === undefined ? {} : { afterMs }),
      });
    }
  });

  it('follows no redirect: the card goes where the operator said', async () => {
    const elsewhere = await startReceiver();
    for (const status of [301, 302, 303, 307, 308]) {
      receiver.answerNext(status, 1, { location: elsewhere.url });
      await notifier().tell(telling());
    }
    expect(elsewhere.heard).toEqual([]);
    await elsewhere.close();
  });

  it('sends nothing without a secret, or with one that is none', async () => {
    const before = receiver.heard.length;
    for (const [value, error] of [
      [undefined, 'webhook/out is not set'],
      ['hunter2hunter2', 'webhook/out is no whsec_ secret'],
      ['whsec_dG9vIHNob3J0', 'webhook/out is no whsec_ secret'],
    ] as const) {
      secrets = value === undefined ? [] : [value];
      expect(await notifier().tell(telling())).toEqual({ kind: 'later', error });
    }
    secrets = [OUT_SECRET];
    expect(receiver.heard).toHaveLength(before);
  });

  it('is signed with both secrets for a day after a new one was set, then with the new one', async () => {
    const newer = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;
    secrets = [OUT_SECRET, newer];
    const signature = async () => {
      await notifier().tell(telling());
      return last().headers['webhook-signature'];
    };
    expect(await signature()).toBe(`${signedBy(newer)} ${signedBy(OUT_SECRET)}`);
    now = new Date(START.getTime() + 86_400_001);
    expect(await signature()).toBe(signedBy(newer));
    secrets = [OUT_SECRET];
    now = START;
  });
});

describe('P2: nothing hidden in webhooks', () => {
  const cards = scaled(2_000, 10_000);
  it(
    `has each changed field of ${cards} random cards in the bytes that arrive, whole`,
    async () => {
      const changesOfNext = randomChanges(SEED);
      let fields = 0;
      let bytes = 0;
      for (let n = 0; n < cards; n += 1) {
        const changes = changesOfNext();
        expect(await notifier().tell(telling({ card: { ...cardFor(id), changes } }))).toMatchObject(
          {
            kind: 'sent',
          },
        );
        const { body } = receiver.heard.pop()!;
        // Nothing in it that a reader of the bytes could not see.
        expect(body).not.toMatch(/[\p{Cf}\p{Cc}]/u);
        const read = JSON.parse(body, (_, value) =>
          typeof value === 'string' ? asRead(value) : value,
        );
        expect(read.data.card.changes).toEqual(changes);
        fields += changes.length;
        bytes += body.length;
      }
      console.log('P2 webhook', { seed: SEED, cards, fields, hidden: 0, bytes });
    },
    scaled(300_000, 1_800_000),
  );
});

describe('P3: hostile text in webhooks', () => {
  it('stays one string at its place, readable, and the agent’s words under claimed alone', async () => {
    let tried = 0;
    for (const text of HOSTILE) {
      for (const card of cardsWith(cardFor(id), text)) {
        tried += 1;
        await notifier().tell(telling({ card }));
        const { body } = receiver.heard.pop()!;
        const { data } = WebhookEventSchema.parse(JSON.parse(body));
        const expected = withoutSeen(card);
        const read = JSON.parse(body, (_, value) =>
          typeof value === 'string' ? asRead(value) : value,
        );
        expect(read.data.card).toEqual(expected);
        expect(data.link).toBe(LINK);
        const { claimed, ...rest } = read.data.card;
        if ([card.claimed.user_id, card.claimed.prompt].includes(text)) {
          expect(Object.values(claimed)).toContain(text);
          expect(rest).toEqual({ ...expected, claimed: undefined });
        }
      }
    }
    console.log('P3 webhook', { strings: HOSTILE.length, cards: tried });
    expect(HOSTILE.length).toBeGreaterThanOrEqual(200);
  });
});
