import { inferTarget, planLinks, requireLive } from '../associations/links.ts';
import type { LinkPlan } from '../associations/links.ts';
import { conflict, invalidProperties, requiredPropertiesMissing } from '../errors.ts';
import { OBJECT_TYPES } from '../object-types.ts';
import type { ObjectTypeName } from '../object-types.ts';
import type { Store } from '../state/store.ts';
import type { AssociationSpec, RecordRef, StoredRecord } from '../state/types.ts';
import { withProperties } from './change.ts';
import { effectsOf, historySource } from './context.ts';
import type { Actor, WriteContext } from './context.ts';
import { assertStageInPipeline, CREATE_DEFAULTS, derivedProperties } from './derived.ts';
import { checkProperties } from './property-values.ts';
import { rollups } from './rollups.ts';

export type CreateInput = {
  properties: Record<string, string>;
  associations?: { to: { id: string }; types: AssociationSpec[] }[] | undefined;
};

/** @throws HubSpotError 400 for values, 409 for a unique value that another record holds. */
export function checkedValues(
  store: Store,
  type: ObjectTypeName,
  sent: Readonly<Record<string, string>>,
  ownId?: string,
): Record<string, string> {
  const { values, problems } = checkProperties(sent, (name) => store.catalogue.find(type, name));
  if (problems.length > 0) throw invalidProperties(problems);
  for (const name of store.catalogue.uniqueNames(type)) {
    const value = values[name];
    const holder = value ? store.findUnique(type, name, value) : undefined;
    if (holder && holder.id !== ownId) throw uniqueTaken(type, name, value ?? '', holder.id);
  }
  return values;
}

function uniqueTaken(type: ObjectTypeName, name: string, value: string, holderId: string): Error {
  if (type === 'contacts' && name === 'email')
    return conflict(`Contact already exists. Existing ID: ${holderId}`);
  return conflict(
    `Cannot set PropertyValueCoordinates{objectTypeId=${OBJECT_TYPES[type].typeId}, propertyName=${name}, value=${value}}. ${holderId} already has that value.`,
  );
}

function creationProperties(
  type: ObjectTypeName,
  id: string,
  actor: Actor,
  now: string,
): Record<string, string> {
  const { createdProperty } = OBJECT_TYPES[type];
  const isApi = actor.source === 'api';
  const author = isApi ? String(actor.token.appId) : `userId:${String(actor.userId)}`;
  return {
    hs_object_id: id,
    [createdProperty]: now,
    hs_object_source: isApi ? 'INTEGRATION' : 'CRM_UI',
    hs_object_source_id: author,
    hs_object_source_label: isApi ? 'INTEGRATION' : 'CRM_UI',
    ...(isApi
      ? {}
      : {
          hs_created_by_user_id: String(actor.userId),
          hs_updated_by_user_id: String(actor.userId),
        }),
  };
}

function blankRecord(type: ObjectTypeName, id: string, now: string): StoredRecord {
  const base = { properties: {}, history: {}, createdAt: now, updatedAt: now, archived: false };
  return { type, id, ...base };
}

/** Builds the new record without storing it. */
function buildRecord(
  context: WriteContext,
  type: ObjectTypeName,
  id: string,
  values: Readonly<Record<string, string>>,
): StoredRecord {
  const full = { ...CREATE_DEFAULTS[type], ...values };
  assertStageInPipeline(type, full);
  const all = {
    ...creationProperties(type, id, context.actor, context.now),
    ...full,
    ...derivedProperties(type, id, full),
  };
  return withProperties(
    blankRecord(type, id, context.now),
    all,
    context.now,
    historySource(context.actor),
  );
}

function assertRequired(
  context: WriteContext,
  type: ObjectTypeName,
  values: Readonly<Record<string, string>>,
): void {
  const required = [
    ...OBJECT_TYPES[type].requiredOnCreate,
    ...(context.adminRequired?.[type] ?? []),
  ];
  const missing = required.filter((name) => !values[name]);
  if (missing.length > 0)
    throw requiredPropertiesMissing(OBJECT_TYPES[type].singular.toUpperCase(), missing);
}

function planAssociations(store: Store, from: RecordRef, input: CreateInput): LinkPlan {
  const plans = (input.associations ?? []).map(({ to, types }) => {
    const target = inferTarget(from, to.id, types);
    requireLive(store, target);
    return planLinks(store, from, target, types);
  });
  return { link: plans.flatMap((plan) => plan.link), unlink: plans.flatMap((plan) => plan.unlink) };
}

/**
 * Creates a record with its associations in one durable step.
 * @param wantedId used by the seed, whose ids are fixed; others take the next free one.
 * @throws HubSpotError 400, 404 (association target) or 409
 */
export function createRecord(
  context: WriteContext,
  type: ObjectTypeName,
  input: CreateInput,
  wantedId?: string,
): StoredRecord {
  const { store } = context;
  const values = checkedValues(store, type, input.properties);
  assertRequired(context, type, values);
  const provisional = { type, id: wantedId ?? '0' };
  // Checked before an id is taken, so that a refused create leaves no trace at all.
  planAssociations(store, provisional, input);
  const ref = { type, id: wantedId ?? store.takeId() };
  const plan = planAssociations(store, ref, input);
  const record = buildRecord(context, type, ref.id, values);
  store.commit({
    records: [record, ...rollups(store, plan.link, [record], context.now)],
    link: plan.link,
    unlink: plan.unlink,
    effects: effectsOf(context, 'create', ref, {
      properties: input.properties,
      associations: input.associations ?? [],
    }),
  });
  return record;
}
