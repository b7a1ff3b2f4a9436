import { z } from 'zod';
import type { CrmAnswer } from '../../ports/crm.ts';
import { ANSWER_MAX_BYTES } from './egress.ts';

/**
 * HubSpot's answers to ours, in one place. Only status and `category` are switched on, never
 * `message`; nothing of a body but property and scope names goes further, since bodies quote contacts.
 * https://developers.hubspot.com/docs/api-reference/error-handling
 */
const ErrorBodySchema = z.object({
  category: z.string().optional(),
  errors: z
    .array(
      z.object({
        in: z.string().optional(),
        context: z.record(z.string(), z.array(z.string())).optional(),
      }),
    )
    .optional(),
});
type ErrorBody = z.infer<typeof ErrorBodySchema>;

const NAME = /^[a-z0-9_.-]{1,100}$/i;
const NAMES_MAX = 10;

const names = (found: readonly (string | undefined)[]): string =>
  [...new Set(found)]
    .filter((name) => name !== undefined && NAME.test(name))
    .slice(0, NAMES_MAX)
    .join(', ');

/** "properties: lifecyclestage"; undefined when HubSpot names none. */
function propertyNames(body: ErrorBody): string | undefined {
  const found = (body.errors ?? []).flatMap((error) => [
    error.in,
    ...(error.context?.['propertyName'] ?? []),
    ...(error.context?.['properties'] ?? []),
  ]);
  const listed = names(found);
  return listed === '' ? undefined : `properties: ${listed}`;
}

function scopeNames(body: ErrorBody): string | undefined {
  const listed = names(
    (body.errors ?? []).flatMap(({ context }) => context?.['requiredGranularScopes'] ?? []),
  );
  return listed === '' ? undefined : `one of these scopes is needed: ${listed}`;
}

function parseErrorBody(text: string): ErrorBody {
  try {
    return ErrorBodySchema.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

/** A definite "nothing was done": these statuses are answered before HubSpot touches anything. */
function refusal(status: number, text: string): CrmAnswer | undefined {
  const body = parseErrorBody(text);
  switch (status) {
    case 400:
    case 422:
      return { kind: 'refused', status, code: 'record.invalid', detail: propertyNames(body) };
    case 401:
      return { kind: 'refused', status, code: 'hubspot.unauthorized' };
    case 403:
      return { kind: 'refused', status, code: 'hubspot.missing_scope', detail: scopeNames(body) };
    case 404:
      return { kind: 'refused', status, code: 'record.not_found' };
    case 409:
      return { kind: 'refused', status, code: 'record.conflict' };
    case 405:
    case 415:
      return { kind: 'refused', status, code: 'hubspot.bad_answer' };
    default:
      return undefined;
  }
}

/** What an HTTP answer means. Everything that is not clearly done or clearly refused is lost. */
export function answerOf(status: number, contentType: string, text: string): CrmAnswer {
  const isJson = contentType.includes('json');
  if (status >= 200 && status < 300) {
    if (text === '') return { kind: 'answered', status, json: null };
    try {
      if (isJson) return { kind: 'answered', status, json: JSON.parse(text) as unknown };
    } catch {
      // Falls through: a cut or garbled success may have happened all the same.
    }
    return { kind: 'lost', status, code: 'hubspot.bad_answer' };
  }
  if (status === 429) return { kind: 'lost', status, code: 'hubspot.rate_limited' };
  // A proxy's HTML page says nothing about what HubSpot did behind it.
  const refused = isJson ? refusal(status, text) : undefined;
  return refused ?? { kind: 'lost', status, code: 'hubspot.unavailable' };
}

/** Errors after which it is certain that no byte of the request left. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'EHOSTUNREACH',
]);
const TIMEOUTS = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

function codeOf(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('code' in at && typeof at.code === 'string') return at.code;
  }
  return '';
}

/** What a failed exchange means. The error itself is dropped: SDK errors carry headers with the token. */
export function answerOfFailure(error: unknown): CrmAnswer {
  const code = codeOf(error);
  if (UNSENT.has(code)) return { kind: 'unsent', code: 'hubspot.unavailable' };
  return { kind: 'lost', code: TIMEOUTS.has(code) ? 'hubspot.timeout' : 'hubspot.unavailable' };
}

/** The body as text, read up to the size limit. Throws beyond it. */
export async function readText(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > ANSWER_MAX_BYTES) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
