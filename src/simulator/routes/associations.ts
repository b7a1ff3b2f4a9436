import { defaultAssociationType, associationTypesBetween, toSpec } from '../associations/types.ts';
import { associate, dissociate } from '../associations/write.ts';
import { validationError } from '../errors.ts';
import { SpecsSchema } from '../http/bodies.ts';
import { batchReply } from '../http/batch.ts';
import { pageByOffset, parseBody, queryLimit } from '../http/input.ts';
import { created, inFamily, noContent, ok, writeContext } from '../http/route.ts';
import type { ApiVersion, Call, Reply, Route } from '../http/route.ts';
import { LIMITS } from '../limits.ts';
import { requireRecord } from '../records/update.ts';
import { liveNeighbours } from '../records/view.ts';
import { OBJECT_TYPES } from '../object-types.ts';
import type { ObjectTypeName } from '../object-types.ts';
import { ASSOCIATION_SCOPES } from '../scopes.ts';
import type { AssociationSpec, RecordRef } from '../state/types.ts';
import { param, typeOf } from './shared.ts';

function endsOf(call: Call): { from: RecordRef; to: RecordRef } {
  const from = { type: typeOf(call).name, id: param(call, 'objectId') };
  const to = { type: typeOf(call, 'toObjectType').name, id: param(call, 'toObjectId') };
  return { from, to };
}

/** An unlabelled type: `label: null` in v4, as recorded there; the dated files know only text or nothing. */
function viewLabel(version: ApiVersion, label: string | null): { label?: string | null } {
  return label === null && version !== 'v4' ? {} : { label };
}

/** The live neighbours of a record as association lists show them. */
export function viewNeighbours(call: Call, from: RecordRef, toType: ObjectTypeName) {
  const types = associationTypesBetween(from.type, toType);
  const labelOf = (typeId: number): string | null =>
    types.find((type) => type.typeId === typeId)?.label ?? null;
  return liveNeighbours(call.world.store, from, toType).map((other) => ({
    toObjectId: other.id,
    associationTypes: other.specs.map((spec) => ({
      category: spec.associationCategory,
      typeId: spec.associationTypeId,
      ...viewLabel(call.version, labelOf(spec.associationTypeId)),
    })),
  }));
}

/** A pair of records with the names of the labels just set. */
export function labelsBetween(from: RecordRef, to: RecordRef, specs: readonly AssociationSpec[]) {
  const types = associationTypesBetween(from.type, to.type);
  const labels = specs.flatMap(
    (spec) => types.find((type) => type.typeId === spec.associationTypeId)?.label ?? [],
  );
  return {
    fromObjectTypeId: OBJECT_TYPES[from.type].typeId,
    fromObjectId: from.id,
    toObjectTypeId: OBJECT_TYPES[to.type].typeId,
    toObjectId: to.id,
    labels,
  };
}

/** @throws HubSpotError 400 where HubSpot knows no association between the two objects */
export function defaultSpec(from: RecordRef['type'], to: RecordRef['type']): AssociationSpec {
  const type = defaultAssociationType(from, to);
  if (type) return toSpec(type);
  throw validationError(`No default association type exists between ${from} and ${to}.`);
}

function listAssociations(call: Call): Reply {
  const type = typeOf(call).name;
  const toType = typeOf(call, 'toObjectType').name;
  const limit = queryLimit(call, LIMITS.associationsPageMax, LIMITS.associationsPageMax);
  const { id } = requireRecord(call.world.store, type, param(call, 'objectId'));
  return ok(pageByOffset(call, viewNeighbours(call, { type, id }, toType), limit));
}

function putDefault(call: Call): Reply {
  const { from, to } = endsOf(call);
  const there = defaultSpec(from.type, to.type);
  const back = defaultSpec(to.type, from.type);
  associate(writeContext(call), from, to, [there]);
  const results = [
    { from: { id: from.id }, to: { id: to.id }, associationSpec: there },
    { from: { id: to.id }, to: { id: from.id }, associationSpec: back },
  ];
  return batchReply(call, 200, results);
}

function putLabelled(call: Call): Reply {
  const { from, to } = endsOf(call);
  const specs = parseBody(call, SpecsSchema);
  if (specs.length === 0) throw validationError('At least one association type is required.');
  associate(writeContext(call), from, to, specs);
  return created(labelsBetween(from, to, specs));
}

function deleteAll(call: Call): Reply {
  const { from, to } = endsOf(call);
  dissociate(writeContext(call), from, to);
  return noContent;
}

function listLabels(call: Call): Reply {
  const from = typeOf(call, 'fromObjectType').name;
  const to = typeOf(call, 'toObjectType').name;
  const results = associationTypesBetween(from, to).map(({ category, typeId, label }) => ({
    category,
    typeId,
    ...viewLabel(call.version, label),
  }));
  return ok({ results });
}

/** Associations of one record, and the types there are between two objects. */
export function associationRoutes(): Route[] {
  const base = {
    auth: 'bearer',
    scopes: ASSOCIATION_SCOPES,
    budget: 'associations',
    body: 'none',
  } as const;
  const record = '/:objectType/:objectId/associations';
  const list = inFamily('recordAssociations', `${record}/:toObjectType`);
  const byDefault = inFamily('recordAssociations', `${record}/default/:toObjectType/:toObjectId`);
  const pair = inFamily('recordAssociations', `${record}/:toObjectType/:toObjectId`);
  const labels = inFamily('associationLabels', '/:fromObjectType/:toObjectType/labels');
  return [
    { ...base, method: 'PUT', paths: byDefault, handler: putDefault },
    { ...base, method: 'GET', paths: list, handler: listAssociations },
    { ...base, method: 'PUT', paths: pair, body: 'json', handler: putLabelled },
    { ...base, method: 'DELETE', paths: pair, handler: deleteAll },
    { ...base, method: 'GET', paths: labels, handler: listLabels },
  ];
}
