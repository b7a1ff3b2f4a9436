import type { AuditEntry } from '../contracts/audit-entry.ts';
import type { StoreReads } from '../ports/store.ts';
import { type AskedOf, createAskedOf, fits, isOpen, type LogFilter } from './log-filter.ts';
import { placesOf } from './log-times.ts';
import { entryIn } from './observed-log.ts';

type Reads = Pick<StoreReads, 'log' | 'requests'>;

/** Each entry that is looked at is opened, so one search looks at this many and no more. */
export const LOOKED_THROUGH_MAX = 2_000;
/** Opening these holds everybody; between two lots others have their turn. */
const LOT_ENTRIES = 200;

export interface LogSearch {
  readonly filter: LogFilter;
  /** Only entries of this one. */
  readonly request?: string | undefined;
  /** Goes on below this index. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** What a reader of the log gets; nothing in it is personal. */
export interface LogPart {
  readonly entries: readonly AuditEntry[];
  /** What each request that is named here asks for, by its id; of those whose row opens. */
  readonly actions: Readonly<Record<string, string>>;
  /** Entries that were looked at and are gone or do not open, as words. */
  readonly damaged: readonly string[];
  /** How many entries the log has. */
  readonly size: number;
}

export interface LogFound extends LogPart {
  readonly looked: number;
  /** Where to go on; undefined where nothing is left to look at. */
  readonly next: number | undefined;
}

/** Entries between two indexes, the newest first; a number stands for one that does not open. */
type Lot = readonly (AuditEntry | number)[];

async function lotOf({ log }: Reads, from: number, to: number): Promise<Lot> {
  const records = await log.each(from, to, () => false);
  const lot = records.map((record, offset) => (record === null ? from + offset : entryIn(record)));
  return lot.toReversed();
}

const othersTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs of indexes in falling order, as words: `entry 6`, `entries 3 to 4`. */
function rangesOf(indexes: readonly number[]): readonly string[] {
  const runs: { first: number; readonly last: number }[] = [];
  for (const index of indexes) {
    const run = runs.at(-1);
    if (run?.first === index + 1) run.first = index;
    else runs.push({ first: index, last: index });
  }
  return runs.map(({ first, last }) =>
    first === last ? `entry ${first}` : `entries ${first} to ${last}`,
  );
}

async function actionsOf(
  entries: readonly AuditEntry[],
  askedOf: AskedOf,
): Promise<Readonly<Record<string, string>>> {
  const ids = [...new Set(entries.flatMap(({ request_id: id }) => id ?? []))];
  const named: [string, string][] = [];
  for (const id of ids) {
    const asked = await askedOf(id);
    if (asked !== undefined) named.push([id, asked.action]);
  }
  return Object.fromEntries(named);
}

/** What was found, and where the looking ended. */
interface Walk {
  readonly entries: AuditEntry[];
  readonly lost: number[];
  /** The index that was looked at last, or one above all. */
  at: number;
}

/** Looks at a lot, the newest entry first, until there are enough; whether there are. */
async function look(
  walk: Walk,
  lot: Lot,
  { filter, limit }: LogSearch,
  askedOf: AskedOf,
): Promise<boolean> {
  for (const one of lot) {
    walk.at = typeof one === 'number' ? one : one.index;
    if (typeof one === 'number') walk.lost.push(one);
    else if (await fits(one, filter, askedOf)) walk.entries.push(one);
    if (walk.entries.length === limit) return true;
  }
  return false;
}

/** From the newest entry of the whole log, or of its time, back: until there are enough, or enough were looked at. */
async function searchAll(of: Reads, size: number, search: LogSearch, askedOf: AskedOf) {
  const span = await placesOf(of.log, size, search.filter);
  const start = Math.min(span.to, search.before ?? size);
  const lotEntries = isOpen(search.filter) ? search.limit : LOT_ENTRIES;
  const walk: Walk = { entries: [], lost: [], at: start };
  let isEnough = false;
  while (!isEnough && walk.at > span.from && start - walk.at < LOOKED_THROUGH_MAX) {
    const from = Math.max(span.from, walk.at - lotEntries);
    isEnough = await look(walk, await lotOf(of, from, walk.at), search, askedOf);
    await othersTurn();
  }
  const next = walk.at > span.from ? walk.at : undefined;
  return { ...walk, damaged: rangesOf(walk.lost), looked: start - walk.at, next };
}

/** The entries of one request are few, and an index finds them. */
async function searchRequest(of: Reads, id: string, search: LogSearch, askedOf: AskedOf) {
  const { records, damaged } = await of.log.trace(id);
  const { before = Infinity } = search;
  const lot = records.map(entryIn).filter(({ index }) => index < before);
  const walk: Walk = { entries: [], lost: [], at: 0 };
  const isEnough = await look(walk, lot.toReversed(), search, askedOf);
  const isMore = isEnough && walk.at !== lot[0]?.index;
  return {
    ...{ entries: walk.entries, looked: lot.length, next: isMore ? walk.at : undefined },
    damaged: damaged === undefined ? [] : [damaged.replace('log_entries', 'entry')],
  };
}

export interface LogReader {
  /** The newest first. */
  search(search: LogSearch): Promise<LogFound>;
  /** What came since the log had `from` entries, in its order, as far as one look goes: `to` is where to go on. */
  since(from: number, filter: LogFilter): Promise<LogPart & { readonly to: number }>;
}

/**
 * Reads the log for people: bounded work for each call, however long the log, and what is damaged is named beside what
 * is whole. Throws `store.unavailable`.
 */
export function createLogReader(of: Reads): LogReader {
  return {
    async search(search) {
      const size = await of.log.size();
      const askedOf = createAskedOf(of.requests);
      const { request } = search;
      const { entries, damaged, looked, next } = await (request === undefined
        ? searchAll(of, size, search, askedOf)
        : searchRequest(of, request, search, askedOf));
      return { entries, damaged, looked, next, size, actions: await actionsOf(entries, askedOf) };
    },
    async since(from, filter) {
      const size = await of.log.size();
      const to = Math.min(size, from + LOT_ENTRIES);
      const askedOf = createAskedOf(of.requests);
      const walk: Walk = { entries: [], lost: [], at: to };
      await look(walk, await lotOf(of, from, to), { filter, limit: Infinity }, askedOf);
      const entries = walk.entries.toReversed();
      const actions = await actionsOf(entries, askedOf);
      return { entries, damaged: rangesOf(walk.lost), size, to, actions };
    },
  };
}
