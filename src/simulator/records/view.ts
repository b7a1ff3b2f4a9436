import { PORTAL } from '../limits.ts';
import { OBJECT_TYPES } from '../object-types.ts';
import type { ObjectTypeName } from '../object-types.ts';
import type { Neighbour } from '../state/association-graph.ts';
import type { Store } from '../state/store.ts';
import type { HistoryEntry, RecordRef, StoredRecord } from '../state/types.ts';
import { associationTypesBetween } from '../associations/types.ts';

export type RecordReply = {
  id: string;
  properties: Record<string, string | null>;
  createdAt: string;
  updatedAt: string;
  archived: boolean;
  archivedAt?: string;
  url: string;
  propertiesWithHistory?: Record<string, readonly HistoryEntry[]>;
  associations?: Record<string, { results: { id: string; type: string }[] }>;
};

export type ViewOptions = {
  properties?: readonly string[];
  history?: readonly string[];
  associations?: readonly string[];
  /** Whether default properties without a value are listed as null; the 2026-09 shape allows it. */
  defaultNulls?: boolean;
};

function chosenProperties(
  store: Store,
  record: StoredRecord,
  options: ViewOptions,
): Record<string, string | null> {
  const type = OBJECT_TYPES[record.type];
  const asked = options.properties ?? [];
  const always = ['hs_object_id', type.createdProperty, type.modifiedProperty];
  const names = asked.length > 0 ? [...always, ...asked] : type.defaultProperties;
  const isNullShown = asked.length > 0 || (options.defaultNulls ?? true);
  const chosen: Record<string, string | null> = {};
  for (const name of [...new Set(names)].sort()) {
    // A name nobody defined is ignored, as HubSpot ignores it (`constructor` is such a name, too).
    if (!store.catalogue.find(record.type, name)) continue;
    const value = record.properties[name];
    if (value !== undefined) chosen[name] = value;
    else if (isNullShown) chosen[name] = null;
  }
  return chosen;
}

function base(record: StoredRecord, properties: Record<string, string | null>): RecordReply {
  return {
    id: record.id,
    properties,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    archived: record.archived,
    ...(record.archivedAt ? { archivedAt: record.archivedAt } : {}),
    url: `https://${PORTAL.uiDomain}/contacts/${String(PORTAL.portalId)}/record/${OBJECT_TYPES[record.type].typeId}/${record.id}`,
  };
}

/** A record as reads, lists and search return it. */
export function viewRecord(store: Store, record: StoredRecord, options: ViewOptions): RecordReply {
  const reply = base(record, chosenProperties(store, record, options));
  if (options.history && options.history.length > 0)
    reply.propertiesWithHistory = historyOf(store, record, options.history);
  return reply;
}

/** A record as creates and updates return it: everything that has a value. */
export function viewWritten(record: StoredRecord): RecordReply {
  return base(record, { ...record.properties });
}

function historyOf(
  store: Store,
  record: StoredRecord,
  names: readonly string[],
): Record<string, readonly HistoryEntry[]> {
  const known = names.filter((name) => store.catalogue.find(record.type, name));
  return Object.fromEntries(known.map((name) => [name, record.history[name] ?? []]));
}

/** The neighbours that are still there: an archived record drops out of every list. */
export function liveNeighbours(store: Store, ref: RecordRef, toType: ObjectTypeName): Neighbour[] {
  return store.graph
    .neighbours(ref, toType)
    .filter((other) => store.record({ type: toType, id: other.id })?.archived === false);
}

const INLINE_LABELS: Readonly<Record<string, string>> = {
  contacts: 'contact',
  companies: 'company',
  deals: 'deal',
  tickets: 'ticket',
};

/** The `type` HubSpot writes beside an inline associated id, such as `contact_to_company`. */
function inlineType(from: ObjectTypeName, to: ObjectTypeName, label: string | null): string {
  const name = `${INLINE_LABELS[from] ?? OBJECT_TYPES[from].singular}_to_${INLINE_LABELS[to] ?? OBJECT_TYPES[to].singular}`;
  return label === null || label === 'Primary'
    ? name
    : `${name}_${label.toLowerCase().replaceAll(' ', '_')}`;
}

/** `associations` of a read: one entry per record and association type. */
export function viewAssociations(
  store: Store,
  ref: RecordRef,
  toTypes: readonly ObjectTypeName[],
): Record<string, { results: { id: string; type: string }[] }> {
  const views: Record<string, { results: { id: string; type: string }[] }> = {};
  for (const toType of toTypes) {
    const labels = new Map(
      associationTypesBetween(ref.type, toType).map((type) => [type.typeId, type.label]),
    );
    const results = liveNeighbours(store, ref, toType).flatMap((other) => {
      const types = other.specs.map((spec) =>
        inlineType(ref.type, toType, labels.get(spec.associationTypeId) ?? null),
      );
      return [...new Set(types)].map((type) => ({ id: other.id, type }));
    });
    if (results.length > 0) views[toType] = { results };
  }
  return views;
}
