import { linksBetween } from '../associations/links.ts';
import { objectNotFound, validationError } from '../errors.ts';
import { OBJECT_TYPE_NAMES, OBJECT_TYPES } from '../object-types.ts';
import type { ObjectTypeName } from '../object-types.ts';
import type { Store } from '../state/store.ts';
import type { Link, RecordRef, StoredRecord } from '../state/types.ts';
import { withProperties } from './change.ts';
import { effectsOf, historySource } from './context.ts';
import type { WriteContext } from './context.ts';
import { checkedValues } from './create.ts';
import { assertStageInPipeline, derivedProperties } from './derived.ts';

/**
 * Finds a record by id or by a property with unique values, archived ones included.
 * @throws HubSpotError 400 when `idProperty` is not unique
 */
export function findRecord(
  store: Store,
  type: ObjectTypeName,
  id: string,
  idProperty?: string | null,
): StoredRecord | undefined {
  if (!idProperty || idProperty === 'hs_object_id') return store.record({ type, id });
  if (!store.catalogue.find(type, idProperty)?.hasUniqueValue)
    throw validationError(
      `Property ${idProperty} does not exist or is not a unique property of ${type}.`,
    );
  return store.findUnique(type, idProperty, id);
}

/** @throws HubSpotError 404 when there is no such record or it is archived */
export function requireRecord(
  store: Store,
  type: ObjectTypeName,
  id: string,
  idProperty?: string | null,
): StoredRecord {
  const record = findRecord(store, type, id, idProperty);
  if (!record || record.archived) throw objectNotFound(id);
  return record;
}

/** Changes the named properties, leaves all others. `''` clears one. */
export function updateRecord(
  context: WriteContext,
  record: StoredRecord,
  sent: Readonly<Record<string, string>>,
): StoredRecord {
  const { store, actor, now } = context;
  const values = checkedValues(store, record.type, sent, record.id);
  const merged = { ...record.properties, ...values };
  assertStageInPipeline(record.type, merged);
  const all = {
    ...values,
    ...derivedProperties(record.type, record.id, merged),
    ...(actor.source === 'api' ? {} : { hs_updated_by_user_id: String(actor.userId) }),
  };
  const changed = withProperties(record, all, now, historySource(actor));
  store.commit({
    records: [changed],
    effects: effectsOf(context, 'update', refOf(record), { properties: { ...sent } }),
  });
  return changed;
}

/** Moves a record to the recycling bin. Archiving an archived record changes nothing. */
export function archiveRecord(context: WriteContext, record: StoredRecord): void {
  if (record.archived) return;
  const archived: StoredRecord = {
    ...record,
    archived: true,
    archivedAt: context.now,
    updatedAt: context.now,
  };
  context.store.commit({
    records: [archived],
    effects: effectsOf(context, 'archive', refOf(record), {}),
  });
}

/** Erases a record and its associations for good; the ledger keeps only that it happened. */
export function eraseRecord(context: WriteContext, record: StoredRecord): void {
  const ref = refOf(record);
  context.store.commit({
    forget: [ref],
    unlink: allLinks(context.store, ref),
    effects: effectsOf(context, 'gdpr_delete', ref, {}),
  });
}

/** The primary record keeps its values and takes the other's where it has none, and all its links. */
export function mergeRecords(
  context: WriteContext,
  primary: StoredRecord,
  other: StoredRecord,
): StoredRecord {
  const { store, now, actor } = context;
  const writable = Object.entries(other.properties).filter(
    ([name]) => store.catalogue.find(other.type, name)?.readOnlyValue === false,
  );
  const missing = writable.filter(([name]) => !primary.properties[name] && name !== 'email');
  const mergedIds = [primary.properties['hs_merged_object_ids'], other.id]
    .filter(Boolean)
    .join(';');
  const values = { ...Object.fromEntries(missing), hs_merged_object_ids: mergedIds };
  const merged = withProperties(primary, values, now, historySource(actor));
  const oldLinks = allLinks(store, refOf(other));
  const moved = oldLinks.map((link) => ({
    from: link.from.id === other.id && link.from.type === other.type ? refOf(primary) : link.from,
    to: link.to.id === other.id && link.to.type === other.type ? refOf(primary) : link.to,
    spec: link.spec,
  }));
  store.commit({
    records: [{ ...other, archived: true, archivedAt: now, mergedInto: primary.id }, merged],
    link: moved.filter((link) => link.from.id !== link.to.id || link.from.type !== link.to.type),
    unlink: oldLinks,
    effects: effectsOf(context, 'merge', refOf(primary), {
      properties: { objectIdToMerge: other.id },
    }),
  });
  return merged;
}

function allLinks(store: Store, ref: RecordRef): Link[] {
  return OBJECT_TYPE_NAMES.flatMap((type) =>
    store.graph
      .neighbours(ref, type)
      .flatMap((other) => linksBetween(store, ref, { type, id: other.id })),
  );
}

const refOf = (record: StoredRecord): RecordRef => ({ type: record.type, id: record.id });

export function objectLabel(type: ObjectTypeName): string {
  return OBJECT_TYPES[type].singular.toUpperCase();
}
