import type { HabitView } from '../contracts/roster-view.ts';
import { isTampered } from '../core/gateway-error.ts';
import { type Habit, habitOf, isRubberStamp, perCard, type Taken } from '../core/habits.ts';
import type { DecisionRecord } from '../core/records.ts';
import type { Store } from '../ports/store.ts';
import { isEntryOf } from './as-logged.ts';
import { entryOf } from './logged.ts';

const DAY_MS = 86_400_000;

/** So many of the last thirty days are looked at: each is traced through the log. */
export const HABIT_LIMITS = { days: 30, decisionsMax: 40 } as const;

/** What became of a decision does not change any more: it is traced once in the life of a process. */
type Traced = ReadonlyMap<string, Timed>;

interface Timed extends Taken {
  readonly at: number;
  readonly group: unknown;
  readonly groupSize: unknown;
}

/** Since the person opened its card, or where they had not by then since it waited for them. */
async function timed(
  { log }: Pick<Store, 'log'>,
  made: DecisionRecord,
): Promise<Timed | undefined> {
  const { records } = await log.trace(made.requestId);
  const entries = records.map(({ leaf }) => entryOf(leaf));
  const own = entries.find((entry) => isEntryOf(made, entry));
  if (own === undefined) return undefined;
  const before = entries.slice(0, entries.indexOf(own));
  const since =
    before.find(({ event, actor }) => event === 'approval.seen' && actor === own.actor) ??
    before.find(({ event }) => event === 'approval.requested');
  if (since === undefined) return undefined;
  const at = made.decidedAt.getTime();
  return {
    at,
    isApproved: made.decision === 'approve',
    tookMs: Math.max(0, at - Date.parse(since.timestamp)),
    group: own.facts['group'],
    groupSize: own.facts['group_size'],
  };
}

/** Newest first: of a group one, and none longer than since the decision before it. */
function eachOnce(all: readonly Timed[]): Taken[] {
  const once = all.filter(
    ({ group }, at) => group === undefined || all.findIndex((one) => one.group === group) === at,
  );
  return once.map(({ isApproved, tookMs, at, groupSize }, nth) => {
    const before = once[nth + 1];
    const sinceBefore = before === undefined ? Infinity : at - before.at;
    return { isApproved, tookMs: perCard(Math.min(tookMs, sinceBefore), groupSize) };
  });
}

/** As far as each can be told, the newest first. */
async function timesOf(
  store: Pick<Store, 'decisions' | 'log'>,
  personId: string,
  { known, now }: { readonly known: Traced; readonly now: Date },
): Promise<Traced> {
  const since = new Date(now.getTime() - HABIT_LIMITS.days * DAY_MS);
  const { rows } = await store.decisions.newest({
    ...{ personId, since },
    limit: HABIT_LIMITS.decisionsMax,
  });
  const all = new Map<string, Timed>();
  for (const made of rows) {
    const key = `${made.requestId} ${personId}`;
    const one = known.get(key) ?? (await timed(store, made).catch(unlessTampered));
    if (one !== undefined) all.set(key, one);
  }
  return all;
}

function unlessTampered(error: unknown): undefined {
  if (!isTampered(error)) throw error;
}

const viewOf = (person: string, habit: Habit): HabitView => ({
  ...{ person, decisions: habit.decisions, approved: habit.approved },
  median_seconds: habit.medianMs / 1_000,
  is_rubber_stamp: isRubberStamp(habit),
});

export interface Habits {
  readonly habits: readonly HabitView[];
  /** People whose row does not open. */
  readonly damaged: readonly string[];
}

/**
 * How the people on the roster have decided in the last thirty days, of those who have: of a group one counts, what
 * they had allowed ahead and what does not open counts nothing. A page asks again and again: what was traced is kept,
 * of the decisions that still count. Throws `store.unavailable`.
 */
export function createHabits(
  store: Pick<Store, 'decisions' | 'log' | 'people'>,
): (now: Date) => Promise<Habits> {
  let known: Traced = new Map();
  return async (now) => {
    const { rows, damaged } = await store.people.legible();
    const traced = new Map<string, Timed>();
    const habits: HabitView[] = [];
    for (const { id, revokedAt } of rows) {
      if (revokedAt !== null) continue;
      const times = await timesOf(store, id, { known, now });
      for (const [key, one] of times) traced.set(key, one);
      const habit = habitOf(eachOnce([...times.values()]));
      if (habit !== undefined) habits.push(viewOf(id, habit));
    }
    known = traced;
    return { habits, damaged };
  };
}
