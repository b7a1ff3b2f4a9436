import { z } from 'zod';
import type { ErrorCode } from '../../core/errors.ts';
import type { CrmAnswer } from '../../ports/crm.ts';
import { ANSWER_MAX_BYTES, EGRESS_CODES } from './egress.ts';

/**
 * HubSpot's answers to ours, in one place. Only status, `category` and `policyName` are switched on,
 * never `message`; nothing of a body but property and scope names goes further, since bodies quote contacts.
 * https://developers.hubspot.com/docs/api-reference/error-handling
 */
const ErrorBodySchema = z.object({
  category: z.string().optional(),
  policyName: z.string().optional(),
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
      return {
        kind: 'refused',
        status,
        code: 'hubspot.unauthorized',
        detail: body.category === 'EXPIRED_AUTHENTICATION' ? 'the token has expired' : undefined,
      };
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

/** `policyName` of a 429 (https://developers.hubspot.com/docs/api-reference/error-handling). */
const LIMITS: Readonly<Record<string, ErrorCode>> = {
  DAILY: 'hubspot.daily_limited',
  SECONDLY: 'hubspot.search_limited',
  TEN_SECONDLY_ROLLING: 'hubspot.rate_limited',
};

/** Which limit. Search is refused without a name too, and has no other limit than its own and the day's. */
function limitOf(text: string, isSearch: boolean): ErrorCode {
  const { policyName = '' } = parseErrorBody(text);
  return LIMITS[policyName] ?? (isSearch ? 'hubspot.search_limited' : 'hubspot.rate_limited');
}

/** What an HTTP answer means. Everything that is not clearly done or clearly refused is lost. */
export function answerOf(
  status: number,
  contentType: string,
  text: string,
  isSearch = false,
): CrmAnswer {
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
  if (status === 429) return { kind: 'lost', status, code: limitOf(text, isSearch) };
  // A proxy's HTML page says nothing about what HubSpot did behind it.
  const refused = isJson ? refusal(status, text) : undefined;
  return refused ?? { kind: 'lost', status, code: 'hubspot.unavailable' };
}

const ANSWER_TOO_LARGE = 'ANSWER_TOO_LARGE';

/** Errors of looking the host up and of connecting: no byte of the request left. */
const CONNECTING = new Set(['connect', 'getaddrinfo']);
/** undici's own, which name no system call. */
const UNSENT = new Set<string>(['UND_ERR_CONNECT_TIMEOUT', EGRESS_CODES.origin]);
const TIMEOUTS = new Set<string>([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  EGRESS_CODES.deadline,
]);
const BAD_ANSWERS = new Set<string>([EGRESS_CODES.redirect, ANSWER_TOO_LARGE]);

interface Failure {
  readonly code: string;
  readonly isUnsent: boolean;
}

/**
 * The code alone says too little: Linux reports EHOSTUNREACH for a connection that broke long after the
 * request went out, so the system call that failed decides whether anything was sent.
 */
function failureOf(error: unknown): Failure {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof AggregateError && at.errors.length > 0) {
      const each = at.errors.map(failureOf);
      return { code: '', isUnsent: each.every(({ isUnsent }) => isUnsent) };
    }
    if ('code' in at && typeof at.code === 'string') {
      const call = 'syscall' in at && typeof at.syscall === 'string' ? at.syscall : '';
      return { code: at.code, isUnsent: UNSENT.has(at.code) || CONNECTING.has(call) };
    }
  }
  return { code: '', isUnsent: false };
}

/** What a failed exchange means. The error itself is dropped: SDK errors carry headers with the token. */
export function answerOfFailure(error: unknown): CrmAnswer {
  const { code, isUnsent } = failureOf(error);
  if (isUnsent) return { kind: 'unsent', code: 'hubspot.unavailable' };
  if (BAD_ANSWERS.has(code)) return { kind: 'lost', code: 'hubspot.bad_answer' };
  return { kind: 'lost', code: TIMEOUTS.has(code) ? 'hubspot.timeout' : 'hubspot.unavailable' };
}

/** The body as text, read up to the size limit. Throws beyond it. */
export async function readText(body: AsyncIterable<Uint8Array> | null): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > ANSWER_MAX_BYTES)
      throw Object.assign(new Error('the answer is too large'), { code: ANSWER_TOO_LARGE });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
