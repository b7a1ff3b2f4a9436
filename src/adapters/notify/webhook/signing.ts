import { Webhook } from 'standardwebhooks';

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme */
const SECRET_BYTES = { min: 24, max: 64 } as const;
const SECRET = /^whsec_(?<base64>[A-Za-z0-9+/]+={0,2})$/;

/** Whether it is a secret as the specification has it: `whsec_` and the base64 of 24 to 64 bytes. */
function isSecret(secret: string): boolean {
  const base64 = SECRET.exec(secret)?.groups?.['base64'] ?? '';
  const bytes = Buffer.from(base64, 'base64');
  const { length } = bytes;
  if (length < SECRET_BYTES.min || length > SECRET_BYTES.max) return false;
  return bytes.toString('base64') === base64;
}

export interface Signed {
  readonly id: string;
  readonly seconds: number;
  readonly body: string;
}

/** `v1,<base64>`; undefined for what is no secret. */
export function signatureOf(secret: string, { id, seconds, body }: Signed): string | undefined {
  if (!isSecret(secret)) return undefined;
  return new Webhook(secret).sign(id, new Date(seconds * 1_000), body);
}
