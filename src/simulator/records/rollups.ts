import type { Store } from '../state/store.ts';
import type { Link, StoredRecord } from '../state/types.ts';
import { withProperties } from './change.ts';

const CONTACTING = new Set(['calls', 'emails', 'meetings']);
const ACTIVITIES = new Set(['notes', 'calls', 'emails', 'meetings']);
const ROLLED_UP = new Set(['contacts', 'companies', 'deals', 'tickets']);

const later = (a: string | undefined, b: string): string => (a !== undefined && a > b ? a : b);
const oneMore = (count: string | undefined): string => String(Number(count ?? '0') + 1);

function rollupValues(
  target: StoredRecord,
  activity: StoredRecord,
  now: string,
): Record<string, string> {
  const at = activity.properties['hs_timestamp'];
  if (at === undefined || at > now) return {};
  const held = target.properties;
  const values: Record<string, string> = {
    notes_last_updated: later(held['notes_last_updated'], at),
    num_notes: oneMore(held['num_notes']),
  };
  if (!CONTACTING.has(activity.type)) return values;
  return {
    ...values,
    notes_last_contacted: later(held['notes_last_contacted'], at),
    num_contacted_notes: oneMore(held['num_contacted_notes']),
    hs_last_sales_activity_timestamp: later(held['hs_last_sales_activity_timestamp'], at),
  };
}

/**
 * What newly linked activities change on the records they were logged on ("Last Contacted" and its
 * kin). `fresh` holds records of the same change that the store does not know yet.
 */
export function rollups(
  store: Store,
  links: readonly Link[],
  fresh: readonly StoredRecord[],
  now: string,
): StoredRecord[] {
  const changed = new Map<string, StoredRecord>();
  const seen = new Set<string>();
  for (const { from, to } of links) {
    const pair = `${from.type}/${from.id}/${to.type}/${to.id}`;
    if (!ACTIVITIES.has(from.type) || !ROLLED_UP.has(to.type) || seen.has(pair)) continue;
    seen.add(pair);
    if (store.graph.specs(from, to).length > 0) continue;
    const key = `${to.type}/${to.id}`;
    const target = changed.get(key) ?? store.record(to);
    const activity = fresh.find((each) => each.id === from.id) ?? store.record(from);
    if (!target || !activity) continue;
    const source = { sourceType: 'CALCULATED', sourceId: 'RollupProperties' };
    changed.set(key, withProperties(target, rollupValues(target, activity, now), now, source));
  }
  return [...changed.values()];
}
