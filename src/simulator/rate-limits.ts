import { randomUUID } from 'node:crypto';
import { HubSpotError } from './errors.ts';
import { PORTAL } from './limits.ts';
import type { TokenRecord } from './state/types.ts';

export type RateLimitSettings = {
  enabled: boolean;
  /** Calls per 10 s and app. */
  burstMax: number;
  /** Searches per second for the whole account. */
  searchPerSecondMax: number;
  /** Calls per day for the whole account; the day ends at midnight in the account's time zone. */
  dailyMax: number;
  /** Sent as `Retry-After` with every 429; HubSpot does not document one, and proxies before it send one. */
  retryAfterSeconds: number | null;
};

/** HubSpot's numbers for a Free or Starter account. */
export const DEFAULT_RATE_LIMITS: RateLimitSettings = {
  enabled: true,
  burstMax: 100,
  searchPerSecondMax: 5,
  dailyMax: 250_000,
  retryAfterSeconds: null,
};

/** Which allowance a route draws on. Search and associations have their own beside the general one. */
export type Budget = 'general' | 'search' | 'associations' | 'none';

const BURST_WINDOW_MS = 10_000;
const SEARCH_WINDOW_MS = 1_000;

const dayFormat = new Intl.DateTimeFormat('en-CA', { timeZone: PORTAL.timeZone });

/** Counts calls against HubSpot's limits: rolling windows in memory, gone with the process. */
export class RateLimits {
  settings: RateLimitSettings = { ...DEFAULT_RATE_LIMITS };
  readonly #windows = new Map<string, number[]>();
  #day = '';
  #usedToday = 0;

  get usedToday(): number {
    return this.#usedToday;
  }

  reset(): void {
    this.#windows.clear();
    this.#usedToday = 0;
  }

  /**
   * Takes one call from the budget.
   * @returns the rate-limit headers of the reply; none for search, which HubSpot leaves bare.
   * @throws HubSpotError 429 with `policyName` TEN_SECONDLY_ROLLING, SECONDLY or DAILY
   */
  take(budget: Budget, token: TokenRecord, nowMs: number): Record<string, string> {
    if (budget === 'none' || !this.settings.enabled) return {};
    this.#turnDay(nowMs);
    if (this.#usedToday >= this.settings.dailyMax) throw dailyLimit();
    if (budget === 'search') {
      const window = this.#window('search', SEARCH_WINDOW_MS, nowMs);
      if (window.length >= this.settings.searchPerSecondMax) throw searchLimit();
      window.push(nowMs);
    } else {
      const window = this.#window(`${budget}/${String(token.appId)}`, BURST_WINDOW_MS, nowMs);
      if (window.length >= this.settings.burstMax) throw burstLimit(token.appId);
      window.push(nowMs);
    }
    this.#usedToday += 1;
    return budget === 'search' ? {} : this.#headers(budget, token, nowMs);
  }

  /** The headers as they stand, for a refused reply. */
  #headers(budget: Budget, token: TokenRecord, nowMs: number): Record<string, string> {
    const { burstMax, dailyMax } = this.settings;
    const used = this.#window(`${budget}/${String(token.appId)}`, BURST_WINDOW_MS, nowMs).length;
    const daily = {
      'X-HubSpot-RateLimit-Daily': String(dailyMax),
      'X-HubSpot-RateLimit-Daily-Remaining': String(Math.max(0, dailyMax - this.#usedToday)),
    };
    return {
      'X-HubSpot-RateLimit-Max': String(burstMax),
      'X-HubSpot-RateLimit-Remaining': String(Math.max(0, burstMax - used)),
      'X-HubSpot-RateLimit-Interval-Milliseconds': String(BURST_WINDOW_MS),
      // The daily pair is absent on OAuth calls.
      ...(token.kind === 'private_app' ? daily : {}),
    };
  }

  headersFor(budget: Budget, token: TokenRecord, nowMs: number): Record<string, string> {
    const { enabled, retryAfterSeconds } = this.settings;
    const isBare = budget === 'search' || budget === 'none' || !enabled;
    return {
      ...(isBare ? {} : this.#headers(budget, token, nowMs)),
      ...(retryAfterSeconds === null ? {} : { 'Retry-After': String(retryAfterSeconds) }),
    };
  }

  #window(key: string, lengthMs: number, nowMs: number): number[] {
    const window = this.#windows.get(key) ?? [];
    const firstLive = window.findIndex((at) => at > nowMs - lengthMs);
    window.splice(0, firstLive === -1 ? window.length : firstLive);
    this.#windows.set(key, window);
    return window;
  }

  #turnDay(nowMs: number): void {
    const day = dayFormat.format(nowMs);
    if (day === this.#day) return;
    this.#day = day;
    this.#usedToday = 0;
  }
}

function burstLimit(appId: number): HubSpotError {
  return new HubSpotError(429, {
    message: 'You have reached your ten_secondly_rolling limit.',
    errorType: 'RATE_LIMIT',
    policyName: 'TEN_SECONDLY_ROLLING',
    groupName: `publicapi:private_app-api-calls-ten-secondly:${String(appId)}:${String(PORTAL.portalId)}`,
  });
}

function dailyLimit(): HubSpotError {
  return new HubSpotError(429, {
    message: 'You have reached your daily limit.',
    errorType: 'RATE_LIMIT',
    policyName: 'DAILY',
    groupName: `publicapi:private-app-api-calls-daily:${String(PORTAL.portalId)}`,
    requestId: randomUUID(),
  });
}

function searchLimit(): HubSpotError {
  return new HubSpotError(429, {
    message: 'You have reached your secondly limit.',
    category: 'RATE_LIMITS',
    errorType: 'RATE_LIMIT',
    policyName: 'SECONDLY',
  });
}

/** A 429 outside the counters, for the fault of that name. */
export const burstLimitFor = burstLimit;
