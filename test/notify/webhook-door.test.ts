import { describe, expect, it } from 'vitest';
import { createStandardWebhookDoor } from '../../src/adapters/notify/webhook/standard-webhook-door.ts';
import { signWebhook } from '../support/webhook.ts';

const { verify } = createStandardWebhookDoor();
const NOW = new Date('2026-11-25T12:00:00.000Z');
const NOW_SECONDS = NOW.getTime() / 1_000;
const TS = String(NOW_SECONDS);
const ID = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';
const secretOf = (byte: number, length = 32): string =>
  `whsec_${Buffer.alloc(length, byte).toString('base64')}`;
const SECRET = secretOf(1);
const FORMER = secretOf(2);
const SECRETS = [SECRET, FORMER];
const BODY = '{"id":"act_x","decision":"approve"}';
const sign = (id = ID, ts = TS, body: string | Uint8Array = BODY, secret = SECRET): string =>
  signWebhook(secret, id, ts, body);
const GOOD = sign();

interface Variant {
  readonly id?: string | undefined;
  readonly timestamp?: string | undefined;
  readonly signature?: string | undefined;
  readonly body?: string | Uint8Array;
  readonly secrets?: readonly string[];
}

const read = (variant: Variant): string => {
  const { id, timestamp, signature, body, secrets } = {
    ...{ id: ID, timestamp: TS, signature: GOOD, body: BODY, secrets: SECRETS },
    ...variant,
  };
  return verify({ id, timestamp, signature, raw: Buffer.from(body) }, secrets, NOW);
};

const at = (timestamp: string): Variant => ({ timestamp, signature: sign(ID, timestamp) });
const named = (id: string): Variant => ({ id, signature: sign(id) });
const notUtf8 = Buffer.concat([Buffer.from(BODY), Buffer.from([0xff])]);
const long = `{"id":"${'x'.repeat(9_000)}"}`;

const FORGED: readonly (readonly [string, Variant])[] = [
  ['no id', { id: undefined }],
  ['no timestamp', { timestamp: undefined }],
  ['no signature', { signature: undefined }],
  ['an empty signature', { signature: '' }],
  ['an empty id', named('')],
  ['another id', { id: `${ID}x` }],
  ['another timestamp', { timestamp: String(NOW_SECONDS + 1) }],
  ['another body', { body: `${BODY} ` }],
  ['no body', { body: '' }],
  ['no secret known', { secrets: [] }],
  ['an unknown secret', { signature: sign(ID, TS, BODY, secretOf(3)) }],
  ['an empty secret', { secrets: ['whsec_'], signature: sign(ID, TS, BODY, 'whsec_') }],
  [
    'a secret of 23 bytes',
    { secrets: [secretOf(1, 23)], signature: sign(ID, TS, BODY, secretOf(1, 23)) },
  ],
  [
    'a secret of 65 bytes',
    { secrets: [secretOf(1, 65)], signature: sign(ID, TS, BODY, secretOf(1, 65)) },
  ],
  ['a secret without its prefix', { secrets: [SECRET.slice('whsec_'.length)] }],
  ['301 s old', at(String(NOW_SECONDS - 301))],
  ['301 s ahead', at(String(NOW_SECONDS + 301))],
  ['a day old', at(String(NOW_SECONDS - 86_400))],
  ['milliseconds', at(`${TS}000`)],
  ['a fraction', at(`${TS}.0`)],
  ['a leading zero', at(`0${TS}`)],
  ['a sign', at(`+${TS}`)],
  ['a blank before', at(` ${TS}`)],
  ['letters after', at(`${TS}x`)],
  ['an exponent', at('1764e6')],
  ['NaN', at('NaN')],
  ['negative', at('-1')],
  ['an id with a full stop', named('msg.1')],
  ['an id with a blank', named('msg 1')],
  ['an id of 129 characters', named('m'.repeat(129))],
  ['an id that is no ASCII', named('msg_é')],
  // `id.timestamp.body` is the same text.
  [
    'the parting moved into the id',
    { id: `${ID}.${TS}`, timestamp: TS, body: BODY.slice(2), signature: GOOD },
  ],
  ['bytes that are no UTF-8', { body: notUtf8, signature: sign(ID, TS, notUtf8) }],
  [
    'what a decoder makes of them',
    { body: notUtf8, signature: sign(ID, TS, new TextDecoder().decode(notUtf8)) },
  ],
  ['a byte order mark', { body: `\ufeff${BODY}` }],
  ['a body of 9,000 characters', { body: long, signature: sign(ID, TS, long) }],
  ['the scheme in capitals', { signature: GOOD.replace('v1', 'V1') }],
  ['another scheme', { signature: GOOD.replace('v1', 'v1a') }],
  ['no scheme', { signature: GOOD.slice(3) }],
  ['cut', { signature: GOOD.slice(0, -2) }],
  ['without padding', { signature: GOOD.replace(/=+$/, '') }],
  ['padded twice', { signature: `${GOOD}=` }],
  ['as base64url', { signature: 'v1,-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8=' }],
  ['in hex', { signature: `v1,${Buffer.from(GOOD.slice(3), 'base64').toString('hex')}` }],
  ['lower case', { signature: `v1,${GOOD.slice(3).toLowerCase()}` }],
  ['two parted by a comma', { signature: `${GOOD},${GOOD}` }],
  ['two parted by two blanks', { signature: `${GOOD}  ${GOOD}` }],
  ['a line break after it', { signature: `${GOOD}\n` }],
  ['nine at once', { signature: Array.from({ length: 9 }, () => GOOD).join(' ') }],
  ['zeros', { signature: `v1,${Buffer.alloc(32).toString('base64')}` }],
  [
    'the hash without a key',
    { signature: `v1,${Buffer.from(`${ID}.${TS}.${BODY}`).toString('base64').slice(0, 43)}=` },
  ],
];

describe('P4: forged webhooks', () => {
  it.each(FORGED)('%s is refused', (_, variant) => {
    expect(() => read(variant)).toThrow(
      expect.objectContaining({ code: 'channel.unproven', detail: undefined }),
    );
  });

  it('refuses none within 299 seconds either way', () => {
    for (let s = -299; s <= 299; s += 1) expect(read(at(String(NOW_SECONDS + s)))).toBe(ID);
    console.log('P4 webhook', { refused: FORGED.length, accepted: 599 });
  });

  it('takes either of two secrets, and one good signature among others', () => {
    const other = sign(ID, TS, BODY, secretOf(3));
    const former = sign(ID, TS, BODY, FORMER);
    for (const signature of [GOOD, former, `${other} ${former}`, `v1a,${'A'.repeat(86)}== ${GOOD}`])
      expect(read({ signature })).toBe(ID);
  });

  it('takes the example of the specification', () => {
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const body = '{"test": 2432232314}';
    const of = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: '1614265330' };
    const signature = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
    const then = new Date(Number(of.timestamp) * 1_000);
    const raw = Buffer.from(body);
    expect(verify({ ...of, signature, raw }, [secret], then)).toBe(of.id);
  });
});
