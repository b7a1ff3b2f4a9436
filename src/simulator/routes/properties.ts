import { z } from 'zod';
import { conflict, HubSpotError, resourceNotFound, validationError } from '../errors.ts';
import { batchReply, toBatchError } from '../http/batch.ts';
import { PropertyCreateSchema } from '../http/bodies.ts';
import type { PropertyCreate } from '../http/bodies.ts';
import { parseBody, queryBoolean, queryList } from '../http/input.ts';
import { created, inFamily, noContent, ok, writeContext } from '../http/route.ts';
import type { Call, Reply, Route } from '../http/route.ts';
import { LIMITS } from '../limits.ts';
import type { ObjectTypeName } from '../object-types.ts';
import { effectsOf } from '../records/context.ts';
import { SCHEMA_READ_SCOPES, schemaWriteScopes } from '../scopes.ts';
import type { PropertyDefinition } from '../state/types.ts';
import { assertBatchSize, param, typeOf } from './shared.ts';

/** A definition as the API shows it; who may change what is spelt out in `modificationMetadata`. */
function viewDefinition(definition: PropertyDefinition) {
  const { readOnlyValue, hubspotDefined, ...shown } = definition;
  return {
    ...shown,
    ...(hubspotDefined ? { hubspotDefined } : {}),
    modificationMetadata: {
      archivable: !hubspotDefined,
      readOnlyDefinition: hubspotDefined,
      readOnlyOptions: hubspotDefined,
      readOnlyValue,
    },
  };
}

function isShown(call: Call, definition: PropertyDefinition): boolean {
  const sensitivity = call.query.get('dataSensitivity') ?? 'non_sensitive';
  return (
    definition.archived === queryBoolean(call, 'archived') &&
    definition.dataSensitivity === sensitivity
  );
}

function listProperties(call: Call): Reply {
  const named = queryList(call, 'properties');
  const results = call.world.store.catalogue
    .list(typeOf(call).name)
    .filter((each) => isShown(call, each))
    .filter((each) => named.length === 0 || named.includes(each.name))
    .map(viewDefinition);
  return ok({ results });
}

function requireDefinition(call: Call): PropertyDefinition {
  const name = param(call, 'propertyName');
  const definition = call.world.store.catalogue
    .list(typeOf(call).name)
    .find((each) => each.name === name);
  if (definition?.archived === queryBoolean(call, 'archived')) return definition;
  throw resourceNotFound(`Property ${name} does not exist`);
}

/** HubSpot does not say whether these take unique properties. */
const ACTIVITIES: ReadonlySet<ObjectTypeName> = new Set(['notes', 'tasks', 'calls']);

function assertUniqueAllowed(call: Call, type: ObjectTypeName): void {
  const { store, switches } = call.world;
  if (ACTIVITIES.has(type) && !switches.uniqueOnActivities)
    throw validationError('hasUniqueValue is not supported for this object type.');
  if (store.catalogue.uniqueNames(type).length >= LIMITS.uniquePropertiesPerObjectMax)
    throw validationError(
      `At most ${String(LIMITS.uniquePropertiesPerObjectMax)} properties of an object can have unique values.`,
    );
}

function toDefinition(input: PropertyCreate, now: string): PropertyDefinition {
  return {
    name: input.name,
    label: input.label,
    type: input.type,
    fieldType: input.fieldType,
    groupName: input.groupName,
    description: input.description ?? '',
    options: (input.options ?? []).map((option, index) => ({
      label: option.label,
      value: option.value,
      description: option.description ?? '',
      displayOrder: option.displayOrder ?? index,
      hidden: option.hidden ?? false,
    })),
    hasUniqueValue: input.hasUniqueValue ?? false,
    calculated: false,
    hidden: input.hidden ?? false,
    hubspotDefined: false,
    formField: input.formField ?? false,
    displayOrder: input.displayOrder ?? -1,
    dataSensitivity: input.dataSensitivity ?? 'non_sensitive',
    readOnlyValue: false,
    archived: false,
    createdAt: now,
    updatedAt: now,
  };
}

