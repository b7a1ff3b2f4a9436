import type { Notifier, Telling, Told } from '../../../ports/notifier.ts';
import type { Secret } from '../../../ports/secret-store.ts';
import { webhookEvent } from './event-body.ts';
import { signatureOf } from './signing.ts';

const CALL_MS = 10_000;
/** So long both sign, for the receiver to take the new secret in. */
const BOTH_SIGN_MS = 86_400_000;
/** A receiver that asks for more is asked again by then. */
const RETRY_AFTER_MAX_SECONDS = 3_600;
const SECRET_NAME = 'webhook/out';

export interface WebhookSettings {
  /** The one address that is told. */
  readonly url: string;
  readonly readSecret: (name: string, version?: number) => Promise<Secret | undefined>;
  readonly clock: () => Date;
}

/** The newest secret, and for a day the one before it. */
async function secretsOf({ readSecret, clock }: WebhookSettings): Promise<readonly string[]> {
  const newest = await readSecret(SECRET_NAME);
  if (newest === undefined) return [];
  const { version, value, createdAt } = newest;
  if (version === 1 || clock().getTime() - createdAt.getTime() > BOTH_SIGN_MS) return [value];
  const former = await readSecret(SECRET_NAME, version - 1);
  return former === undefined ? [value] : [value, former.value];
}

function retryAfter(response: Response): { readonly afterMs?: number } {
  const value = response.headers.get('retry-after') ?? '';
  if (!/^\d{1,6}$/.test(value)) return {};
  return { afterMs: Math.min(Number(value), RETRY_AFTER_MAX_SECONDS) * 1_000 };
}

/** What the receiver's answer means: it has it, it may have it later, it never will. */
function readAnswer(response: Response, id: string): Told {
  const { status, ok } = response;
  if (ok) return { kind: 'sent', reference: id };
  const error = `the receiver answered ${status}`;
  const isForGood = status >= 400 && status < 500 && status !== 408 && status !== 429;
  return isForGood ? { kind: 'refused', error } : { kind: 'later', error, ...retryAfter(response) };
}

async function post(url: string, body: string, headers: Record<string, string>): Promise<Response> {
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'user-agent': 'Sallyport', ...headers },
    redirect: 'manual',
    signal: AbortSignal.timeout(CALL_MS),
  });
  // Nothing that it says is read, so none of it is waited for.
  await response.body?.cancel();
  return response;
}

/**
 * Tells another system, signed as Standard Webhooks has it. The notice's id is the message's: it stays
 * the same for every try, and a receiver that has it answers 2xx and does nothing. A redirect is not
 * followed; who gets the card says the operator.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function createWebhookNotifier(settings: WebhookSettings): Notifier {
  const { url, clock } = settings;
  return {
    channel: 'webhook',
    tell: async (telling: Telling) => {
      const { id } = telling.notice;
      const secrets = await secretsOf(settings);
      if (secrets.length === 0) return { kind: 'later', error: `${SECRET_NAME} is not set` };
      const body = JSON.stringify(webhookEvent(telling));
      const seconds = Math.floor(clock().getTime() / 1_000);
      const signatures = secrets.map((secret) => signatureOf(secret, { id, seconds, body }));
      if (signatures[0] === undefined)
        return { kind: 'later', error: `${SECRET_NAME} is no whsec_ secret` };
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': signatures.filter((one) => one !== undefined).join(' '),
      };
      try {
        return readAnswer(await post(url, body, headers), id);
      } catch {
        return { kind: 'later', error: 'the receiver did not answer' };
      }
    },
  };
}
