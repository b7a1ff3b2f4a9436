import type { ErrorCode } from '../../core/errors.ts';

/**
 * What an answer of HubSpot's says about its limits.
 * https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
 * Search answers carry no headers, OAuth calls no daily pair, and `Retry-After` is not promised: each
 * part may be missing.
 */
export interface Heard {
  /** `X-HubSpot-RateLimit-Remaining` of the app's rolling window, and its length, ms. */
  readonly burst?: { readonly remaining: number; readonly intervalMs: number } | undefined;
  /** The account's day, shared by all its apps. */
  readonly daily?: { readonly max: number; readonly remaining: number } | undefined;
  /** HubSpot refuses for now; the code says which limit, `retryAfterMs` for how long if it said so. */
  readonly stop?: { readonly code: ErrorCode; readonly retryAfterMs?: number } | undefined;
}

const BURST_MS = 10_000;
const SECOND_MS = 1_000;
/** HubSpot announces up to an hour while an account is moved (477); nobody may stop us for longer. */
const RETRY_AFTER_MAX_MS = 3_600_000;

interface HeaderReads {
  get(name: string): string | null;
}

function countIn(headers: HeaderReads, name: string): number | undefined {
  const text = headers.get(`X-HubSpot-RateLimit-${name}`);
  return text !== null && /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

/** RFC 9110, 10.2.3: seconds or a date. */
function retryAfterMs(headers: HeaderReads, now: Date): number | undefined {
  const text = headers.get('Retry-After');
  if (text === null) return undefined;
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * SECOND_MS : Date.parse(text) - now.getTime();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_MAX_MS);
}

/** Answers beside 429 whose `Retry-After` is about the whole account: 477 is a migration. */
const ACCOUNT_WIDE = new Set([477, 503]);

/** `code`: ours for this answer, `undefined` for a success. */
export function hear(
  status: number,
  headers: HeaderReads,
  code: ErrorCode | undefined,
  now: Date,
): Heard {
  const remaining = countIn(headers, 'Remaining');
  const dailyMax = countIn(headers, 'Daily');
  const dailyRemaining = countIn(headers, 'Daily-Remaining');
  const afterMs = retryAfterMs(headers, now);
  const isStop = status === 429 || (ACCOUNT_WIDE.has(status) && afterMs !== undefined);
  return {
    ...(remaining !== undefined && {
      burst: {
        remaining,
        intervalMs: Math.min(countIn(headers, 'Interval-Milliseconds') ?? BURST_MS, 60_000),
      },
    }),
    ...(dailyMax !== undefined &&
      dailyRemaining !== undefined && { daily: { max: dailyMax, remaining: dailyRemaining } }),
    ...(isStop &&
      code !== undefined && {
        stop: { code, ...(afterMs !== undefined && { retryAfterMs: afterMs }) },
      }),
  };
}