function createProperty(call: Call): Reply {
  const { store } = call.world;
  const type = typeOf(call).name;
  const input = parseBody(call, PropertyCreateSchema);
  if (store.catalogue.find(type, input.name))
    throw conflict(`A property named '${input.name}' already exists.`);
  const groups = new Set(store.catalogue.list(type).map((each) => each.groupName));
  if (!groups.has(input.groupName))
    throw validationError(`Property group '${input.groupName}' does not exist.`);
  if (input.hasUniqueValue) assertUniqueAllowed(call, type);
  const context = writeContext(call);
  const definition = toDefinition(input, context.now);
  const target = { type: `properties/${type}`, id: definition.name };
  store.commit({
    definition: { type, definition },
    effects: effectsOf(context, 'property_create', target, { properties: { ...input } }),
  });
  return created(viewDefinition(definition));
}

function archiveProperty(call: Call): Reply {
  const { store } = call.world;
  const type = typeOf(call).name;
  const definition = requireDefinition(call);
  if (definition.hubspotDefined)
    throw new HubSpotError(400, {
      message: `Property '${definition.name}' is defined by HubSpot and cannot be archived.`,
      category: 'VALIDATION_ERROR',
    });
  const target = { type: `properties/${type}`, id: definition.name };
  store.commit({
    definition: { type, definition: { ...definition, archived: true } },
    effects: effectsOf(writeContext(call), 'property_archive', target, {}),
  });
  return noContent;
}

const BatchReadSchema = z.looseObject({
  archived: z.boolean().default(false),
  inputs: z.array(z.looseObject({ name: z.string() })),
});

function batchReadProperties(call: Call): Reply {
  const { archived, inputs } = parseBody(call, BatchReadSchema);
  assertBatchSize(inputs, LIMITS.batchInputsMax);
  const wanted = new Set(inputs.map((input) => input.name));
  const found = call.world.store.catalogue
    .list(typeOf(call).name)
    .filter((each) => wanted.has(each.name) && each.archived === archived);
  const missing = [...wanted].filter((name) => !found.some((each) => each.name === name));
  const fields = { message: 'Some properties do not exist.', category: 'OBJECT_NOT_FOUND' };
  const error = toBatchError(new HubSpotError(404, fields), { name: missing });
  return batchReply(call, 200, found.map(viewDefinition), missing.length > 0 ? [error] : []);
}

function groupsOf(call: Call) {
  const names = new Set(
    call.world.store.catalogue.list(typeOf(call).name).map((each) => each.groupName),
  );
  return [...names].map((name, displayOrder) => ({
    name,
    label: name.replace(/information$/u, ' information'),
    displayOrder,
    archived: false,
  }));
}

function readGroup(call: Call): Reply {
  const group = groupsOf(call).find((each) => each.name === param(call, 'groupName'));
  if (!group) throw resourceNotFound('Property group does not exist');
  return ok(group);
}

/** Property definitions: read them all, read one, and the schema writes no agent may call. */
export function propertyRoutes(): Route[] {
  const base = { auth: 'bearer', budget: 'general', body: 'none' } as const;
  const read = { ...base, scopes: SCHEMA_READ_SCOPES } as const;
  const write = {
    ...base,
    scopes: (call: Call) => schemaWriteScopes(typeOf(call).name),
  } as const;
  const all = inFamily('properties', '/:objectType');
  const one = inFamily('properties', '/:objectType/:propertyName');
  const batch = inFamily('properties', '/:objectType/batch/read');
  const groups = inFamily('properties', '/:objectType/groups');
  const group = inFamily('properties', '/:objectType/groups/:groupName');
  return [
    { ...read, method: 'GET', paths: all, handler: listProperties },
    { ...write, method: 'POST', paths: all, body: 'json', handler: createProperty },
    {
      ...read,
      method: 'GET',
      paths: one,
      handler: (call) => ok(viewDefinition(requireDefinition(call))),
    },
    { ...write, method: 'DELETE', paths: one, handler: archiveProperty },
    { ...read, method: 'POST', paths: batch, body: 'json', handler: batchReadProperties },
    { ...read, method: 'GET', paths: groups, handler: (call) => ok({ results: groupsOf(call) }) },
    { ...read, method: 'GET', paths: group, handler: readGroup },
  ];
}
