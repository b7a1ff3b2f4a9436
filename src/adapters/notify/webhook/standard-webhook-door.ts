import { timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../../../core/gateway-error.ts';
import type { SignedWebhook, WebhookDoor } from '../../../ports/webhook-door.ts';
import { signatureOf } from './signing.ts';

const TOLERANCE_MS = 300_000;
/** A decision has less than a tenth of that. */
const BODY_MAX_BYTES = 8_192;
/** Without a full stop, which parts what is signed: nothing of the body can pass for the id. */
const ID = /^[!-\-/-~]{1,128}$/;
/** One spelling only. The library reads `1e9`, `12x` and a leading zero as numbers too. */
const TIMESTAMP = /^[1-9]\d{0,11}$/;
/** One signature for each secret of the sender, of whatever scheme. */
const SIGNATURES =
  /^[a-z0-9]{1,8},[A-Za-z0-9+/]{1,128}={0,2}(?: [a-z0-9]{1,8},[A-Za-z0-9+/]{1,128}={0,2}){0,7}$/;

const unproven = () => new GatewayError('channel.unproven');

/** The library would replace what is no UTF-8, and two bodies would have one signature. */
function textOf(raw: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(raw);
  } catch {
    throw unproven();
  }
}

function isOneOf(given: readonly string[], expected: string): boolean {
  const bytes = Buffer.from(expected);
  return given.some((one) => {
    const other = Buffer.from(one);
    return other.length === bytes.length && timingSafeEqual(other, bytes);
  });
}

function verify(message: SignedWebhook, secrets: readonly string[], now: Date): string {
  const { id, timestamp, signature, raw } = message;
  if (id === undefined || !ID.test(id)) throw unproven();
  if (timestamp === undefined || !TIMESTAMP.test(timestamp)) throw unproven();
  if (signature === undefined || !SIGNATURES.test(signature)) throw unproven();
  if (raw.length > BODY_MAX_BYTES) throw unproven();
  const seconds = Number(timestamp);
  if (Math.abs(now.getTime() - seconds * 1_000) > TOLERANCE_MS) throw unproven();
  const signed = { id, seconds, body: textOf(raw) };
  const given = signature.split(' ');
  for (const secret of secrets) {
    const expected = signatureOf(secret, signed);
    if (expected !== undefined && isOneOf(given, expected)) return id;
  }
  throw unproven();
}

/**
 * Standard Webhooks, symmetric (`v1`). The library signs; reading is ours, since it takes what has two
 * spellings, and does not say how old a message is by our clock.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export const createStandardWebhookDoor = (): WebhookDoor => ({ verify });
