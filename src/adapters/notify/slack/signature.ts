import { createHmac, timingSafeEqual } from 'node:crypto';
import { GatewayError } from '../../../core/gateway-error.ts';
import type { SignedMessage } from '../../../ports/chat-door.ts';

const TOLERANCE_MS = 300_000;
const TIMESTAMP = /^[1-9]\d{0,11}$/;
/** One spelling only, so that a signature is a name for its message. */
const SIGNATURE = /^v0=[0-9a-f]{64}$/;

const unproven = () => new GatewayError('channel.unproven');

/**
 * Slack's v0 signature over the raw body, in constant time, at most five minutes old or ahead. Returns
 * the signature. Throws `channel.unproven`, with one message for every reason.
 * https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function verifySlackSignature(
  secret: string | undefined,
  { timestamp, signature, raw }: SignedMessage,
  now: Date,
): string {
  if (secret === undefined || secret === '') throw unproven();
  if (timestamp === undefined || !TIMESTAMP.test(timestamp)) throw unproven();
  if (signature === undefined || !SIGNATURE.test(signature)) throw unproven();
  if (Math.abs(now.getTime() - Number(timestamp) * 1_000) > TOLERANCE_MS) throw unproven();
  const expected = createHmac('sha256', secret).update(`v0:${timestamp}:`).update(raw).digest();
  const given = Buffer.from(signature.slice('v0='.length), 'hex');
  if (!timingSafeEqual(given, expected)) throw unproven();
  return signature;
}
