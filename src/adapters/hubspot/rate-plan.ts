import { setTimeout as sleep } from 'node:timers/promises';
import { dailyResetAt } from '../../core/daily-reset.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { NoTurn } from '../../ports/crm.ts';
import type { Heard } from './rate-heard.ts';
import { firstFree, newWindow, reserve, usedWithin, type Window } from './rate-window.ts';

/**
 * Our own budget below HubSpot's lowest tier (100 calls in 10 s per app, 5 searches a second per
 * account), so that HubSpot's limiter is never what stops us.
 * https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
 */
export interface RatePlan {
  /**
   * All calls but the radar's; a tenth of them, rounded down, is kept for reconciling and incidents. The radar
   * has as many beside them.
   */
  readonly callsPerTenSeconds: number;
  /** The radar has a quarter as many beside them, one at least. */
  readonly searchesPerSecond: number;
  /** How long a call waits for its turn before it is given up as unsent, ms. */
  readonly waitMaxMs: number;
}

export const DEFAULT_RATE_PLAN: RatePlan = {
  callsPerTenSeconds: 90,
  searchesPerSecond: 4,
  waitMaxMs: 3_000,
};

const RESERVED_SHARE = 0.1;
/** Beside the plan, in the margin that it leaves, so that no agent's call waits for the radar's. */
const SPARE_SHARE = 0.1;
const SPARE_SEARCH_SHARE = 0.25;
/** Of the account's day, which other apps use too. */
const DAILY_RESERVED_SHARE = 0.01;

/**
 * Calls that leave together arrive apart (a first connection takes its time), so two bursts a window
 * apart here can lie in one window there: ours are longer by this much.
 */
const ARRIVAL_SPREAD_MS = 250;

export interface Turns {
  /** One entry for each call: whether it is a search. */
  readonly searches: readonly boolean[];
  /** For reconciling and incidents. */
  readonly isReserved: boolean;
  /** For the radar: in turns of its own, and only while ordinary calls have one left. */
  readonly isSpare?: boolean;
}

export interface Turnstile {
  /** Resolves when all of these calls may go; with the limit when one has no turn in time. */
  take(connection: string, turns: Turns): Promise<NoTurn | undefined>;
  /** Obeys what an answer said. `timeZone` is the account's. Returns what stops calls from now on. */
  heed(connection: string, heard: Heard, timeZone?: string): NoTurn | undefined;
}

export interface Clocks {
  /** In ms and never backwards: the wall clock would stall every call when it is set back. */
  readonly monotonic: () => number;
  /** For midnight. */
  readonly wall: () => Date;
}

interface Stop {
  readonly untilMs: number;
  readonly code: ErrorCode;
  /** How many came one upon the other. */
  readonly round: number;
}

const SECOND_MS = 1_000;
const BURST_MS = 10_000;

interface Budget {
  readonly ordinary: Window;
  readonly reserved: Window;
  readonly searches: Window;
  readonly spare: Window;
  readonly spareSearches: Window;
  /** HubSpot's word on all calls, and on searches alone. */
  stop: Stop | undefined;
  searchStop: Stop | undefined;
  /** The day is used up until then (wall clock, ms): for ordinary calls, or for all. */
  day: { readonly untilMs: number; readonly isSpent: boolean } | undefined;
  /** How much of our plan others took from the same allowance, as the last answer showed it. */
  taken: { readonly turns: number; readonly untilMs: number };
}

function newBudget({ callsPerTenSeconds, searchesPerSecond }: RatePlan): Budget {
  const reserved = Math.floor(callsPerTenSeconds * RESERVED_SHARE);
  const spanMs = BURST_MS + ARRIVAL_SPREAD_MS;
  return {
    ordinary: newWindow(callsPerTenSeconds - reserved, spanMs),
    reserved: newWindow(reserved, spanMs),
    searches: newWindow(searchesPerSecond, SECOND_MS + ARRIVAL_SPREAD_MS),
    spare: newWindow(Math.max(1, Math.floor(callsPerTenSeconds * SPARE_SHARE)), spanMs),
    spareSearches: newWindow(
      Math.max(1, Math.floor(searchesPerSecond * SPARE_SEARCH_SHARE)),
      SECOND_MS + ARRIVAL_SPREAD_MS,
    ),
    stop: undefined,
    searchStop: undefined,
    day: undefined,
    taken: { turns: 0, untilMs: 0 },
  };
}

