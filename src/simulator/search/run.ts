import { OBJECT_TYPES } from '../object-types.ts';
import type { ObjectTypeName } from '../object-types.ts';
import type { IndexedRecord } from '../state/search-index.ts';
import type { PropertyDefinition, StoredRecord } from '../state/types.ts';
import { matchesFilter, matchesQuery } from './match.ts';
import type { SearchPlan } from './rules.ts';
import type { Sort } from './schema.ts';

type FindProperty = (name: string) => PropertyDefinition | undefined;

export type SearchResult = { total: number; records: StoredRecord[] };

/** Groups are alternatives, the filters within one hold together. No group = everything. */
export function runSearch(
  type: ObjectTypeName,
  indexed: Iterable<IndexedRecord>,
  plan: SearchPlan,
  find: FindProperty,
): SearchResult {
  const { queryProperties, createdProperty } = OBJECT_TYPES[type];
  const hits: StoredRecord[] = [];
  for (const candidate of indexed) {
    const isInGroup =
      plan.groups.length === 0 ||
      plan.groups.some((filters) =>
        filters.every((filter) => matchesFilter(candidate, filter, find)),
      );
    if (isInGroup && matchesQuery(candidate, plan.query, queryProperties))
      hits.push(candidate.record);
  }
  const sort = plan.sort ?? { propertyName: createdProperty, isDescending: false };
  hits.sort(byProperty(sort, find(sort.propertyName)?.type ?? 'string'));
  return { total: hits.length, records: hits.slice(plan.offset, plan.offset + plan.limit) };
}

/** Records without the property come last in either direction; equals stay in order of their ids. */
function byProperty(sort: Sort, type: string): (a: StoredRecord, b: StoredRecord) => number {
  const sign = sort.isDescending ? -1 : 1;
  return (a, b) => {
    const left = a.properties[sort.propertyName];
    const right = b.properties[sort.propertyName];
    if (left === right) return Number(a.id) - Number(b.id);
    if (left === undefined) return 1;
    if (right === undefined) return -1;
    const order = compareValues(left, right, type);
    return order === 0 ? Number(a.id) - Number(b.id) : sign * order;
  };
}

function compareValues(left: string, right: string, type: string): number {
  if (type === 'number') return Number(left) - Number(right);
  // Instants are stored as ISO text of one length, so their text order is their order in time.
  const [a, b] = [left.toLowerCase(), right.toLowerCase()];
  return a < b ? -1 : Number(a > b);
}
