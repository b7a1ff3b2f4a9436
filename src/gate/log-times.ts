import type { LogReads } from '../ports/store.ts';
import { entryIn } from './observed-log.ts';

type Log = Pick<LogReads, 'each'>;

/** A clock that was set back by no more than this hides no entry from a search by time. */
const SET_BACK_MAX_MS = 3_600_000;

/** One that does not open says no time; its neighbour's is as good. */
const NEIGHBOURS = 8;

async function timeAt(log: Log, index: number, size: number): Promise<number | undefined> {
  const records = await log.each(index, Math.min(index + NEIGHBOURS, size), () => false);
  const record = records.find((one) => one !== null);
  return record == null ? undefined : Date.parse(entryIn(record).timestamp);
}

/** The place from which on `isReached` holds, by halves: `unknown` where nobody can tell the time. */
async function firstAt(
  log: Log,
  size: number,
  isReached: (time: number) => boolean,
  unknown: boolean,
): Promise<number> {
  let [low, high] = [0, size];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const time = await timeAt(log, middle, high);
    if (time === undefined ? unknown : isReached(time)) high = middle;
    else low = middle + 1;
  }
  return low;
}

export interface TimeSpan {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/**
 * The entries `[from, to)` among which all of that time are, both ends included, and some that are an hour older or
 * newer: times of entries are the clock's, which can be set. Costs a few entries, however long the log.
 */
export async function placesOf(
  log: Log,
  size: number,
  { from, to }: TimeSpan,
): Promise<{ readonly from: number; readonly to: number }> {
  const oldest = from && from.getTime() - SET_BACK_MAX_MS;
  const newest = to && to.getTime() + SET_BACK_MAX_MS;
  return {
    from: oldest === undefined ? 0 : await firstAt(log, size, (time) => time >= oldest, true),
    to: newest === undefined ? size : await firstAt(log, size, (time) => time > newest, false),
  };
}
