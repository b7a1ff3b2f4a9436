import type { GrantRecord } from '../../../core/grants.ts';
import type { AbsenceRecord, FreezeRecord, SlackUserRecord } from '../../../core/records.ts';

const LIMITS = {
  /** Some 40 MB. What is older is opened again when somebody asks for it. */
  rememberedEntriesMax: 500_000,
} as const;

/** Entries `[from, to)`, of which none opens. */
export interface Hole {
  readonly from: number;
  readonly to: number;
}

/** What opening the entries `[from, to)` has shown. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** The entries of each request. */
  readonly named: Map<string, number[]>;
  readonly holes: Hole[];
}

/** What the log says is in force, after the order whose voucher is `key`. */
export interface Orders {
  readonly key: string;
  /** Standing ones, by id. */
  readonly freezes: ReadonlyMap<string, FreezeRecord>;
  /** The version in use, by connection. */
  readonly credentials: ReadonlyMap<string, number>;
  /** Who a Slack user is, by the Slack user. */
  readonly links: ReadonlyMap<string, SlackUserRecord>;
  /** What is allowed ahead and has not ended, with how often it was used, by id. */
  readonly grants: ReadonlyMap<string, GrantRecord>;
  /** Those that nobody has ended, by id. */
  readonly absences: ReadonlyMap<string, AbsenceRecord>;
  /** Agents, people, passkeys and webhook signers, by id, and since when. */
  readonly revoked: ReadonlyMap<string, Date>;
  /** Of people whose roles were changed: those they have since. */
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

export interface KeptOrders {
  readonly orders: Orders;
  /** The bytes of the row with which the log ended. */
  readonly end: string;
}

/**
 * What this process has opened of the log, one stretch without a break. What an entry has said stays
 * true, whatever becomes of its row: so each is opened once, and not again by every write that begins.
 */
export interface LogScan {
  known(): Stretch;
  /** Takes a committed stretch that joins the known one at either end; leaves out any other. */
  add(found: Stretch): void;
  /** The newest orders that were read, and how the log ended then; of another place than `key` they say nothing. */
  orders(): KeptOrders | undefined;
  keepOrders(kept: KeptOrders): void;
}

export const emptyStretch = (at: number): Stretch => ({
  from: at,
  to: at,
  named: new Map(),
  holes: [],
});

export function createLogScan(): LogScan {
  let known = emptyStretch(0);
  let newestOrders: KeptOrders | undefined;
  return {
    orders: () => newestOrders,
    keepOrders: (kept) => {
      newestOrders = kept;
    },
    known: () => known,
    add: (found) => {
      if (found.from >= found.to) return;
      if (known.from === known.to) known = found;
      else if (found.from === known.to) known = newest(append(known, found));
      // Not cut here: whoever had it opened is about to ask for it.
      else if (found.to === known.from) known = append(found, known);
    },
  };
}

/** Uses up both. */
export function append(earlier: Stretch, later: Stretch): Stretch {
  for (const [id, indexes] of later.named) {
    const own = earlier.named.get(id);
    if (own === undefined) earlier.named.set(id, indexes);
    else own.push(...indexes);
  }
  return { ...earlier, to: later.to, holes: [...earlier.holes, ...later.holes] };
}

function newest(known: Stretch): Stretch {
  const { from, to } = known;
  const isTooLong = to - from > LIMITS.rememberedEntriesMax;
  return isTooLong ? since(known, to - LIMITS.rememberedEntriesMax / 2) : known;
}

function since({ to, named, holes }: Stretch, from: number): Stretch {
  const kept = [...named].flatMap(([id, indexes]) => {
    const later = indexes.filter((index) => index >= from);
    return later.length === 0 ? [] : [[id, later] as const];
  });
  return { from, to, named: new Map(kept), holes: holesSince(holes, from) };
}

const holesSince = (holes: readonly Hole[], from: number): Hole[] =>
  holes
    .filter((hole) => hole.to > from)
    .map((hole) => ({ ...hole, from: Math.max(hole.from, from) }));
