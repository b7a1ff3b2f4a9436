import { createRecord } from '../records/create.ts';
import { defaultAssociationType, toSpec } from '../associations/types.ts';
import type { ObjectTypeName } from '../object-types.ts';
import type { Store } from '../state/store.ts';
import type { RecordRef } from '../state/types.ts';
import { OWNERS } from './owners.ts';

/** The day the demo CRM was written. Everything in it lies before, tasks may be due after. */
const SEED_INSTANT_MS = Date.parse('2026-11-16T14:00:00.000Z');
const DAY_MS = 86_400_000;

export const daysBefore = (days: number): string =>
  new Date(SEED_INSTANT_MS - Math.round(days * DAY_MS)).toISOString();

const FIRST_IDS: Record<ObjectTypeName, number> = {
  companies: 10_001,
  contacts: 20_001,
  deals: 40_001,
  tickets: 50_001,
  notes: 60_001,
  tasks: 70_001,
  calls: 80_001,
  emails: 90_001,
  meetings: 95_001,
};

export type Plant = (
  type: ObjectTypeName,
  at: string,
  properties: Record<string, string>,
  targets: readonly RecordRef[],
) => RecordRef;

/** Creates records as the people of the account would have, with fixed ids counting up per object. */
export function createPlanter(store: Store): Plant {
  const counts = new Map<ObjectTypeName, number>();
  return (type, at, properties, targets) => {
    const count = counts.get(type) ?? 0;
    counts.set(type, count + 1);
    const owner = OWNERS.find((each) => each.id === properties['hubspot_owner_id']);
    const context = {
      store,
      now: at,
      actor: { source: 'seed' as const, userId: owner?.userId ?? 70_001 },
      request: { method: 'SEED', path: '/seed', bodySha256: null },
    };
    const associations = targets.map((target) => {
      const link = defaultAssociationType(type, target.type);
      if (!link) throw new Error(`no association from ${type} to ${target.type}`);
      return { to: { id: target.id }, types: [toSpec(link)] };
    });
    const id = String(FIRST_IDS[type] + count);
    createRecord(context, type, { properties, associations }, id);
    return { type, id };
  };
}
