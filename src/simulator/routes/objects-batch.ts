import { HubSpotError, objectNotFound, validationError } from '../errors.ts';
import { batchReply, eachInput, toBatchError } from '../http/batch.ts';
import {
  BatchCreateSchema,
  BatchIdsSchema,
  BatchReadSchema,
  BatchUpdateSchema,
} from '../http/bodies.ts';
import { parseBody, queryBoolean } from '../http/input.ts';
import { inFamily, noContent, writeContext } from '../http/route.ts';
import type { Call, Reply, Route } from '../http/route.ts';
import { LIMITS } from '../limits.ts';
import type { ObjectTypeName } from '../object-types.ts';
import { createRecord } from '../records/create.ts';
import {
  archiveRecord,
  findRecord,
  objectLabel,
  requireRecord,
  updateRecord,
} from '../records/update.ts';
import { viewRecord, viewWritten } from '../records/view.ts';
import { assertBatchSize, readScopes, typeOf, writeScopes } from './shared.ts';

function assertDistinct(inputs: readonly { id: string }[]): void {
  if (new Set(inputs.map((input) => input.id)).size < inputs.length)
    throw validationError('Duplicate IDs found in batch input.');
}

function batchRead(call: Call): Reply {
  const { store } = call.world;
  const type = typeOf(call).name;
  const body = parseBody(call, BatchReadSchema);
  const history = body.propertiesWithHistory;
  const max = history.length > 0 ? LIMITS.batchInputsWithHistoryMax : LIMITS.batchInputsMax;
  assertBatchSize(body.inputs, max);
  const isArchived = queryBoolean(call, 'archived');
  const ids = [...new Set(body.inputs.map((input) => input.id))];
  const found = ids.map((id) => ({ id, record: findRecord(store, type, id, body.idProperty) }));
  const defaultNulls = call.version === '2026-09';
  const results = found.flatMap(({ record }) =>
    record?.archived === isArchived
      ? [viewRecord(store, record, { properties: body.properties, history, defaultNulls })]
      : [],
  );
  const missing = found.filter(({ record }) => record?.archived !== isArchived).map(({ id }) => id);
  return batchReply(call, 200, results, missing.length > 0 ? [notFoundError(type, missing)] : []);
}

function notFoundError(type: ObjectTypeName, ids: string[]) {
  const fields = {
    message: `Could not get some ${objectLabel(type)} objects, they may be deleted or not exist. Check that ids are valid.`,
    category: 'OBJECT_NOT_FOUND',
  };
  return toBatchError(new HubSpotError(404, fields), { ids });
}

function batchCreate(call: Call): Reply {
  const { inputs } = parseBody(call, BatchCreateSchema);
  assertBatchSize(inputs, LIMITS.batchInputsMax);
  const type = typeOf(call).name;
  const { results, errors } = eachInput(call, inputs, (input) => ({
    ...viewWritten(createRecord(writeContext(call), type, input)),
    ...traceOf(input),
  }));
  return batchReply(call, 201, results, errors);
}

function batchUpdate(call: Call): Reply {
  const { inputs } = parseBody(call, BatchUpdateSchema);
  assertBatchSize(inputs, LIMITS.batchInputsMax);
  assertDistinct(inputs);
  const type = typeOf(call).name;
  const { store } = call.world;
  const { results, errors } = eachInput(call, inputs, (input) => {
    const record = requireRecord(store, type, input.id, input.idProperty);
    return {
      ...viewWritten(updateRecord(writeContext(call), record, input.properties)),
      ...traceOf(input),
    };
  });
  return batchReply(call, 200, results, errors);
}

function batchUpsert(call: Call): Reply {
  const { inputs } = parseBody(call, BatchUpdateSchema);
  assertBatchSize(inputs, LIMITS.batchInputsMax);
  assertDistinct(inputs);
  const type = typeOf(call).name;
  const { results, errors } = eachInput(call, inputs, (input) => ({
    ...upsertOne(call, type, input),
    ...traceOf(input),
  }));
  return batchReply(call, 200, results, errors);
}

type Keyed = { id: string; idProperty?: string | undefined; properties: Record<string, string> };

/** Finds by a unique property and updates, or creates. Without `idProperty` it can only update by id. */
function upsertOne(call: Call, type: ObjectTypeName, input: Keyed) {
  const { store } = call.world;
  const { id, idProperty, properties } = input;
  if (idProperty === 'hs_object_id')
    throw validationError('hs_object_id cannot be used as idProperty in an upsert.');
  const found = findRecord(store, type, id, idProperty);
  if (found && !found.archived)
    return { ...viewWritten(updateRecord(writeContext(call), found, properties)), new: false };
  if (!idProperty) throw objectNotFound(id);
  const full = { ...properties, [idProperty]: id };
  return {
    ...viewWritten(createRecord(writeContext(call), type, { properties: full })),
    new: true,
  };
}

function batchArchive(call: Call): Reply {
  const { inputs } = parseBody(call, BatchIdsSchema);
  assertBatchSize(inputs, LIMITS.batchInputsMax);
  const type = typeOf(call).name;
  const { store } = call.world;
  store.transaction(() => {
    for (const { id } of inputs) {
      const record = findRecord(store, type, id);
      if (record) archiveRecord(writeContext(call), record);
    }
  });
  return noContent;
}

function traceOf(input: { objectWriteTraceId?: string | undefined }): {
  objectWriteTraceId?: string;
} {
  return input.objectWriteTraceId ? { objectWriteTraceId: input.objectWriteTraceId } : {};
}

/** Up to 100 records in one call; each input succeeds or fails by itself. */
export function objectBatchRoutes(): Route[] {
  const base = { method: 'POST', auth: 'bearer', budget: 'general', body: 'json' } as const;
  const paths = (name: string) => inFamily('objects', `/:objectType/batch/${name}`);
  return [
    { ...base, scopes: readScopes, paths: paths('read'), handler: batchRead },
    { ...base, scopes: writeScopes, paths: paths('create'), handler: batchCreate },
    { ...base, scopes: writeScopes, paths: paths('update'), handler: batchUpdate },
    { ...base, scopes: writeScopes, paths: paths('upsert'), handler: batchUpsert },
    { ...base, scopes: writeScopes, paths: paths('archive'), handler: batchArchive },
  ];
}
