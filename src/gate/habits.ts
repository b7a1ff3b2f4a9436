import type { HabitView } from '../contracts/roster-view.ts';
import { errorCodeOf } from '../core/gateway-error.ts';
import { type Habit, habitOf, isRubberStamp, perCard, type Taken } from '../core/habits.ts';
import type { DecisionRecord } from '../core/records.ts';
import type { Store } from '../ports/store.ts';
import { isEntryOf } from './as-logged.ts';
import { entryOf } from './logged.ts';

const DAY_MS = 86_400_000;

/** So many of the last thirty days are looked at: each is traced through the log. */
export const HABIT_LIMITS = { days: 30, decisionsMax: 40 } as const;

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

async function habitIn(
  store: Pick<Store, 'decisions' | 'log'>,
  personId: string,
  now: Date,
): Promise<Habit | undefined> {
  const since = new Date(now.getTime() - HABIT_LIMITS.days * DAY_MS);
  const { rows } = await store.decisions.newest({
    ...{ personId, since },
    limit: HABIT_LIMITS.decisionsMax,
  });
  const all: Timed[] = [];
  for (const made of rows) {
    const one = await timed(store, made).catch((error: unknown) => {
      if (errorCodeOf(error) === 'plan.tampered') return undefined;
      throw error;
    });
    if (one !== undefined) all.push(one);
  }
  return habitOf(eachOnce(all));
}

/**
 * How the people on the roster have decided in the last thirty days, of those who have: of a group one counts, what
 * they had allowed ahead and what does not open counts nothing. Opens what the log has of each decision, and the first
 * time in a process all that came after the oldest. `damaged`: people whose row does not open. Throws
 * `store.unavailable`.
 */
export async function habitsIn(
  store: Pick<Store, 'decisions' | 'log' | 'people'>,
  now: Date,
): Promise<{ readonly habits: readonly HabitView[]; readonly damaged: readonly string[] }> {
  const { rows, damaged } = await store.people.legible();
  const habits: HabitView[] = [];
  for (const { id, revokedAt } of rows) {
    const habit = revokedAt === null ? await habitIn(store, id, now) : undefined;
    if (habit === undefined) continue;
    const { decisions, approved, medianMs } = habit;
    habits.push({
      ...{ person: id, decisions, approved },
      median_seconds: medianMs / 1_000,
      is_rubber_stamp: isRubberStamp(habit),
    });
  }
  return { habits, damaged };
}