/** When this lane has a turn: fewer while others take from the same allowance, ordinary turns first. */
function freeIn(budget: Budget, lane: 'ordinary' | 'reserved', now: number): number {
  const window = budget[lane];
  const planned = firstFree(window, now);
  const { turns, untilMs } = budget.taken;
  if (untilMs <= now) return planned;
  const lost = lane === 'ordinary' ? turns : Math.max(0, turns - budget.ordinary.max);
  return Math.min(firstFree(window, now, window.max - lost), Math.max(planned, untilMs));
}

interface Place {
  readonly at: number;
  readonly windows: readonly Window[];
  readonly code: ErrorCode;
}

/** The window of the call's lane, and when it has a turn. */
function laneFor(budget: Budget, of: Turns, now: number): readonly [Window, number] {
  const ordinary = freeIn(budget, 'ordinary', now);
  if (of.isSpare) return [budget.spare, Math.max(ordinary, firstFree(budget.spare, now))];
  const reserved = of.isReserved ? freeIn(budget, 'reserved', now) : Infinity;
  return reserved <= ordinary ? [budget.reserved, reserved] : [budget.ordinary, ordinary];
}

function searchLaneFor(budget: Budget, of: Turns, now: number): readonly [Window, number] {
  const planned = Math.max(firstFree(budget.searches, now), budget.searchStop?.untilMs ?? 0);
  if (!of.isSpare) return [budget.searches, planned];
  return [budget.spareSearches, Math.max(planned, firstFree(budget.spareSearches, now))];
}

/** The earliest turn for one call, and the limit that it waits for. */
function placeFor(budget: Budget, isSearch: boolean, of: Turns, now: number): Place {
  const [lane, free] = laneFor(budget, of, now);
  const windows = [lane];
  const bounds: (readonly [number, ErrorCode])[] = [[free, 'hubspot.rate_limited']];
  if (budget.stop !== undefined) bounds.push([budget.stop.untilMs, budget.stop.code]);
  if (isSearch) {
    const [searches, searchFree] = searchLaneFor(budget, of, now);
    bounds.push([searchFree, 'hubspot.search_limited']);
    windows.push(searches);
  }
  const [at, code] = bounds.reduce((latest, bound) => (bound[0] > latest[0] ? bound : latest));
  return { at, code, windows };
}

/** Whole milliseconds first: the difference of two floating-point times can be a hair over a second. */
const secondsOf = (ms: number): number => Math.max(1, Math.ceil(Math.round(ms) / 1000));

/** Turns for all calls or for none. The time when the last of them may go, or what is in the way. */
function reserveAll(budget: Budget, of: Turns, waitMaxMs: number, now: number): number | NoTurn {
  const { ordinary, reserved, searches, spare, spareSearches } = budget;
  const lanes = [ordinary, reserved, searches, spare, spareSearches];
  const before = lanes.map(({ turns }) => [...turns]);
  let last = now;
  for (const isSearch of of.searches) {
    const { at, code, windows } = placeFor(budget, isSearch, of, now);
    if (at - now > waitMaxMs) {
      for (const [i, lane] of lanes.entries()) lane.turns = before[i] ?? [];
      return { code, retryAfterSeconds: secondsOf(at - now) };
    }
    for (const window of windows) reserve(window, at, now);
    last = Math.max(last, at);
  }
  return last;
}

function dayStop({ day }: Budget, isReserved: boolean, wallMs: number): NoTurn | undefined {
  if (day === undefined || day.untilMs <= wallMs || (isReserved && !day.isSpent)) return undefined;
  const retryAfterSeconds = secondsOf(day.untilMs - wallMs);
  return { code: 'hubspot.daily_limited', retryAfterSeconds };
}

/** What an answer says of the day: `low` leaves its rest to reconciling and incidents. */
export function dayIn({ daily, stop }: Heard): 'fine' | 'low' | 'spent' | undefined {
  if (stop?.code === 'hubspot.daily_limited' || daily?.remaining === 0) return 'spent';
  if (daily === undefined) return undefined;
  return daily.remaining <= daily.max * DAILY_RESERVED_SHARE ? 'low' : 'fine';
}

function heedDay(budget: Budget, heard: Heard, resetMs: () => number): void {
  const day = dayIn(heard);
  if (day === 'fine') budget.day = undefined;
  else if (day !== undefined) budget.day = { untilMs: resetMs(), isSpent: day === 'spent' };
}

