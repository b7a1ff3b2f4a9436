import { errorCodeOf } from '../core/gateway-error.ts';
import { type Habit, habitOf, type Taken } from '../core/habits.ts';
import type { DecisionRecord } from '../core/records.ts';
import type { Store } from '../ports/store.ts';
import { isEntryOf } from './as-logged.ts';
import { entryOf } from './logged.ts';

const DAY_MS = 86_400_000;

/** So many of the last thirty days are looked at: each is traced through the log. */
export const HABIT_LIMITS = { days: 30, decisionsMax: 40 } as const;

interface Timed extends Taken {
  readonly group: unknown;
}

/** How long it took since the person opened its card, or where they never did since it waited for them. */
async function timed(
  { log }: Pick<Store, 'log'>,
  made: DecisionRecord,
): Promise<Timed | undefined> {
  const { records } = await log.trace(made.requestId);
  const entries = records.map(({ leaf }) => entryOf(leaf));
  const own = entries.find((entry) => isEntryOf(made, entry));
  if (own === undefined) return undefined;
  const since =
    entries.find(({ event, actor }) => event === 'approval.seen' && actor === own.actor) ??
    entries.find(({ event }) => event === 'approval.requested');
  if (since === undefined) return undefined;
  return {
    isApproved: made.decision === 'approve',
    tookMs: Math.max(0, made.decidedAt.getTime() - Date.parse(since.timestamp)),
    group: own.facts['group'],
  };
}

/**
 * How a person has decided in the last thirty days: of a group one counts, what they had allowed ahead and what does
 * not open counts nothing. Undefined of somebody who has decided on nothing. Throws `store.unavailable`.
 */
export async function habitIn(
  store: Pick<Store, 'decisions' | 'log'>,
  personId: string,
  now: Date,
): Promise<Habit | undefined> {
  const since = new Date(now.getTime() - HABIT_LIMITS.days * DAY_MS);
  const of = { personId, since, limit: HABIT_LIMITS.decisionsMax };
  const { rows } = await store.decisions.newest(of);
  const taken: Timed[] = [];
  const groups = new Set<unknown>();
  for (const made of rows) {
    if (made.proof === 'grant') continue;
    const one = await timed(store, made).catch((error: unknown) => {
      if (errorCodeOf(error) === 'plan.tampered') return undefined;
      throw error;
    });
    if (one === undefined || groups.has(one.group)) continue;
    if (one.group !== undefined) groups.add(one.group);
    taken.push(one);
  }
  return habitOf(taken);
}