/**
 * Another program on the same key, or a replica of this one, takes from the same window: what HubSpot
 * says is left, less than what our own turns leave of the plan, is all we have until the window has
 * passed. Calls still on their way are in both counts at most once, which the margin of the plan covers.
 */
function heedBurst(budget: Budget, plan: RatePlan, { burst }: Heard, now: number): void {
  if (burst === undefined) return;
  const { intervalMs, remaining } = burst;
  const own = [budget.ordinary, budget.reserved, budget.spare]
    .map((window) => usedWithin(window, intervalMs, now))
    .reduce((sum, used) => sum + used);
  const turns = Math.max(0, plan.callsPerTenSeconds - own - remaining);
  budget.taken = { turns, untilMs: now + intervalMs };
}

/**
 * Where HubSpot does not say how long: a second, since its windows roll and free a place as soon as the
 * oldest call leaves them, and twice as long each time that was too short, up to the whole window.
 */
const pauseMs = (round: number): number => Math.min(SECOND_MS * 2 ** round, BURST_MS);

/** The stop from now on; `undefined` when the one that stands says all. */
function nextStop(
  before: Stop | undefined,
  { code, retryAfterMs }: NonNullable<Heard['stop']>,
  now: number,
): Stop | undefined {
  const pastMs = before === undefined ? Infinity : now - before.untilMs;
  // Calls that left together are refused together: one round.
  if (pastMs < 0 && retryAfterMs === undefined) return undefined;
  const round = before !== undefined && pastMs < BURST_MS ? before.round + 1 : 0;
  const untilMs = Math.max(now + (retryAfterMs ?? pauseMs(round)), before?.untilMs ?? 0);
  return { untilMs, code, round };
}

function heedStop(budget: Budget, { stop }: Heard, now: number): void {
  if (stop === undefined || stop.code === 'hubspot.daily_limited') return;
  const place = stop.code === 'hubspot.search_limited' ? 'searchStop' : 'stop';
  budget[place] = nextStop(budget[place], stop, now) ?? budget[place];
}

/** What keeps a call from going at that time although it has its turn. */
function stopAt(now: number, budget: Budget, turns: Turns, { wall }: Clocks): NoTurn | undefined {
  const stops = [budget.stop, turns.searches.includes(true) ? budget.searchStop : undefined];
  const stop = stops.find((each) => each !== undefined && each.untilMs > now);
  return stop === undefined
    ? dayStop(budget, turns.isReserved, wall().getTime())
    : { code: stop.code, retryAfterSeconds: secondsOf(stop.untilMs - now) };
}

const REAL_CLOCKS: Clocks = { monotonic: () => performance.now(), wall: () => new Date() };

/** One for a process: what it counts is in memory, each connection by itself. */
export function createTurnstile(plan: RatePlan, clocks: Clocks = REAL_CLOCKS): Turnstile {
  const budgets = new Map<string, Budget>();
  const budgetOf = (connection: string): Budget => {
    const budget = budgets.get(connection) ?? newBudget(plan);
    budgets.set(connection, budget);
    return budget;
  };
  return {
    take: async (connection, turns) => {
      const budget = budgetOf(connection);
      const now = clocks.monotonic();
      const ended = dayStop(budget, turns.isReserved, clocks.wall().getTime());
      if (ended !== undefined) return ended;
      // Reserved before the wait: those who ask later queue behind, in order.
      const at = reserveAll(budget, turns, plan.waitMaxMs, now);
      if (typeof at !== 'number') return at;
      if (at <= now) return undefined;
      await sleep(at - now);
      // HubSpot may have said stop meanwhile. A timer can fire a moment early: the turn's own time counts.
      return stopAt(Math.max(at, clocks.monotonic()), budget, turns, clocks);
    },
    heed: (connection, heard, timeZone) => {
      const budget = budgetOf(connection);
      const now = clocks.monotonic();
      heedDay(budget, heard, () => dailyResetAt(clocks.wall(), timeZone).getTime());
      heedStop(budget, heard, now);
      if (heard.stop === undefined) heedBurst(budget, plan, heard, now);
      if (heard.stop === undefined) return undefined;
      const isSearch = heard.stop.code === 'hubspot.search_limited';
      return stopAt(now, budget, { searches: [isSearch], isReserved: true }, clocks);
    },
  };
}
